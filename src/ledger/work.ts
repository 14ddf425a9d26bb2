import type { Store } from './store.ts'

/** The longest time between two attempts, in milliseconds. */
const LONGEST_WAIT = 3_600_000

/** Work for other ledgers that is not finished: actions of events in progress, and corrections. */
export type Work = 'progress' | 'carry'
const KEYS = { progress: 'reference', carry: 'correction' } as const

export interface OpenWork {
  [column: string]: SqlStorageValue
  key: string
  id: string
  act: string
  isUndo: number
}

/** Reads the work that is due at `now` (milliseconds), the oldest first. */
export const readDue = ({ sql }: Store, work: Work, now: number): OpenWork[] =>
  sql
    .exec<OpenWork>(
      `SELECT ${KEYS[work]} AS key, act${work === 'progress' ? ', id, is_undo AS isUndo' : ", '' AS id, 0 AS isUndo"}
       FROM ${work} WHERE due_at <= ? ORDER BY due_at LIMIT 100`,
      now,
    )
    .toArray()

/** Postpones failed work, each time for longer. */
export const putOff = ({ sql }: Store, work: Work, key: string, now: number): void => {
  sql.exec(
    `UPDATE ${work} SET due_at = ?1 + min(${LONGEST_WAIT}, 5000 << min(failures, 20)), failures = failures + 1 WHERE ${KEYS[work]} = ?2`,
    now,
    key,
  )
}

/** The time at which the next work is due, in milliseconds. Undefined if there is none. */
export const readNextDue = ({ sql }: Store): number | undefined =>
  sql
    .exec<{ at: number | null }>(
      'SELECT min(at) AS at FROM (SELECT min(due_at) AS at FROM progress UNION ALL SELECT min(due_at) FROM carry)',
    )
    .one().at ?? undefined
