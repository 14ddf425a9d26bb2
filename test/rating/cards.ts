import type { Card, Limits, Slab } from '../../src/rating/card.ts'
import { type Cycle, readDay } from '../../src/rating/cycle.ts'
import type { RatingInput } from '../../src/rating/rate.ts'
import type { PricingRule } from '../../src/rating/rules.ts'

/** A slab and what it costs in the test's currency: [startAfter, priceType or size of a package, rate, limits]. */
export type Price = [startAfter: string, priceType: 'FLAT' | 'PER_UNIT' | { packageSize: string }, rate: string, limits?: Limits]

export const pricesOf = (prices: readonly Price[], model: 'TIERED' | 'VOLUME' = 'TIERED', limits?: Limits, currency = 'USD') => ({
  model,
  slabs: prices.map(([startAfter, type], index): Slab => ({
    order: index + 1,
    startAfter,
    ...(typeof type === 'string' ? { priceType: type } : { priceType: 'PACKAGE', ...type }),
  })),
  rates: {
    [currency]: {
      slabRates: prices.map(([, , rate, its], index) => ({ order: index + 1, rate, ...(its && { limits: its }) })),
      ...(limits && { limits }),
    },
  },
})

const ALWAYS = { isOnce: false, interval: 1, offset: 0 }

type Of<Type extends Card['type']> = Extract<Card, { type: Type }>

const common = (billableId: string, displayName = billableId) => ({ name: billableId, billableId, displayName })

export const usageCard = (billableId: string, prices: ReturnType<typeof pricesOf>, more: Partial<Of<'USAGE'>> = {}): Of<'USAGE'> => ({
  ...common(billableId),
  type: 'USAGE',
  ...prices,
  ...more,
})

export const feeCard = (billableId: string, fee: string, more: Partial<Of<'FIXED_FEE'>> = {}): Of<'FIXED_FEE'> => ({
  ...common(billableId),
  type: 'FIXED_FEE',
  timing: 'IN_ARREARS',
  fees: { USD: fee },
  isProrated: false,
  recurrence: ALWAYS,
  ...more,
})

export const licenseCard = (billableId: string, prices: ReturnType<typeof pricesOf>, more: Partial<Of<'LICENSE'>> = {}): Of<'LICENSE'> => ({
  ...common(billableId),
  type: 'LICENSE',
  timing: 'IN_ARREARS',
  isProrated: true,
  ...prices,
  ...more,
})

export const entitlementCard = (
  billableId: string,
  prices: ReturnType<typeof pricesOf>,
  grants: readonly string[],
  more: Partial<Of<'BILLING_ENTITLEMENT'>> = {},
): Of<'BILLING_ENTITLEMENT'> => ({
  ...common(billableId),
  type: 'BILLING_ENTITLEMENT',
  timing: 'IN_ARREARS',
  grants,
  recurrence: ALWAYS,
  ...prices,
  ...more,
})

export const overageCard = (billableId: string, prices: ReturnType<typeof pricesOf>): Of<'ENTITLEMENT_OVERAGE'> => ({
  ...common(billableId),
  type: 'ENTITLEMENT_OVERAGE',
  billing: { interval: 1, offset: 0 },
  ...prices,
})

export const grantCard = (
  billableId: string,
  creditAmount: string,
  price: string,
  more: Partial<Of<'CREDIT_GRANT'>> = {},
): Of<'CREDIT_GRANT'> => {
  const { model, slabs, rates } = pricesOf([['0', 'FLAT', price]])
  return {
    ...common(billableId),
    type: 'CREDIT_GRANT',
    timing: 'IN_ARREARS',
    model,
    credits: { USD: { creditAmount, slabs, rates: rates['USD'] ?? { slabRates: [] } } },
    recurrence: ALWAYS,
    ...more,
  }
}

export const commitmentCard = (amount: string, currency = 'USD'): Of<'MINIMUM_COMMITMENT'> => ({
  ...common('MINIMUM_COMMITMENT', 'Minimum Commitment'),
  type: 'MINIMUM_COMMITMENT',
  amounts: { [currency]: amount },
})

export const ruleOf = (
  id: string,
  order: number,
  computation: string,
  action: PricingRule['action'],
  more: Partial<PricingRule> = {},
): PricingRule => ({
  id,
  name: id,
  order,
  timing: 'IN_ARREARS',
  computation,
  action,
  ...more,
})

/** A cycle from a date until before a date, which is a whole one unless the nominal one is given. */
export const cycleBetween = (start: string, end: string, nominal: readonly [string, string] = [start, end], ordinal = 1): Cycle => ({
  ordinal,
  start: readDay(start),
  end: readDay(end),
  nominalStart: readDay(nominal[0]),
  nominalEnd: readDay(nominal[1]),
})

export const inputOf = (more: Partial<RatingInput> = {}): RatingInput => ({
  currency: 'USD',
  cycle: cycleBetween('2024-06-01', '2024-07-01'),
  usage: {},
  licenses: {},
  overage: {},
  ...more,
})

export const quantityFrom = (date: string, quantity: string) => ({ changes: [{ at: Date.parse(date), quantity }] })
