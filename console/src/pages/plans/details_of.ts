import type { Schemas } from '../../parts/client.ts'
import { decimalTyped, optionalNumber, requireNumber } from '../../parts/typed.ts'
import {
  BOUGHT_ONCE,
  type CardDraft,
  type CardKind,
  type Details,
  type Limits,
  type PlanDraft,
  type SlabDraft,
  emptyGrant,
} from './draft.ts'

type Named = Pick<CardDraft, 'name'>

/** What a refusal calls a value of a card. */
export const nameIn = ({ name }: Named, what: string): string => `${name || 'Rate card'}, ${what}`

/** The least and the most that something may cost, as the API takes them. */
const limitsTyped = (limits: Limits | undefined, what: string): Record<string, string> | undefined => {
  const minimumRate = decimalTyped(limits?.least ?? '', `${what}, at least`)
  const maximumRate = decimalTyped(limits?.most ?? '', `${what}, at most`)
  if (minimumRate === undefined && maximumRate === undefined) return undefined
  return { ...(minimumRate !== undefined && { minimumRate }), ...(maximumRate !== undefined && { maximumRate }) }
}

const slabTyped = ({ startAfter, priceType, packageSize }: SlabDraft, what: string) => ({
  startAfter: requireNumber(startAfter, `${what}, begins after`),
  priceType,
  ...(priceType === 'PACKAGE' && { slabConfig: { packageSize: decimalTyped(packageSize, `${what}, units in a package`) ?? '' } }),
})

const rateTyped = ({ rates, limits }: SlabDraft, currency: string, what: string) => ({
  rate: requireNumber(rates[currency] ?? '', `${what}, price in ${currency}`),
  slabRateConfig: limitsTyped(limits[currency], `${what}, limits in ${currency}`),
})

/** The prices of slabs as the API takes them. Throws a Failure that names what is no number. */
export const pricesOf = (card: CardDraft, currencies: readonly string[]) => {
  const of = (at: number): string => nameIn(card, `slab ${at + 1}`)
  return {
    ratePlan: { pricingModel: card.model, slabs: card.slabs.map((slab, at) => ({ order: at + 1, ...slabTyped(slab, of(at)) })) },
    rateValues: currencies.map((currency) => ({
      currency,
      slabRates: card.slabs.map((slab, at) => ({ order: at + 1, ...rateTyped(slab, currency, of(at)) })),
      rateConfig: limitsTyped(card.limits[currency], nameIn(card, `limits in ${currency}`)),
    })),
  }
}

const recurrenceOf = (card: CardDraft): Schemas['RecurrenceConfig'] | undefined => {
  const [interval, offset] = [optionalNumber(card.every, nameIn(card, 'every')), optionalNumber(card.after, nameIn(card, 'after'))]
  return interval === undefined && offset === undefined ? undefined : { interval, offset }
}

const onceOrNot = ({ isOnce }: CardDraft): 'ONE_TIME' | 'RECURRING' => (isOnce ? 'ONE_TIME' : 'RECURRING')

const common = ({ name, displayName, tag }: CardDraft) => ({
  name: name || undefined,
  displayName: displayName || undefined,
  tag: tag || undefined,
})

const feeOf = (card: CardDraft, currencies: readonly string[]): Schemas['FixedFeeRateCard'] => ({
  ...common(card),
  id: card.billable,
  invoiceTiming: card.timing,
  type: onceOrNot(card),
  recurrenceConfig: recurrenceOf(card),
  enableProration: card.prorates,
  rateValues: currencies.map((currency) => ({
    currency,
    rate: requireNumber(card.rates[currency] ?? '', nameIn(card, `price in ${currency}`)),
  })),
})

const licenceOf = (card: CardDraft, currencies: readonly string[]): Schemas['LicenseRateCard'] => {
  const maxQuantity = optionalNumber(card.most, nameIn(card, 'the most licences'))
  return {
    ...common(card),
    id: card.billable,
    type: card.addOnType,
    invoiceTiming: card.timing,
    enableProration: card.prorates,
    usageCycle: (card.usageCycle || undefined) as Schemas['UsageCycleInterval'] | undefined,
    config: maxQuantity === undefined ? undefined : { maxQuantity, maxQuantityBreachAction: 'DO_NOTHING' },
    proratedRefundMode: (card.refund || undefined) as Schemas['ProratedRefundMode'] | undefined,
    ...pricesOf(card, currencies),
  }
}

