import { type EventRow, type LicenseAct, type RecordHead, codeOf } from './entry.ts'
import { type Store, chunked, fits, split, takeUnknown } from './store.ts'

const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')

/** What is recorded: the rows and their totals as the Worker made them, each as JSON. */
export interface Batch {
  head: RecordHead
  /** JSON lists of rows, of 1 MB each at most. */
  rows: readonly string[]
  totals: string
  /** The ids of the events, as JSON. */
  ids: string
  /** The earliest time of the events, in milliseconds. */
  first: number
  /** Whether some of them are repeats of what another generation has. */
  hasRepeats: boolean
  /** Of those that are in progress, what their account's ledger is to be asked: each names its event by its reference. */
  acts?: Readonly<Record<string, LicenseAct>>
  /** Whether they are recorded whatever changed since they were processed: a correction is carried to its end. */
  isCarried?: boolean
}

export const rowsIn = (rows: readonly string[]): EventRow[] => rows.flatMap((json) => JSON.parse(json) as EventRow[])

/** Keeps the rule sets of a call, and whose its accounts are. */
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

/** How long an event may be in progress before the ledger takes it up itself, in milliseconds. */
export const TAKEN_UP_AFTER = 20_000

/** Keeps what accounts' ledgers are to be asked for those of the events that are in progress. `now` is the time in milliseconds. */
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

/** What lists need of the rows of a JSON list. */
export const readPlaces = ({ sql }: Store, rows: string): string =>
  sql
    .exec<{ places: string }>(
      `SELECT json_group_array(json_array(value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5)) AS places
       FROM jsonb_each(?)`,
      rows,
    )
    .one().places

/** Keeps totals and places, each as JSON, until they are folded: in one row, where that can hold them. */
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
