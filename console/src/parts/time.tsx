import { dayOf, instantOf, isForever, lastDayOf, localOf } from './format.ts'

/** An instant in UTC, with the local time beside it. */
export const Time = ({ at }: { at: string | undefined }) => {
  if (!at) return <span class="muted">–</span>
  const local = localOf(at)
  return (
    <time dateTime={at} class="time">
      {instantOf(at)} <span class="muted">UTC{local && ` · ${local} here`}</span>
    </time>
  )
}

/** A day of a calendar in UTC. */
export const Day = ({ at }: { at: string | undefined }) =>
  at ? (
    <time dateTime={at} class="time">
      {isForever(at) ? 'no end' : dayOf(at)}
    </time>
  ) : (
    <span class="muted">–</span>
  )

/** The days of a range whose end is not in it. */
export const Days = ({ from, until }: { from: string | undefined; until: string | undefined }) =>
  from && until ? (
    <span class="time">
      {dayOf(from)} – {isForever(until) ? 'no end' : lastDayOf(until)}
    </span>
  ) : (
    <span class="muted">–</span>
  )
