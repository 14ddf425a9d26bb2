import type { Big } from 'big.js'
import type { Rule, Vars } from './billing_cycles.ts'
import { ZERO, exact } from './billing_rating.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** Numbers that look random, and are the same for the same seed. */
export const randomFrom = (seed: number) => {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  /** A whole number from one until another one, both included. */
  const whole = (from: number, until: number): number => from + Math.floor(next() * (until - from + 1))
  return {
    whole,
    chance: (percent: number): boolean => whole(1, 100) <= percent,
    pick: <One>(all: readonly One[]): One => all[whole(0, all.length - 1)] as One,
  }
}
export type Random = ReturnType<typeof randomFrom>

export const CURRENCIES = ['USD', 'JPY', 'KWD'] as const
const UNIT: Readonly<Record<string, number>> = { USD: 100, JPY: 1, KWD: 1000 }

/** What plans of the model price. */
export interface Items {
  meters: readonly string[]
  fees: readonly string[]
  licenses: readonly string[]
  names: readonly string[]
}

const ratePlan = ({ whole, chance, pick }: Random): Loose => {
  const starts = [chance(15) ? whole(1, 9) : 0]
  for (let more = whole(0, 2); more > 0; more--) starts.push((starts.at(-1) ?? 0) + whole(1, 400) / 8)
  return {
    pricingModel: pick(['TIERED', 'VOLUME']),
    slabs: starts.map((startAfter, index) => {
      const priceType = pick(['PER_UNIT', 'PER_UNIT', 'FLAT', 'PACKAGE'])
      return {
        order: index + 1,
        startAfter,
        priceType,
        ...(priceType === 'PACKAGE' && { slabConfig: { packageSize: pick(['1', '2.5', '10', '100']) } }),
      }
    }),
  }
}

/** Limits in whole minor units, of which one or both are set. */
const limits = ({ whole, pick }: Random, currency: string): Record<string, string> => {
  const money = (units: number): string => (units / (UNIT[currency] ?? 1)).toFixed(String(UNIT[currency]).length - 1)
  const [minimumRate, maximumRate] = [money(whole(1, 2000)), money(whole(2000, 40_000))]
  return pick([{ minimumRate }, { maximumRate }, { minimumRate, maximumRate }])
}

const rateValues = (random: Random, { slabs }: Loose): Loose[] =>
  CURRENCIES.map((currency) => ({
    currency,
    slabRates: slabs.map(({ order }: Loose) => ({
      order,
      rate: random.whole(random.chance(5) ? -900 : 0, 40_000) / (100 * (UNIT[currency] ?? 1)),
      ...(random.chance(15) && { slabRateConfig: limits(random, currency) }),
    })),
    ...(random.chance(20) && { rateConfig: limits(random, currency) }),
  }))

const prices = (random: Random): Loose => {
  const plan = ratePlan(random)
  return { ratePlan: plan, rateValues: rateValues(random, plan) }
}

const amounts = ({ whole, chance }: Random, most: number, currencies: readonly string[] = CURRENCIES): Loose[] =>
  currencies.map((currency) => ({ currency, rate: whole(chance(10) ? -most / 10 : 0, most) / (UNIT[currency] ?? 1) }))

const subset = <One>({ chance }: Random, all: readonly One[], percent: number): One[] => all.filter(() => chance(percent))

const tagged = ({ chance, pick }: Random): Loose => (chance(25) ? { tag: pick(['Basics', 'Extras']) } : {})

const INTERVALS = ['MONTHLY', 'MONTHLY', 'MONTHLY', 'WEEKLY', 'QUARTERLY', 'HALF_YEARLY']

/** Cycles of a length, which begin on any days. */
export const cyclesOf = ({ whole, pick, chance }: Random, interval: string): Loose => {
  const gracePeriod = whole(0, 6)
  if (chance(30)) return { interval, gracePeriod, anniversaryCycle: true }
  const months = ({ QUARTERLY: 3, HALF_YEARLY: 6 } as Record<string, number>)[interval]
  const monthOffset = months === undefined ? 'NIL' : pick(['FIRST', 'LAST', String(whole(1, months))])
  const dayOffset = interval === 'WEEKLY' ? pick(['1', '4', '7', 'LAST']) : pick(['1', '1', '15', '29', '31', 'LAST'])
  return { interval, gracePeriod, startOffset: { dayOffset, monthOffset } }
}

/** A fee; one that is shared among several cycles is only in plans that accounts are not given twice in a row. */
const fee = (random: Random, id: string, isStrict: boolean): Loose => {
  const { chance, pick, whole } = random
  const enableProration = chance(60)
  const isRecurrent = (isStrict || !enableProration) && chance(50)
  return {
    id,
    name: `fee ${id}`,
    ...tagged(random),
    enableProration,
    ...(chance(50) && { invoiceTiming: pick(['IN_ADVANCE', 'IN_ARREARS']) }),
    ...(chance(15) ? { type: 'ONE_TIME' } : chance(20) ? { type: 'RECURRING' } : {}),
    ...(isRecurrent
      ? { recurrenceConfig: { interval: whole(1, 3), offset: whole(0, 2) } }
      : chance(20) && { recurrenceConfig: { interval: 1, offset: whole(0, 2) } }),
    rateValues: amounts(random, 30_000),
  }
}

const REFUNDS = ['NONE', 'CREDITS', 'PAYMENT', 'WALLET']

