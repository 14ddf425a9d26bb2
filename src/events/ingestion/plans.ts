import { type SQL, sql } from 'drizzle-orm'
import { type Cycle, type Interval, type Schedule, cycleAt, dayOf, dueDayOf, instantOf, writeDay } from '../../rating/cycle.ts'

/** When an account has a plan, and with which cycles: as much of its timeline as decides whether an event comes too late. */
export interface PlanInForce extends Schedule {
  /** The days after a cycle for which its events are accepted. */
  gracePeriod: number
  /** Whether its cards grant credits of features, or allow overage. */
  grants: boolean
}

/** A plan as the queries below give it. */
type SentPlan = [
  startAt: number,
  endAt: number,
  interval: Interval,
  dayOffset: string,
  monthOffset: string,
  gracePeriod: number,
  grants: 0 | 1,
]

/** The columns of a plan in force as a JSON list, by the name of its table. */
export const planColumns = (its: SQL, grants: SQL = sql`0`): SQL => sql`
  json_array(${its}.start_at, ${its}.end_at, ${its}.cycle ->> '$.interval', ${its}.cycle ->> '$.startOffset.dayOffset',
    ${its}.cycle ->> '$.startOffset.monthOffset', ${its}.cycle ->> '$.gracePeriod', ${grants})`

/** Whether cards as JSON have one of a family. */
const hasCard = (cards: SQL, family: string): SQL => sql`instr(${cards}, ${`"type":"${family}"`}) > 0`

const grantsOf = (cards: SQL): SQL => sql`(${hasCard(cards, 'BILLING_ENTITLEMENT')} or ${hasCard(cards, 'ENTITLEMENT_OVERAGE')})`

/** Whether the cards of a plan in force, or what the account has instead, grant credits of features. */
const grantsOfPlan = sql`(
  select max(${grantsOf(sql`version.cards`)}, coalesce((
    select ${grantsOf(sql`own.content`)} from schedule_overrides as own
    where own.organization_id = plan.organization_id and own.id = plan.override_id
  ), 0))
  from price_plan_versions as version where version.price_plan_id = plan.price_plan_id and version.plan_version = plan.plan_version)`

/** All plans of an account `its`, as one JSON text. Whether they grant credits is only read if that is asked for. */
export const plansOfIts = (withGrants = false): SQL => sql`(
  select json_group_array(json(${planColumns(sql.raw('plan'), withGrants ? grantsOfPlan : sql`0`)})) from schedules as plan
  where plan.organization_id = its.organization_id and plan.account_id = its.id and plan.state = 'ACTIVE')`

/** Reads a plan from `planColumns`. */
export const readPlan = ([startAt, endAt, interval, dayOffset, monthOffset, gracePeriod, grants]: SentPlan): PlanInForce => ({
  from: dayOf(startAt),
  until: dayOf(endAt),
  cycle: { interval, startOffset: { dayOffset, monthOffset } },
  gracePeriod,
  grants: grants === 1,
})

/** Reads the plans of `plansOfIts`. Undefined if the account never has one. */
export const readPlans = (json: string): PlanInForce[] | undefined =>
  json === '[]' ? undefined : (JSON.parse(json) as SentPlan[]).map(readPlan)

/** A cycle that takes no more events, and the first instant at which it took none (milliseconds). */
export interface ClosedCycle {
  cycle: Cycle
  dueAt: number
}

/** The cycle that a time is in, if it takes no more events that arrive at an instant: when its invoice falls due. Undefined if it does, or without a plan. */
export const findClosedCycle = (plans: readonly PlanInForce[] | undefined, time: number, arrival: number): ClosedCycle | undefined => {
  const day = dayOf(time)
  const plan = plans?.find(({ from, until }) => from <= day && day < until)
  /** A cycle ends after each of its days, so most events need no look at the calendar. */
  if (!plan || arrival < instantOf(dueDayOf({ end: day + 1 }, plan.gracePeriod))) return undefined
  const cycle = cycleAt(plan, day)
  if (!cycle) return undefined
  const dueAt = instantOf(dueDayOf(cycle, plan.gracePeriod))
  return arrival < dueAt ? undefined : { cycle, dueAt }
}

/** The first instant (milliseconds) of the cycle that a time is in, if that has begun and its plan grants credits of features. */
export const findGrantingCycle = (plans: readonly PlanInForce[] | undefined, time: number, now: number): number | undefined => {
  const day = dayOf(time)
  const plan = plans?.find(({ from, until, grants }) => grants && from <= day && day < until)
  const cycle = plan && cycleAt(plan, day)
  return cycle && instantOf(cycle.start) <= now ? instantOf(cycle.start) : undefined
}

/** The first and the last day of a cycle, as dates. */
export const showCycle = ({ start, end }: Cycle): { cycleStart: string; cycleEnd: string } => ({
  cycleStart: writeDay(start),
  cycleEnd: writeDay(end - 1),
})

/** Says why an event in a closed cycle counts nothing. */
export const explainClosedCycle = ({ cycle, dueAt }: ClosedCycle): string => {
  const { cycleStart, cycleEnd } = showCycle(cycle)
  return `The event arrived too late: its pricing cycle from ${cycleStart} to ${cycleEnd} took events that arrived before ${writeDay(dayOf(dueAt))}, 00:00 UTC.`
}
