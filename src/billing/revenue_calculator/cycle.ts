import type { PlanDefinition } from '../../catalogue/price_plans/service.ts'
import { type Cycle, type CycleConfig, cycleAt, dayOf, instantOf, readDay } from '../../rating/cycle.ts'
import type { CalculateRevenueRequest } from './schema.ts'

/** The cycles of a plan that says nothing of them. */
export const MONTHLY: CycleConfig & { gracePeriod: number } = {
  interval: 'MONTHLY',
  startOffset: { dayOffset: '1', monthOffset: 'NIL' },
  gracePeriod: 0,
}

/** A cycle that is calculated: all of it, and the part that cards with proration are charged for. */
export interface CalculatedCycle {
  whole: Cycle
  part: Cycle
}

const [FIRST_DAY, LAST_DAY] = [readDay('1960-01-01'), readDay('9999-12-31')]

/** The whole cycle that the last of some days is in. Where cycles begin on the anniversary of a day, it is that of the first one. */
const wholeCycleAt = ([first, day]: readonly [number, number], { pricingCycleConfig }: PlanDefinition, ordinal: number): Cycle => {
  const cycle: CycleConfig = pricingCycleConfig ?? MONTHLY
  const schedule = { cycle, from: cycle.anniversaryCycle ? first : FIRST_DAY, until: LAST_DAY }
  const { nominalStart = day, nominalEnd = day + 1 } = cycleAt(schedule, day) ?? {}
  return { ordinal, start: nominalStart, end: nominalEnd, nominalStart, nominalEnd }
}

type CustomConfig = NonNullable<NonNullable<CalculateRevenueRequest['prorationConfig']>['customConfig']>

const DAY = 86_400_000
const HOUR = 3_600_000

/** The date on which a cycle begins. Where dates begin at most 13 hours before 00:00 UTC, and at most 10 after it, it is the local one. */
const startDayOf = ({ cycleStartDate }: CustomConfig): number => dayOf(cycleStartDate + 13 * HOUR)

/** How many days a cycle has: to the nearest whole one, so that a change to or from summer time adds none. */
const daysOf = ({ cycleStartDate, cycleEndDate }: CustomConfig): number => Math.max(1, Math.round((cycleEndDate - cycleStartDate) / DAY))

/** A cycle that is sent, whose days count from its start. The part of it ends with the current day. */
const readCycle = (config: CustomConfig, ordinal: number): CalculatedCycle => {
  const start = startDayOf(config)
  const nominalEnd = start + daysOf(config)
  const whole = { ordinal, start, end: nominalEnd, nominalStart: start, nominalEnd }
  const passed = Math.floor((config.currentDate - config.cycleStartDate) / DAY) + 1
  return { whole, part: { ...whole, end: Math.min(start + passed, nominalEnd) } }
}

/** Moves a time to the day of a cycle that is sent, as readCycle counts them. The last day is as long as what is left of the cycle. */
export const moveToCycle = (config: CustomConfig, time: number): number => {
  const { cycleStartDate, cycleEndDate } = config
  const [start, days] = [instantOf(startDayOf(config)), daysOf(config)]
  const before = (days - 1) * DAY
  const passed = time - cycleStartDate
  if (passed < before) return start + passed
  if (time >= cycleEndDate) return start + days * DAY + (time - cycleEndDate)
  return start + before + Math.floor(((passed - before) * DAY) / (cycleEndDate - cycleStartDate - before))
}

/**
 * The cycle that is calculated. Without proration it is a whole one of the plan: the one in which the last of the licence entries begins,
 * so that all of them count that hold at its end. `entries` are the times of the first and the last of them.
 */
export const chooseCycle = (
  { prorationConfig, pricePlanDetailsConfig: { pricingCycleOrdinal: ordinal = 1 } }: CalculateRevenueRequest,
  plan: PlanDefinition,
  entries: readonly [first: number, last: number],
): CalculatedCycle => {
  if (prorationConfig?.customConfig) return readCycle(prorationConfig.customConfig, ordinal)
  const whole = wholeCycleAt(entries.map(dayOf) as [number, number], plan, ordinal)
  return { whole, part: whole }
}
