import type { AlertRow } from './table.ts'

/** The kind of due work that checks an alert. Its subject is the id of the alert. */
export const ALERT = 'ALERT'

const MINUTE = 60_000

/** When an alert is over, in milliseconds. Undefined if it never is. */
export const endOf = ({ createdAt, validity }: Pick<AlertRow, 'createdAt' | 'validity'>): number | undefined =>
  validity === null ? undefined : createdAt + validity * MINUTE

export const isOver = (row: Pick<AlertRow, 'createdAt' | 'validity'>, now: number): boolean => (endOf(row) ?? Infinity) <= now

/** Whether an alert is checked at an instant. */
export const isChecked = (row: Pick<AlertRow, 'status' | 'createdAt' | 'validity'>, now: number): boolean =>
  row.status === 'ACTIVE' && !isOver(row, now)

type Grid = Pick<AlertRow, 'anchoredAt' | 'interval'>

/** The first instant at or behind another one at which an alert is to be checked, if nothing else is said, in milliseconds. */
export const checkFrom = ({ anchoredAt, interval }: Grid, instant: number): number => {
  const step = interval * MINUTE
  return anchoredAt + Math.max(Math.ceil((instant - anchoredAt) / step), 1) * step
}

/** The last instant until another one at which an alert is to be checked, in milliseconds. It can lie before the first check. */
export const checkUntil = ({ anchoredAt, interval }: Grid, instant: number): number => {
  const step = interval * MINUTE
  return anchoredAt + Math.floor((instant - anchoredAt) / step) * step
}

/** When an alert is checked next behind an instant, in milliseconds. Undefined if it is over before. */
export const nextCheck = (row: Grid & Pick<AlertRow, 'createdAt' | 'validity'>, after: number): number | undefined => {
  const next = checkFrom(row, after + 1)
  return isOver(row, next) ? undefined : next
}
