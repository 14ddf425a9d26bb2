import { cpus } from 'node:os'
import { findMedian } from '../scripts/median.ts'
import { fail } from '../scripts/wrangler.ts'
import type { Card, Prices, Recurrence, Timing } from '../src/rating/card.ts'
import { readDay } from '../src/rating/cycle.ts'
import { chargeAdvance, chargeArrears } from '../src/rating/invoice.ts'
import type { RatingInput } from '../src/rating/rate.ts'

const PLANS = 1000
const ROUNDS = 11
/** Milliseconds for all plans. */
const GOAL = 1000

/** The cards of a plan: every family, and as many of each. */
const CARDS = { USAGE: 8, FIXED_FEE: 4, LICENSE: 4, BILLING_ENTITLEMENT: 2, ENTITLEMENT_OVERAGE: 1, CREDIT_GRANT: 1 } as const
type Family = keyof typeof CARDS

const RECURRENCE: Recurrence = { isOnce: false, interval: 1, offset: 0 }

/** Three slabs, the last of which is sold in packages, with rates of their own in each plan. */
const pricesOf = (plan: number): Prices => ({
  model: 'TIERED',
  slabs: [
    { order: 1, startAfter: '0', priceType: 'PER_UNIT' },
    { order: 2, startAfter: '1000', priceType: 'PER_UNIT' },
    { order: 3, startAfter: '50000', priceType: 'PACKAGE', packageSize: '1000' },
  ],
  rates: {
    USD: {
      slabRates: [
        { order: 1, rate: `0.0${plan + 1}` },
        { order: 2, rate: '0.0125' },
        { order: 3, rate: '9.99', limits: { maximum: '500' } },
      ],
      limits: { minimum: '1' },
    },
  },
})

const makeCard = (type: Family, index: number, plan: number): Card => {
  const timing: Timing = index % 2 ? 'IN_ADVANCE' : 'IN_ARREARS'
  const billableId = `${type}.${index}`
  const common = { name: billableId, billableId, displayName: billableId, ...(index === 0 && { tag: 'First' }) }
  const prices = pricesOf(plan)
  switch (type) {
    case 'FIXED_FEE':
      return { ...common, type, timing, fees: { USD: `${plan}.99` }, isProrated: true, recurrence: RECURRENCE }
    case 'LICENSE':
      return { ...common, type, timing, isProrated: true, ...prices }
    case 'BILLING_ENTITLEMENT':
      return { ...common, type, timing, grants: ['20000'], recurrence: RECURRENCE, ...prices }
    case 'ENTITLEMENT_OVERAGE':
      return { ...common, type, billing: { interval: 1, offset: 0 }, ...prices }
    case 'CREDIT_GRANT': {
      const { model, slabs, rates } = prices
      const credits = { USD: { creditAmount: '100', slabs, rates: rates['USD'] ?? fail('no rates') } }
      return { ...common, type, timing, model, credits, recurrence: RECURRENCE }
    }
    case 'USAGE':
    default:
      return { ...common, type, ...prices }
  }
}

const families = Object.entries(CARDS) as [Family, number][]
const plans = Array.from({ length: PLANS }, (_, plan) => ({
  name: `Plan ${plan}`,
  cards: families.flatMap(([type, count]) => Array.from({ length: count }, (__, index) => makeCard(type, index, plan))),
  rules: [],
}))

const [start, end] = [readDay('2026-03-01'), readDay('2026-04-01')]
const change = (day: number, quantity: string) => ({ at: day * 86_400_000, quantity })
const of = <Value>(type: Family, value: Value): Record<string, Value> =>
  Object.fromEntries(Array.from({ length: CARDS[type] }, (_, index) => [`${type}.${index}`, value]))
const input: RatingInput = {
  currency: 'USD',
  cycle: { ordinal: 3, start, end, nominalStart: start, nominalEnd: end },
  usage: of('USAGE', '123456.789'),
  licenses: of('LICENSE', { changes: [change(start - 40, '10'), change(start + 5, '15'), change(start + 20, '12')] }),
  overage: of('ENTITLEMENT_OVERAGE', '345.5'),
}

/** Rates all plans, up to the lines of their invoices, and says how many milliseconds it took. */
const ratePlans = (): number => {
  const before = performance.now()
  let lines = 0
  for (const plan of plans) lines += chargeArrears(plan, input, 2).lines.length + chargeAdvance(plan, input, 2).lines.length
  if (lines !== 2 * PLANS) fail('Rating: a plan has no lines')
  return performance.now() - before
}

const rounds = Array.from({ length: ROUNDS }, ratePlans)
const [first = 0] = rounds
const cards = families.reduce((sum, [, count]) => sum + count, 0)
const took = findMedian(rounds)
console.log(`${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}
${PLANS} plans of ${cards} cards each, to the lines of their invoices: ${Math.round(first)} ms at first, ${Math.round(took)} ms as the median of ${ROUNDS} (goal ${GOAL})`)
if (took > GOAL) fail(`Rating: more than ${GOAL} ms`)
