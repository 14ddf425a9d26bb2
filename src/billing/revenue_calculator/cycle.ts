import type { PlanDefinition } from '../../catalogue/price_plans/service.ts'
import { type Cycle, type CycleConfig, cycleAt, dayOf, readDay } from '../../rating/cycle.ts'
import type { CalculateRevenueRequest } from './schema.ts'

/** The cycles of a plan that says nothing of them. */
export const MONTHLY: CycleConfig & { gracePeriod: number } = {
  interval: 'MONTHLY',
  startOffset: { dayOffset: '1', monthOffset: 'NIL' },
  gracePeriod: 0,
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

/** A cycle up to the end of its current day. */
const cutCycle = ({ cycleStartDate, cycleEndDate, currentDate }: CustomConfig, ordinal: number): Cycle => {
  const start = dayOf(cycleStartDate)
  const nominalEnd = dayOf(cycleEndDate - 1) + 1
  return { ordinal, start, end: Math.min(dayOf(currentDate) + 1, nominalEnd), nominalStart: start, nominalEnd }
}

/**
 * The cycle that is calculated. Without proration it is a whole one of the plan: the one in which the last of the licence entries begins,
 * so that all of them count that hold at its end. `entries` are the times of the first and the last of them.
 */
export const chooseCycle = (
  { prorationConfig, pricePlanDetailsConfig: { pricingCycleOrdinal: ordinal = 1 } }: CalculateRevenueRequest,
  plan: PlanDefinition,
  entries: readonly [first: number, last: number],
): Cycle =>
  prorationConfig?.customConfig
    ? cutCycle(prorationConfig.customConfig, ordinal)
    : wholeCycleAt(entries.map(dayOf) as [number, number], plan, ordinal)
