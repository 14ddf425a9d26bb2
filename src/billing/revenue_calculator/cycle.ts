import type { Fault } from '../../lib/errors.ts'
import { iso } from '../../lib/time.ts'
import { type Cycle, type CycleConfig, cycleAt, dayOf, instantOf, readDay } from '../../rating/cycle.ts'
import type { FoundAccounts, Lookup } from './accounts.ts'
import { type Licenses, findEntries } from './licenses.ts'
import type { CalculatedPlan } from './plan.ts'
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

/** The whole cycle that the last of some days is in. Where cycles begin on the anniversary of a day, it is that of the first one; an account has had that day. */
const wholeCycleAt = ([first, day]: readonly [number, number], plan: CalculatedPlan, ordinal: number): Cycle => {
  const { interval, startOffset, anniversaryCycle }: CycleConfig = plan.definition.pricingCycleConfig ?? MONTHLY
  const isAnniversary = anniversaryCycle === true && !plan.cycle
  const cycle = { interval, startOffset, anniversaryCycle: isAnniversary }
  const schedule = { cycle, from: isAnniversary ? first : FIRST_DAY, until: LAST_DAY }
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

/** What is wrong with the current day in a cycle of an account. */
export const findCurrentFaults = (
  { prorationConfig }: CalculateRevenueRequest,
  { proration: cycle }: FoundAccounts,
  now: number,
): Fault[] => {
  if (!cycle) return []
  const { currentDateTime: sent } = prorationConfig?.lookupCycleConfig ?? {}
  const [start, end, current] = [instantOf(cycle.start), instantOf(cycle.end), sent ?? now]
  if (current >= start && (sent === undefined || current <= end)) return []
  const range = `must be from ${iso(start)} to ${iso(end)}, in the cycle of the account`
  const message = sent === undefined ? `is required for a cycle that has not begun, and ${range}` : range
  return [{ path: ['prorationConfig', 'lookupCycleConfig', 'currentDateTime'], message }]
}

/** The cycle of an account that is charged for its days until the current one. One that has ended by then is charged as a whole. */
const readAccountCycle = (whole: Cycle, current: number): CalculatedCycle => ({
  whole,
  part: { ...whole, end: Math.min(dayOf(current) + 1, whole.end) },
})

/** A cycle that is calculated, and the cycles by which licences are charged without proration. */
export interface ChosenCycles extends CalculatedCycle {
  licenses: Readonly<Record<keyof Licenses, Cycle>>
}

const isWithin = ({ start, end }: Cycle, time: number): boolean => time >= instantOf(start) && time < instantOf(end)

/**
 * The cycle that is calculated. Without proration it is that of the account whose plan it is. Of another plan it is a whole one: the one in
 * which the last of the licence entries begins, so that all of them count that hold at its end. Licences that are looked up in a cycle are
 * charged by that one, and those of a time range by the one in which the last of them begins.
 */
export const chooseCycles = (
  { prorationConfig, pricePlanDetailsConfig }: CalculateRevenueRequest,
  plan: CalculatedPlan,
  accounts: FoundAccounts,
  licenses: Licenses,
  now: number,
): ChosenCycles => {
  const ordinal = plan.cycle?.ordinal ?? pricePlanDetailsConfig.pricingCycleOrdinal ?? 1
  const prorated =
    prorationConfig?.customConfig && prorationConfig.mode === 'CUSTOM' ? readCycle(prorationConfig.customConfig, ordinal) : undefined
  const current = prorationConfig?.lookupCycleConfig?.currentDateTime ?? now
  const charged = prorated ?? (accounts.proration && readAccountCycle({ ...accounts.proration, ordinal }, current))
  if (charged) return { ...charged, licenses: { counted: charged.whole, named: charged.whole } }
  const cycleOfEntries = (its: Licenses): Cycle =>
    wholeCycleAt((findEntries(its) ?? [now, now]).map(dayOf) as [number, number], plan, ordinal)
  const whole = plan.cycle ?? cycleOfEntries(licenses)
  const cycleOfLicenses = (lookup: Lookup | undefined, its: Licenses): Cycle => {
    if (lookup?.cycle) return lookup.cycle
    const last = lookup && findEntries(its)?.[1]
    return last === undefined || !plan.cycle || isWithin(plan.cycle, last) ? whole : cycleOfEntries(its)
  }
  return {
    whole,
    part: whole,
    licenses: {
      counted: cycleOfLicenses(accounts.counted, { counted: licenses.counted, named: [] }),
      named: cycleOfLicenses(accounts.named, { counted: [], named: licenses.named }),
    },
  }
}
