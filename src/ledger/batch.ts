import { type Act, type EventRow, type RecordHead, codeOf } from './entry.ts'
import { type Store, chunked, fits, split, takeUnknown } from './store.ts'

const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')

/** A batch to record: the rows and their totals, each as JSON. */
export interface Batch {
  head: RecordHead
  /** JSON lists of rows, each of at most 1 MB. */
  rows: readonly string[]
  totals: string
  /** The ids of the events, as JSON. */
  ids: string
  /** The earliest time of the events, in milliseconds. */
  first: number
  /** Whether some of them repeat events of another generation. */
  hasRepeats: boolean
  /** The requests to accounts' ledgers for events in progress, each with the reference of its event. */
  acts?: Readonly<Record<string, Act>>
  /** Whether they are recorded even if versions are outdated, since a correction must be finished. */
  isCarried?: boolean
}

export const rowsIn = (rows: readonly string[]): EventRow[] => rows.flatMap((json) => JSON.parse(json) as EventRow[])

/** Stores the rule sets and the customers of a call. */
export const keepNames = (store: Store, { ruleSets, customers }: RecordHead): void => {
  const { sql } = store
  for (const name of takeUnknown(store, 'rules', Object.keys(ruleSets)))
    sql.exec('INSERT OR IGNORE INTO rule_set VALUES (?, ?)', name, JSON.stringify(ruleSets[name]))
  const accounts = takeUnknown(store, 'customer', Object.keys(customers))
  for (const sent of chunked(accounts.map((account) => [account, customers[account] ?? null])))
    sql.exec(
      `INSERT INTO account SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
       ON CONFLICT (account) DO UPDATE SET customer = excluded.customer WHERE customer IS NULL`,
      sent,
    )
}

/** How long an event may be in progress before the ledger finishes it itself, in milliseconds. */
export const TAKEN_UP_AFTER = 20_000

/** Stores the requests to accounts' ledgers for events in progress. `now` is in milliseconds. */
export const keepActs = ({ sql }: Store, { acts }: Pick<Batch, 'acts'>, rows: readonly EventRow[], now: number): void => {
  if (!acts) return
  const its = new Map(Object.values(acts).map((act) => [act.reference, JSON.stringify(act)]))
  for (const [id, reference, , , , status] of rows) {
    const act = its.get(reference)
    if (act !== undefined && status === IN_PROGRESS)
      sql.exec(
        'INSERT INTO progress (reference, id, act, is_undo, due_at) VALUES (?, ?, ?, 0, ?)',
        reference,
        id,
        act,
        now + TAKEN_UP_AFTER,
      )
  }
}

/** Reads the list entries of the rows of a JSON list. */
export const readPlaces = ({ sql }: Store, rows: string): string =>
  sql
    .exec<{ places: string }>(
      `SELECT json_group_array(json_array(value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5)) AS places
       FROM jsonb_each(?)`,
      rows,
    )
    .one().places

/** Adds totals and list entries, each as JSON, to the journal, in one row if possible. */
export const insertJournal = ({ sql }: Store, totals: string, places: readonly string[]): void => {
  const insert = (some: string, its: string) => sql.exec('INSERT INTO journal (totals, places) VALUES (?, ?)', some, its)
  const [first = '[]', ...others] = places
  const joined = others.length ? `[${places.map((some) => some.slice(1, -1)).join(',')}]` : first
  if (fits(totals + joined)) insert(totals, joined)
  else {
    for (const some of split(totals)) insert(some, '[]')
    for (const some of split(joined)) insert('[]', some)
  }
}
