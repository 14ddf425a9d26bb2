import { expect } from 'vitest'
import cases from '../data/pricing.json'
import type { Api } from './api.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** A worked case of a card, whose given has one object of a family, and how much of what it prices. */
export interface CardCase {
  id: string
  given: Loose
  expect: { slabRevenueSummaries?: unknown[]; revenue: number }
}

/** The families of cards that worked cases have, each with the list of a plan that its cards stand in. */
export const LISTS = {
  usageRateCard: 'usageRateCards',
  licenseRateCard: 'licenseRateCards',
  entitlementOverageRateCard: 'entitlementOverageRateCards',
} as const
type Family = keyof typeof LISTS

export const familyOf = ({ given }: CardCase): Family =>
  (Object.keys(LISTS) as Family[]).find((name) => name in given) ?? expect.fail('the case has no card')

/** The worked cases of one card with slabs. */
export const cardCases = (cases as unknown as CardCase[]).filter(
  ({ given, expect: right }) => right.slabRevenueSummaries && Object.keys(LISTS).some((name) => name in given),
)

export const caseOf = (id: string): CardCase =>
  (cases as unknown as CardCase[]).find((one) => one.id === id) ?? expect.fail(`no case ${id}`)

type Sent = Record<string, unknown>

/** A request that calculates a plan which is sent, with no usage unless `more` says so. */
export const calculationOf = (pricePlanDetails: Sent, more: Sent = {}): Sent => ({
  currencyConfig: { mode: 'CUSTOM', currency: 'USD' },
  pricePlanDetailsConfig: { mode: 'CUSTOM', pricePlanDetails: { supportedCurrencies: ['USD'], ...pricePlanDetails } },
  usageConfig: { mode: 'CUSTOM', usageMap: {} },
  licenseEntriesConfig: { mode: 'CUSTOM', custom: [] },
  ...more,
})

/** A worked case as a request. */
export const requestOf = (one: CardCase): Sent => {
  const { given } = one
  const family = familyOf(one)
  const card = family === 'licenseRateCard' ? { enableProration: false, ...given[family] } : given[family]
  const quantity = given.usage ?? given.quantity ?? given.used - given.featureCreditLimit
  return calculationOf(
    { [LISTS[family]]: [card] },
    family === 'usageRateCard'
      ? { usageConfig: { mode: 'CUSTOM', usageMap: { [card.usageMeterId]: quantity } } }
      : family === 'licenseRateCard'
        ? { licenseEntriesConfig: { mode: 'CUSTOM', custom: [{ licenseId: card.id, quantity, effectiveFrom: '2024-06-01T00:00:00Z' }] } }
        : { entitlementOverageConfig: { mode: 'CUSTOM', custom: [{ featureId: card.featureId, quantity }] } },
  )
}

/** What the cards of a request come to. */
export const calculate = async (api: Pick<Api, 'post'>, request: Sent, path = '/v2/revenue_calculator'): Promise<Loose> => {
  const { status, body } = await api.post(path, request)
  expect([status, body.message]).toEqual([200, undefined])
  return body
}

/** The slabs of a card that show how much of what came to what. */
export const slabsOf = ({ slabRevenueSummaries, licenseRevenueSummary }: Loose) => slabRevenueSummaries ?? licenseRevenueSummary

/** A card with one price for each unit. */
export const perUnit = (rate: number, more: Sent = {}) => ({
  ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
  rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate }] }],
  ...more,
})
