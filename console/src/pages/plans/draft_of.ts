import type { Schemas } from '../../parts/client.ts'
import type { Exact } from '../../parts/exact_json.ts'
import { draftOfRule } from '../../parts/rule_draft.ts'
import {
  type CardDraft,
  type CardKind,
  type Details,
  type GrantPrice,
  type Limits,
  type PlanDraft,
  type SlabDraft,
  emptyCard,
} from './draft.ts'

type RatePlan = Schemas['RatePlan']
type RateValue = Schemas['RateValue']
type Texts = Readonly<Record<string, string>> | undefined

const textOf = (value: Exact | undefined): string => (value === undefined ? '' : String(value))

const limitsOf = (config: Texts): Limits => ({ least: textOf(config?.['minimumRate']), most: textOf(config?.['maximumRate']) })

const byCurrency = <Entry extends { currency: string }, Value>(
  entries: readonly Entry[],
  of: (entry: Entry) => Value,
): Record<string, Value> => Object.fromEntries(entries.map((entry) => [entry.currency, of(entry)]))

const slabsOf = ({ slabs }: RatePlan, values: readonly RateValue[]): SlabDraft[] =>
  slabs.map(({ order, startAfter, priceType, slabConfig }) => {
    const rateOf = ({ slabRates }: RateValue) => slabRates.find((one) => one.order === order)
    return {
      startAfter: textOf(startAfter),
      priceType,
      packageSize: textOf(slabConfig?.['packageSize']),
      rates: byCurrency(values, (value) => textOf(rateOf(value)?.rate)),
      limits: byCurrency(values, (value) => limitsOf(rateOf(value)?.slabRateConfig)),
    }
  })

interface AnyCard {
  name?: string | undefined
  displayName?: string | undefined
  tag?: string | undefined
  invoiceTiming?: Schemas['InvoiceTiming'] | undefined
  type?: string | undefined
  recurrenceConfig?: Schemas['RecurrenceConfig'] | undefined
}

const begun = (kind: CardKind, billable: string, card: AnyCard): CardDraft => ({
  ...emptyCard(kind),
  billable,
  name: card.name ?? '',
  displayName: card.displayName ?? '',
  tag: card.tag ?? '',
  timing: card.invoiceTiming ?? 'IN_ARREARS',
  isOnce: card.type === 'ONE_TIME',
  every: textOf(card.recurrenceConfig?.interval),
  after: textOf(card.recurrenceConfig?.offset),
})

const pricesIn = ({ ratePlan, rateValues }: { ratePlan: RatePlan; rateValues: readonly RateValue[] }) => ({
  model: ratePlan.pricingModel,
  slabs: slabsOf(ratePlan, rateValues),
  limits: byCurrency(rateValues, ({ rateConfig }) => limitsOf(rateConfig)),
})

const grantOf = ({ currency, creditAmount, slabDetails }: Schemas['CurrencySlabRateDetail']): GrantPrice => ({
  amount: textOf(creditAmount),
  slabs: slabDetails.map(({ startAfter, priceType, slabConfig, rate, slabRateConfig }) => ({
    startAfter: textOf(startAfter),
    priceType,
    packageSize: textOf(slabConfig?.['packageSize']),
    rates: { [currency]: textOf(rate) },
    limits: { [currency]: limitsOf(slabRateConfig) },
  })),
})

/** The cards of a plan as drafts. */
export const cardsOf = (details: Details): CardDraft[] => [
  ...(details.fixedFeeRateCards ?? []).map((card) => ({
    ...begun('fee', card.id, card),
    rates: byCurrency(card.rateValues, ({ rate }) => textOf(rate)),
    prorates: card.enableProration,
  })),
  ...(details.usageRateCards ?? []).map((card) => ({ ...begun('usage', card.usageMeterId, card), ...pricesIn(card) })),
  ...(details.licenseRateCards ?? []).map((card) => ({
    ...begun('licence', card.id, card),
    ...pricesIn(card),
    prorates: card.enableProration,
    usageCycle: card.usageCycle ?? '',
    most: textOf(card.config?.maxQuantity),
    refund: card.proratedRefundMode ?? '',
    addOnType: card.type,
  })),
  ...(details.billingEntitlementRateCards ?? []).map((card) => ({
    ...begun('entitlement', card.featureId, card),
    ...pricesIn(card),
    windows: card.featureConfigs.map(({ featureCreditLimit, effectiveFrom, effectiveUntil }) => ({
      units: textOf(featureCreditLimit),
      from: effectiveFrom ?? '',
      until: effectiveUntil,
    })),
  })),
  ...(details.entitlementOverageRateCards ?? []).map((card) => ({
    ...begun('overage', card.featureId, card),
    ...pricesIn(card),
    most: textOf(card.maxQuantity),
    every: textOf(card.billingConfig?.interval),
    after: textOf(card.billingConfig?.startOffset),
  })),
  ...(details.creditGrantRateCards ?? []).map((card) => ({
    ...begun('grant', card.id, card),
    model: card.rateDetails.pricingModel,
    grants: byCurrency(card.rateDetails.currencySlabRateDetails, grantOf),
    limits: byCurrency(card.rateDetails.currencySlabRateDetails, ({ rateConfig }) => limitsOf(rateConfig)),
    priority: textOf(card.grantDetails.priority),
    expiry: card.grantDetails.expiryType,
    expiryDuration: card.grantDetails.expiryDuration ?? '',
    appliesTo: (card.grantDetails.applicableEntityIds ?? []).join(', '),
  })),
]

/** The draft of a plan as it is. */
export const draftOf = (
  { name, description = '', type }: Pick<Schemas['PricePlan'], 'name' | 'description' | 'type'>,
  details: Details,
  rules: readonly Schemas['PricingRule'][],
): PlanDraft => {
  const { pricingCycleConfig: cycle, minimumCommitment: commitment } = details
  return {
    name,
    description,
    type,
    currencies: details.supportedCurrencies,
    interval: cycle?.interval ?? 'MONTHLY',
    day: cycle?.startOffset?.dayOffset ?? '1',
    month: cycle?.startOffset?.monthOffset ?? 'NIL',
    grace: String(cycle?.gracePeriod ?? 0),
    isAnniversary: cycle?.anniversaryCycle ?? false,
    isDeferred: details.deferredRevenue ?? false,
    isOpen: details.allow_ongoing_cycle_updates ?? false,
    cards: cardsOf(details),
    commitment: commitment && { name: commitment.displayName, rates: byCurrency(commitment.rateValues, ({ rate }) => textOf(rate)) },
    rules: rules.toSorted((one, other) => one.order - other.order).map(draftOfRule),
  }
}