const entitlementOf = (card: CardDraft, currencies: readonly string[]): Schemas['BillingEntitlementRateCard'] => ({
  ...common(card),
  featureId: card.billable,
  invoiceTiming: card.timing,
  recurrenceConfig: recurrenceOf(card),
  featureConfigs: card.windows.map(({ units, from, until }, at) => ({
    featureCreditLimit: requireNumber(units, nameIn(card, `units ${at + 1}`)),
    effectiveFrom: from.trim() || undefined,
    effectiveUntil: until.trim(),
  })),
  ...pricesOf(card, currencies),
})

const overageOf = (card: CardDraft, currencies: readonly string[]): Schemas['EntitlementOverageRateCard'] => {
  const recurrence = recurrenceOf(card)
  return {
    ...common(card),
    featureId: card.billable,
    maxQuantity: optionalNumber(card.most, nameIn(card, 'the most units')),
    billingConfig: recurrence && { interval: recurrence.interval, startOffset: recurrence.offset },
    ...pricesOf(card, currencies),
  }
}

const grantOf = (card: CardDraft, currencies: readonly string[]): Schemas['CreditGrantRateCard'] => ({
  ...common(card),
  id: card.billable,
  invoiceTiming: card.timing,
  type: onceOrNot(card),
  recurrenceConfig: recurrenceOf(card),
  grantDetails: {
    priority: requireNumber(card.priority, nameIn(card, 'priority')),
    expiryType: card.expiry,
    expiryDuration: card.expiry === 'CUSTOM' ? card.expiryDuration.trim() : undefined,
    applicableEntityIds: card.appliesTo.trim() ? card.appliesTo.split(/[\s,]+/).filter(Boolean) : undefined,
  },
  rateDetails: {
    pricingModel: card.model,
    currencySlabRateDetails: currencies.map((currency) => {
      const { amount, slabs } = card.grants[currency] ?? emptyGrant
      const of = (at: number): string => nameIn(card, `slab ${at + 1} in ${currency}`)
      return {
        currency,
        creditAmount: requireNumber(amount, nameIn(card, `credit in ${currency}`)),
        slabDetails: slabs.map((slab, at) => ({ ...slabTyped(slab, of(at)), ...rateTyped(slab, currency, of(at)) })),
        rateConfig: limitsTyped(card.limits[currency], nameIn(card, `limits in ${currency}`)),
      }
    }),
  },
})

const cycleOf = (draft: PlanDraft): Schemas['PricingCycleConfig'] => ({
  interval: draft.interval,
  gracePeriod: requireNumber(draft.grace, 'Grace period in days'),
  ...(draft.isAnniversary ? { anniversaryCycle: true } : { startOffset: { dayOffset: draft.day.trim(), monthOffset: draft.month.trim() } }),
})

const commitmentOf = ({ commitment, currencies }: PlanDraft): Schemas['MinimumCommitment'] | undefined =>
  commitment && {
    displayName: commitment.name,
    rateValues: currencies
      .filter((currency) => commitment.rates[currency]?.trim())
      .map((currency) => ({ currency, rate: requireNumber(commitment.rates[currency] ?? '', `A cycle in ${currency}`) })),
  }

/** What the API is sent of a draft. Lists of a kind that has no cards are sent too, since what is left out stays as it was. */
export const detailsOf = (draft: PlanDraft): Omit<Details, 'deferredRevenue' | 'allow_ongoing_cycle_updates'> => {
  const { currencies, cards, type } = draft
  const of = <Card>(kind: CardKind, make: (card: CardDraft, currencies: readonly string[]) => Card): Card[] =>
    cards.filter((card) => card.kind === kind && (type === 'BILLING' || BOUGHT_ONCE.has(kind))).map((card) => make(card, currencies))
  return {
    supportedCurrencies: [...currencies],
    fixedFeeRateCards: of('fee', feeOf),
    billingEntitlementRateCards: of('entitlement', entitlementOf),
    creditGrantRateCards: of('grant', grantOf),
    ...(type === 'BILLING' && {
      pricingCycleConfig: cycleOf(draft),
      usageRateCards: of('usage', (card) => ({ ...common(card), usageMeterId: card.billable, ...pricesOf(card, currencies) })),
      licenseRateCards: of('licence', licenceOf),
      entitlementOverageRateCards: of('overage', overageOf),
      minimumCommitment: commitmentOf(draft),
    }),
  }
}
