/** What an account has on a day: the plan, and the first day of the schedule that says so. */
interface Day {
  plan: string
  from: number
}

/** What an account has on each day, from 0 on. The last day stands for all that come after it. */
export type Days = readonly (Day | undefined)[]

/** How many days the model looks at. */
export const LENGTH = 160

/** The plans of the model. Cycles of an open one can be changed until they are billed. */
export const PLANS = ['Basic', 'Pro', 'Open'] as const
const OPEN = 'Open'
const GRACE = 3

export interface Edit {
  /** Undefined for DISASSOCIATE. */
  plan: string | undefined
  from: number
  /** The day on which it ends, or LENGTH for ever. */
  until: number
  isMerged: boolean
}

export const NOTHING: Days = Array.from({ length: LENGTH }, () => undefined)

const isSameDay = (one: Day | undefined, other: Day | undefined): boolean => one?.plan === other?.plan && one?.from === other?.from

export const isSame = (one: Days, other: Days): boolean => one.every((day, index) => isSameDay(day, other[index]))

/** Makes one schedule of two that touch on a day, if it is the same plan in both. */
const mergeAt = (days: (Day | undefined)[], at: number): void => {
  const [left, right] = [days[at - 1], days[at]]
  if (!left || !right || left.plan !== right.plan || right.from !== at) return
  for (let day = at; day < LENGTH && days[day]?.from === at; day++) days[day] = left
}

/** What an account has after an edit, day by day. */
export const editDays = (before: Days, { plan, from, until, isMerged }: Edit, today: number): Days => {
  const days = before.map((day, index) => {
    if (index >= from && index < until) return plan === undefined ? undefined : { plan, from }
    return index >= until && day && day.from < until ? { ...day, from: until } : day
  })
  if (isMerged && plan !== undefined) for (const at of [from, until]) if (at > today && at < LENGTH) mergeAt(days, at)
  return days
}

export const mergeDays = (before: Days, today: number): Days => {
  const days = [...before]
  for (let at = today + 1; at < LENGTH; at++) mergeAt(days, at)
  return days
}

/** When the model begins: with a month, of which these days begin others. */
export const START = Date.UTC(2026, 2, 1)
const MONTHS: ReadonlySet<number> = new Set([0, 31, 61, 92, 122, 153])

/** The first day of a schedule of an open plan that is not billed yet. */
const firstUnbilled = (days: Days, day: number, today: number): number => {
  const { from = 0 } = days[day] ?? {}
  let start = from
  for (let at = from; at <= LENGTH; at++) {
    const ends = at === LENGTH || days[at]?.from !== from
    if (!ends && (!MONTHS.has(at) || at === from)) continue
    if (at === LENGTH || at + GRACE > today) return start
    start = at
    if (ends) return at
  }
  return start
}

/** How many cycles of its plan come before a schedule, in those that end one in the next. */
const countBefore = (days: Days, from: number): number => {
  let count = 0
  for (let at = from - 1; days[at]?.plan === days[from]?.plan; at--) if (days[at]?.from === at || MONTHS.has(at)) count++
  return count
}

/** Whether a change is allowed: what an account had until today stays, apart from cycles of open plans that are not billed. */
export const isAllowed = (before: Days, after: Days, today: number): boolean =>
  before.every((old, day) => {
    const next = after[day]
    if (day > today || !old) return true
    if (isSameDay(old, next) && countBefore(before, old.from) === countBefore(after, old.from)) return true
    return old.plan === OPEN && (!next || next.plan === OPEN) && day >= firstUnbilled(before, day, today)
  })
