/** How long a pricing cycle is. */
export const INTERVALS = ['WEEKLY', 'MONTHLY', 'QUARTERLY', 'HALF_YEARLY', 'ANNUALLY'] as const
export type Interval = (typeof INTERVALS)[number]

/** On which day, of which month of its interval, a cycle begins: as the contract writes it. */
export interface StartOffset {
  dayOffset: string
  monthOffset: string
}

/** The cycles of a plan. */
export interface CycleConfig {
  interval: Interval
  /** Is not needed where cycles begin on the anniversary of the day on which the plan came into force. */
  startOffset?: StartOffset | undefined
  anniversaryCycle?: boolean | undefined
}

/** When a plan is in force: from a day until before a day, as days since 1970-01-01. */
export interface Schedule {
  cycle: CycleConfig
  from: number
  until: number
}

/**
 * A cycle of a schedule, from its first day until before `end`: the nominal one is the whole period that it is a part of, which is longer
 * where the schedule begins or ends within it. Days count from 1970-01-01; ordinals from 1.
 */
export interface Cycle {
  ordinal: number
  start: number
  end: number
  nominalStart: number
  nominalEnd: number
}

const MS_PER_DAY = 86_400_000

/** The day of an instant in milliseconds, as days since 1970-01-01 (UTC). */
export const dayOf = (instant: number): number => Math.floor(instant / MS_PER_DAY)

/** The instant in milliseconds at which a day begins. */
export const instantOf = (day: number): number => day * MS_PER_DAY

/** A date such as 2024-06-01 as a day. */
export const readDay = (date: string): number => dayOf(Date.parse(`${date}T00:00:00Z`))

/** A day as a date such as 2024-06-01. */
export const writeDay = (day: number): string => new Date(instantOf(day)).toISOString().slice(0, 10)

const MONTHS: Readonly<Record<Exclude<Interval, 'WEEKLY'>, number>> = { MONTHLY: 1, QUARTERLY: 3, HALF_YEARLY: 6, ANNUALLY: 12 }

/** The months since 1970-01 of the month that a day is in. */
const monthOf = (day: number): number => {
  const date = new Date(instantOf(day))
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}

/** The first day of a month. */
const firstOf = (month: number): number => dayOf(Date.UTC(1970, month, 1))

const daysIn = (month: number): number => firstOf(month + 1) - firstOf(month)

/** The day so many months later, or the last one of that month where it has no such day. */
export const addMonths = (day: number, months: number): number => {
  const month = monthOf(day)
  const dayOfMonth = day - firstOf(month)
  return firstOf(month + months) + Math.min(dayOfMonth, daysIn(month + months) - 1)
}

/** 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday. */
const weekdayOf = (day: number): number => ((((day + 3) % 7) + 7) % 7) + 1

/** Where cycles begin: the days are boundary(0), boundary(1) and so on, and indexOf says the last of them that is not after a day. */
interface Boundaries {
  at: (index: number) => number
  indexOf: (day: number) => number
}

const weekly = (dayOffset: string): Boundaries => {
  const weekday = dayOffset === 'LAST' ? 7 : Number(dayOffset)
  /** The first boundary on or after 1970-01-01. */
  const first = (weekday - weekdayOf(0) + 7) % 7
  return { at: (index) => first + 7 * index, indexOf: (day) => Math.floor((day - first) / 7) }
}

/** The month of a period that cycles begin in, from 0 on. */
const monthInPeriod = (monthOffset: string, months: number): number => {
  if (months === 1 || monthOffset === 'FIRST') return 0
  return monthOffset === 'LAST' ? months - 1 : Number(monthOffset) - 1
}

const byMonths = (months: number, { dayOffset, monthOffset }: StartOffset): Boundaries => {
  const inPeriod = monthInPeriod(monthOffset, months)
  const at = (index: number): number => {
    const month = index * months + inPeriod
    const days = daysIn(month)
    return firstOf(month) + (dayOffset === 'LAST' ? days : Math.min(Number(dayOffset), days)) - 1
  }
  const indexOf = (day: number): number => {
    const index = Math.floor((monthOf(day) - inPeriod) / months)
    return at(index) > day ? index - 1 : index
  }
  return { at, indexOf }
}

/**
 * Where the cycles of a plan begin that comes into force on a day on each anniversary of that: the 31st, and the end of February, are the
 * last day of their month; 28 February of a leap year stays the 28th, since a cycle of one day would begin on it otherwise.
 */
export const anniversaryOffset = (interval: Interval, day: number): StartOffset => {
  if (interval === 'WEEKLY') return { dayOffset: String(weekdayOf(day)), monthOffset: 'NIL' }
  const month = monthOf(day)
  const dayOfMonth = day - firstOf(month) + 1
  const isFebruary = ((month % 12) + 12) % 12 === 1
  const isLast = dayOfMonth === 31 || (isFebruary && dayOfMonth === daysIn(month))
  const months = MONTHS[interval]
  return {
    dayOffset: isLast ? 'LAST' : String(dayOfMonth),
    monthOffset: months === 1 ? 'NIL' : String((((month % months) + months) % months) + 1),
  }
}

/** Where the cycles of a schedule begin. */
export const startOffsetOf = ({ cycle, from }: Pick<Schedule, 'cycle' | 'from'>): StartOffset =>
  cycle.anniversaryCycle || !cycle.startOffset ? anniversaryOffset(cycle.interval, from) : cycle.startOffset

const boundariesOf = (schedule: Pick<Schedule, 'cycle' | 'from'>): Boundaries => {
  const { interval } = schedule.cycle
  const offset = startOffsetOf(schedule)
  return interval === 'WEEKLY' ? weekly(offset.dayOffset) : byMonths(MONTHS[interval], offset)
}

/** The n-th cycle of a schedule, from 1 on; undefined where the schedule has ended before it. Each is reckoned from the calendar, not from the one before. */
export const cycleOf = (schedule: Schedule, ordinal: number): Cycle | undefined => {
  const { at, indexOf } = boundariesOf(schedule)
  const { from, until } = schedule
  const index = indexOf(from) + ordinal - 1
  const [nominalStart, nominalEnd] = [at(index), at(index + 1)]
  const start = Math.max(nominalStart, from)
  return start < until && ordinal > 0 ? { ordinal, start, end: Math.min(nominalEnd, until), nominalStart, nominalEnd } : undefined
}

/** The cycle of a schedule that a day is in; undefined where the schedule is not in force on it. */
export const cycleAt = (schedule: Schedule, day: number): Cycle | undefined => {
  if (day < schedule.from || day >= schedule.until) return undefined
  const { indexOf } = boundariesOf(schedule)
  return cycleOf(schedule, indexOf(day) - indexOf(schedule.from) + 1)
}

/** The day on which the invoice of a cycle falls due: the grace period begins when the cycle ends. */
export const dueDayOf = ({ end }: Pick<Cycle, 'end'>, gracePeriod: number): number => end + gracePeriod

/**
 * The whole period that some cycles around one of a schedule are parts of, by their ordinals, on how many of its days the schedule is in
 * force, its first day, and the first one after it.
 */
export const periodOf = (
  schedule: Schedule,
  cycle: Pick<Cycle, 'ordinal' | 'start'>,
  first: number,
  last: number,
): { days: number; of: number; start: number; end: number } => {
  const { at, indexOf } = boundariesOf(schedule)
  const { from, until } = schedule
  const index = indexOf(cycle.start) - cycle.ordinal
  const [start, end] = [at(index + first), at(index + last + 1)]
  return { days: Math.max(0, Math.min(end, until) - Math.max(start, from)), of: end - start, start, end }
}