/** A card of licences. Names that are paid for in advance are looked at at other times than numbers, so a plan has only one of both. */
const license = (random: Random, id: string, isNamed: boolean, interval: string, mayAdvance: boolean): Loose => {
  const usageCycle = interval === 'MONTHLY' ? 'WEEKLY' : random.pick(['WEEKLY', 'MONTHLY'])
  return {
    id,
    name: `license ${id}`,
    ...(isNamed && { type: 'NAMED_LICENSE' }),
    ...tagged(random),
    enableProration: random.chance(60),
    ...(mayAdvance &&
      random.chance(40) && { invoiceTiming: 'IN_ADVANCE', ...(random.chance(70) && { proratedRefundMode: random.pick(REFUNDS) }) }),
    ...(interval !== 'WEEKLY' && random.chance(25) && { usageCycle }),
    ...prices(random),
  }
}

/** The details of a plan, all of whose cards have prices in all currencies; only a commitment has them in some. */
export const planDetails = (random: Random, items: Items, isStrict: boolean): Loose => {
  const interval = random.pick(INTERVALS)
  const hasNames = random.chance(30)
  const pricingCycleConfig = cyclesOf(random, interval)
  return {
    supportedCurrencies: [...CURRENCIES],
    pricingCycleConfig,
    usageRateCards: subset(random, items.meters, 75).map((usageMeterId) => ({
      usageMeterId,
      name: `usage ${usageMeterId}`,
      ...tagged(random),
      ...prices(random),
    })),
    fixedFeeRateCards: subset(random, items.fees, 60).map((id) => fee(random, id, isStrict)),
    licenseRateCards: [
      ...subset(random, items.licenses, 60).map((id) => license(random, id, false, interval, !hasNames)),
      ...subset(random, items.names, 50).map((id) => license(random, id, true, interval, hasNames)),
    ],
    ...(random.chance(40) && {
      minimumCommitment: { displayName: 'At least', rateValues: amounts(random, 60_000, random.chance(50) ? CURRENCIES : ['USD']) },
    }),
  }
}

const read = (vars: Vars, name: string): Big => vars.revenue[name] ?? ZERO
const used = (vars: Vars, name: string): Big => vars.usage[name] ?? ZERO
const variable = (name: string): Loose => ({ var: name })

/** Rules over the cards of a plan, each told twice: as it is sent, and as it is reckoned. */
export const planRules = (random: Random, details: Loose): Rule[] => {
  const { whole, chance, pick } = random
  const { usageRateCards: usage, fixedFeeRateCards: fees } = details
  const rules: Omit<Rule, 'order'>[] = []
  const rule = (
    name: string,
    action: Loose,
    computation: Loose,
    compute: Rule['compute'],
    more: Loose = {},
    holds: Rule['holds'] = () => true,
  ) => rules.push({ sent: { name, action, computation: JSON.stringify(computation), ...more }, compute, holds })
  if (chance(40)) {
    const factor = -whole(1, 400) / 1000
    const action = { type: 'ADD', id: 'loyalty', description: 'Loyalty discount' }
    rule('loyalty', action, { '*': [variable('revenue.rate_card_total'), factor] }, ({ total }) => total.times(exact(factor)))
  }
  if (usage.length && chance(40)) {
    const { usageMeterId: id } = pick<Loose>(usage)
    const [amount, least] = [whole(-5000, 5000) / 1000, whole(1, 60)]
    const condition = JSON.stringify({ '>': [variable(`usage.urc.${id}`), least] })
    const holds = (vars: Vars): boolean => used(vars, `urc.${id}`).gt(least)
    rule('busy', { type: 'ADD', id: 'busy' }, { '+': [amount, 0] }, () => exact(amount), { condition, invoiceTiming: 'IN_ARREARS' }, holds)
  }
  if (usage.length && chance(40)) {
    const { usageMeterId: id } = pick<Loose>(usage)
    const free = whole(1, 40) / 4
    const name = `usage.urc.${id}`
    const compute = (vars: Vars): Big => {
      const left = used(vars, `urc.${id}`).minus(free)
      return left.gt(0) ? left : ZERO
    }
    rule('free', { type: 'UPDATE', target: name }, { max: [{ '-': [variable(name), free] }, 0] }, compute)
  }
  const late = fees.filter(({ invoiceTiming }: Loose) => invoiceTiming !== 'IN_ADVANCE')
  if (late.length && chance(40)) {
    const { id } = pick<Loose>(late)
    const name = `revenue.ff.${id}`
    rule('half', { type: 'UPDATE', target: name }, { '*': [variable(name), 0.515] }, (vars) => read(vars, `ff.${id}`).times(exact(0.515)))
  }
  const early = fees.filter(({ invoiceTiming }: Loose) => invoiceTiming === 'IN_ADVANCE')
  if (early.length && chance(40)) {
    const { id } = pick<Loose>(early)
    const name = `revenue.ff.${id}`
    const compute = (vars: Vars): Big => read(vars, `ff.${id}`).times(exact(1.075))
    rule('early', { type: 'UPDATE', target: name }, { '*': [variable(name), 1.075] }, compute, { invoiceTiming: 'IN_ADVANCE' })
  }
  const orders = rules.map((_, index) => index + 1)
  return rules.map((one) => {
    const [order = 0] = orders.splice(whole(0, orders.length - 1), 1)
    return { ...one, sent: { ...one.sent, order } }
  })
}
