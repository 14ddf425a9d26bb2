import type { Schemas } from '../../parts/client.ts'
import type { Exact } from '../../parts/exact_json.ts'
import { requireNumber } from '../../parts/typed.ts'

export type Details = Schemas['CreatePricePlanDetails']
type RatePlan = Schemas['RatePlan']
type RateValue = Schemas['RateValue']

/** A slab as it is typed: its prices by currency. */
export interface SlabDraft {
  startAfter: string
  priceType: 'PER_UNIT' | 'FLAT' | 'PACKAGE'
  packageSize: string
  rates: Readonly<Record<string, string>>
}

/** A rate card as it is typed. What the editor does not know of it stays as it was. */
export interface CardDraft {
  kind: 'usage' | 'licence' | 'fee'
  /** The meter or add-on that it prices. */
  billable: string
  name: string
  model: 'TIERED' | 'VOLUME'
  slabs: readonly SlabDraft[]
  rates: Readonly<Record<string, string>>
  prorates: boolean
  timing: 'IN_ADVANCE' | 'IN_ARREARS'
  original: object
}

export interface PlanDraft {
  name: string
  description: string
  currencies: readonly string[]
  interval: NonNullable<Details['pricingCycleConfig']>['interval']
  day: string
  month: string
  grace: string
  cards: readonly CardDraft[]
  commitment: { name: string; rates: Readonly<Record<string, string>> } | undefined
}

const textOf = (value: Exact): string => String(value)

export const emptySlab = (startAfter = '0'): SlabDraft => ({ startAfter, priceType: 'PER_UNIT', packageSize: '', rates: {} })

export const emptyCard = (kind: CardDraft['kind']): CardDraft => ({
  kind,
  billable: '',
  name: '',
  model: 'TIERED',
  slabs: [emptySlab()],
  rates: {},
  prorates: true,
  timing: kind === 'fee' ? 'IN_ADVANCE' : 'IN_ARREARS',
  original: {},
})

export const emptyPlan = (currency: string): PlanDraft => ({
  name: '',
  description: '',
  currencies: [currency],
  interval: 'MONTHLY',
  day: '1',
  month: 'NIL',
  grace: '3',
  cards: [],
  commitment: undefined,
})

const slabsOf = ({ slabs }: RatePlan, values: readonly RateValue[]): SlabDraft[] =>
  slabs.map(({ order, startAfter, priceType, slabConfig }) => ({
    startAfter: textOf(startAfter),
    priceType,
    packageSize: slabConfig?.['packageSize'] ?? '',
    rates: Object.fromEntries(
      values.map(({ currency, slabRates }) => [currency, textOf(slabRates.find((one) => one.order === order)?.rate ?? '')]),
    ),
  }))

const ratesOf = (values: readonly { currency: string; rate: Exact }[]): Record<string, string> =>
  Object.fromEntries(values.map(({ currency, rate }) => [currency, textOf(rate)]))

/** The draft of a plan as it is. */
export const draftOf = (name: string, description: string, details: Details): PlanDraft => {
  const { usageRateCards = [], licenseRateCards = [], fixedFeeRateCards = [], pricingCycleConfig, minimumCommitment } = details
  return {
    name,
    description,
    currencies: details.supportedCurrencies,
    interval: pricingCycleConfig?.interval ?? 'MONTHLY',
    day: pricingCycleConfig?.startOffset?.dayOffset ?? '1',
    month: pricingCycleConfig?.startOffset?.monthOffset ?? 'NIL',
    grace: String(pricingCycleConfig?.gracePeriod ?? 0),
    cards: [
      ...fixedFeeRateCards.map((card): CardDraft => ({
        ...emptyCard('fee'),
        billable: card.id,
        name: card.name ?? '',
        rates: ratesOf(card.rateValues),
        prorates: card.enableProration,
        timing: card.invoiceTiming === 'IN_ADVANCE' ? 'IN_ADVANCE' : 'IN_ARREARS',
        original: card,
      })),
      ...usageRateCards.map((card): CardDraft => ({
        ...emptyCard('usage'),
        billable: card.usageMeterId,
        name: card.name ?? '',
        model: card.ratePlan.pricingModel,
        slabs: slabsOf(card.ratePlan, card.rateValues),
        original: card,
      })),
      ...licenseRateCards.map((card): CardDraft => ({
        ...emptyCard('licence'),
        billable: card.id,
        name: card.name ?? '',
        model: card.ratePlan.pricingModel,
        slabs: slabsOf(card.ratePlan, card.rateValues),
        prorates: card.enableProration,
        timing: card.invoiceTiming === 'IN_ADVANCE' ? 'IN_ADVANCE' : 'IN_ARREARS',
        original: card,
      })),
    ],
    commitment: minimumCommitment && { name: minimumCommitment.displayName, rates: ratesOf(minimumCommitment.rateValues) },
  }
}

/** The prices of slabs as the API takes them. Throws a Failure that names what is no number. */
export const pricesOf = ({ model, slabs, name }: CardDraft, currencies: readonly string[]) => {
  const of = (what: string): string => `${name || 'Rate card'}, ${what}`
  return {
    ratePlan: {
      pricingModel: model,
      slabs: slabs.map(({ startAfter, priceType, packageSize }, at) => ({
        order: at + 1,
        startAfter: requireNumber(startAfter, of(`slab ${at + 1}, begins after`)),
        priceType,
        ...(priceType === 'PACKAGE' && { slabConfig: { packageSize } }),
      })),
    },
    rateValues: currencies.map((currency) => ({
      currency,
      slabRates: slabs.map(({ rates }, at) => ({
        order: at + 1,
        rate: requireNumber(rates[currency] ?? '', of(`slab ${at + 1}, price in ${currency}`)),
      })),
    })),
  }
}

const valuesOf = (rates: Readonly<Record<string, string>>, currencies: readonly string[], of: string) =>
  currencies.map((currency) => ({ currency, rate: requireNumber(rates[currency] ?? '', `${of}, price in ${currency}`) }))

/** A card with what the editor does not know of it. */
const named = (card: CardDraft) => ({ ...card.original, ...(card.name && { name: card.name }) })

/** What the API is sent of a draft. */
export const detailsOf = (draft: PlanDraft): Details => {
  const { currencies, cards, commitment } = draft
  const of = (kind: CardDraft['kind']) => cards.filter((card) => card.kind === kind)
  return {
    supportedCurrencies: [...currencies],
    pricingCycleConfig: {
      interval: draft.interval,
      startOffset: { dayOffset: draft.day, monthOffset: draft.month },
      gracePeriod: requireNumber(draft.grace, 'Grace period'),
    },
    fixedFeeRateCards: of('fee').map((card) => ({
      ...named(card),
      id: card.billable,
      enableProration: card.prorates,
      invoiceTiming: card.timing,
      rateValues: valuesOf(card.rates, currencies, card.name || 'Fee'),
    })),
    usageRateCards: of('usage').map((card) => ({ ...named(card), usageMeterId: card.billable, ...pricesOf(card, currencies) })),
    licenseRateCards: of('licence').map((card) => ({
      ...named(card),
      id: card.billable,
      enableProration: card.prorates,
      invoiceTiming: card.timing,
      ...pricesOf(card, currencies),
    })),
    ...(commitment && {
      minimumCommitment: { displayName: commitment.name, rateValues: valuesOf(commitment.rates, currencies, 'Commitment') },
    }),
  }
}
