import {
  type EventMore,
  type EventRow,
  type LicenseAct,
  type RecordHead,
  type Recorded,
  type RuleSet,
  type Stale,
  codeOf,
} from './entry.ts'
import { type Store, findStale, takeUnknown, takeVersion } from './store.ts'
import { totalsOf } from './totals.ts'

/** How long an id is taken, in milliseconds (the contract: 45 days). */
export const TAKEN_FOR = 45 * 86_400_000

const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')
const DUPLICATE = codeOf('INGESTION_FAILED_DUPLICATE_EVENT')
const PAST_GRACE = codeOf('INGESTION_FAILED_PAST_GRACE_PERIOD')

/** What is recorded: the rows and their totals as the Worker made them, each as JSON. */
export interface Batch {
  head: RecordHead
  /** JSON lists of rows, of 1 MB each at most. */
  rows: readonly string[]
  totals: string
  ids: string
  /** The earliest time of the events, in milliseconds. */
  first: number
  /** Whether some of them are repeats of what another generation has. */
  hasRepeats: boolean
  /** Of those that are in progress, what their account's ledger is to be asked, by their ids. */
  acts?: Readonly<Record<string, LicenseAct>>
  /** Whether they are recorded whatever changed since they were processed: a correction is carried to its end. */
  isCarried?: boolean
}

const COLUMNS = 'id, reference, time, created_at, account, schema, status, source, rules, units, payload, more, request'

/** The columns of a row that is sent as JSON. */
const SENT = `value ->> 0, value ->> 1, value ->> 2, ?2, value ->> 3, value ->> 4, value ->> 5, ?3, value ->> 6,
  nullif(value -> 7, 'null'), nullif(value -> 8, 'null'), nullif(value -> 9, 'null'), value ->> 10`

/** Thrown to undo a transaction in which a row was not new. */
const NOT_NEW = new Error('an event is not new')

const keepNames = (store: Store, { ruleSets, customers }: RecordHead, accounts: readonly string[]): void => {
  const { sql } = store
  const rules = takeUnknown(store, Object.keys(ruleSets))
  for (const name of rules) sql.exec('INSERT OR IGNORE INTO rule_set VALUES (?, ?)', name, JSON.stringify(ruleSets[name]))
  const names = takeUnknown(store, accounts)
  if (names.length)
    sql.exec(
      'INSERT OR IGNORE INTO account SELECT value ->> 0, value ->> 1 FROM json_each(?)',
      JSON.stringify(names.map((name) => [name, customers[name] ?? null])),
    )
}

/** How long an event may be in progress before the ledger takes it up itself, in milliseconds. */
export const TAKEN_UP_AFTER = 20_000

const keepActs = ({ sql }: Store, { acts = {}, head }: Batch, ids: readonly string[]): void => {
  for (const id of ids)
    if (acts[id]) sql.exec('INSERT OR IGNORE INTO progress VALUES (?, ?, ?)', id, JSON.stringify(acts[id]), head.createdAt + TAKEN_UP_AFTER)
}

const insertJournal = ({ sql }: Store, totals: string, ids: string): void => {
  sql.exec('INSERT INTO journal (totals, ids) VALUES (?, ?)', totals, ids)
}

/** Records events that are all new, with one statement for up to 1 MB of them. */
const recordNew = (store: Store, batch: Batch): void =>
  store.transaction(() => {
    const { head, rows, totals, ids } = batch
    const { sql } = store
    takeVersion(store, head.version)
    let inserted = 0
    for (const sent of rows) {
      sql.exec(
        `INSERT INTO event (${COLUMNS}) SELECT ${SENT} FROM json_each(?1) WHERE true ON CONFLICT (id) DO NOTHING`,
        sent,
        head.createdAt,
        head.source,
      )
      inserted += sql.exec<{ n: number }>('SELECT changes() AS n').one().n
    }
    if (inserted !== head.count) throw NOT_NEW
    keepNames(store, head, Object.keys(head.customers))
    insertJournal(store, totals, ids)
    keepActs(store, batch, Object.keys(batch.acts ?? {}))
  })

interface KnownEvent {
  [column: string]: SqlStorageValue
  id: string
  reference: string
  created_at: number
  payload: string | null
  request: string | null
}

/** The rule sets that rows name, from the call or the database. */
export const readRuleSets = ({ sql }: Store, names: readonly string[]): Record<string, RuleSet> =>
  Object.fromEntries(
    sql
      .exec<{ name: string; rules: string }>(
        'SELECT its.name, its.rules FROM json_each(?) AS sent CROSS JOIN rule_set AS its ON its.name = sent.value',
        JSON.stringify(names),
      )
      .toArray()
      .map(({ name, rules }) => [name, JSON.parse(rules) as RuleSet]),
  )

/** Whether the time of an account is closed. */
export const isClosed = ({ sql, closedUntil }: Store, account: string, time: number): boolean =>
  time < closedUntil &&
  sql.exec<{ n: number }>('SELECT count(*) AS n FROM closing WHERE account = ? AND since <= ? AND until > ?', account, time, time).one().n >
    0

/** An event of a time that is closed is not counted any more. */
const judgeClosing = (store: Store, row: EventRow): EventRow => {
  if (row[5] === DUPLICATE || !isClosed(store, row[3], row[2])) return row
  const more: EventMore = { ...row[9], why: 'The event arrived after its pricing cycle was closed.' }
  return [row[0], row[1], row[2], row[3], row[4], PAST_GRACE, row[6], null, row[8], more, row[10]]
}

const insertInto = ({ sql }: Store, table: 'event' | 'past', rows: readonly EventRow[], { createdAt, source }: RecordHead): void => {
  for (let at = 0; at < rows.length; at += 500)
    sql.exec(
      `INSERT INTO ${table} (${COLUMNS}) SELECT ${SENT} FROM json_each(?1)`,
      JSON.stringify(rows.slice(at, at + 500)),
      createdAt,
      source,
    )
}

/** The event that holds an id goes to the past, and keeps its place in the lists. */
export const moveToPast = ({ sql }: Store, id: string): void => {
  sql.exec('UPDATE past SET payload = (SELECT payload FROM event WHERE event.id = past.id) WHERE id = ? AND payload IS NULL', id)
  sql.exec(`INSERT OR REPLACE INTO past (${COLUMNS}) SELECT ${COLUMNS} FROM event WHERE id = ?`, id)
  sql.exec('DELETE FROM event WHERE id = ?', id)
  sql.exec('DELETE FROM waiting WHERE id = ?', id)
}

/** Lists a row of the past: those are few, and listed at once. */
export const listPast = ({ sql }: Store, [id, reference, time, account, schema, status]: EventRow): void => {
  sql.exec('INSERT OR REPLACE INTO timeline VALUES (?, ?, ?, ?, ?, ?)', -time, id, reference, account, schema, status)
  sql.exec('INSERT OR REPLACE INTO listing VALUES (?, ?, ?, ?, ?, ?)', account, -time, id, reference, schema, status)
}

/** The repeat of an event, without its payload where that is the same. */
const repeatOf = (row: EventRow, of: string, samePayload: boolean): EventRow => {
  const more: EventMore = { why: 'An event with this id was ingested before.', of }
  return [row[0], row[1], row[2], row[3], row[4], DUPLICATE, null, null, samePayload ? null : row[8], more, row[10]]
}

/** Finds out of each event whether it is new, sent again by the same request, or a repeat; and records what is not there yet. */
const recordOneByOne = (store: Store, batch: Batch): Recorded['repeats'] =>
  store.transaction(() => {
    const { head, rows } = batch
    const { sql } = store
    takeVersion(store, head.version)
    const sent = rows.flatMap((json) => JSON.parse(json) as EventRow[])
    const ids = JSON.stringify([...new Set(sent.map(([id]) => id))])
    const known = new Map(
      sql
        .exec<KnownEvent>(
          `SELECT event.id, event.reference, event.created_at, event.payload, event.request
           FROM json_each(?) AS sent CROSS JOIN event ON event.id = sent.value`,
          ids,
        )
        .toArray()
        .map((event) => [event.id, event]),
    )
    const past = sql
      .exec<{ reference: string; request: string | null }>(
        'SELECT past.reference, past.request FROM json_each(?) AS sent CROSS JOIN past ON past.id = sent.value',
        ids,
      )
      .toArray()
    const recorded = new Set(past.flatMap(({ reference, request }) => [reference, ...(request === null ? [] : [`key ${request}`])]))
    const [fresh, repeats]: [EventRow[], EventRow[]] = [[], []]
    const told: Recorded['repeats'] = []
    for (const one of sent) {
      const [id, reference, , , , status, , , payload, , request] = one
      const holder = known.get(id)
      const isSentAgain =
        holder?.reference === reference ||
        recorded.has(reference) ||
        (request !== null && (holder?.request === request || recorded.has(`key ${request}`)))
      if (isSentAgain) continue
      const isTaken = holder && holder.created_at > head.createdAt - TAKEN_FOR
      if (isTaken || status === DUPLICATE) {
        repeats.push(status === DUPLICATE ? one : repeatOf(one, holder?.reference ?? '', holder?.payload === JSON.stringify(payload)))
        told.push([reference, holder?.reference ?? one[9]?.of ?? ''])
        continue
      }
      if (holder) moveToPast(store, id)
      fresh.push(judgeClosing(store, one))
      known.set(id, { id, reference, created_at: head.createdAt, payload: JSON.stringify(payload), request })
    }
    keepNames(store, head, [...new Set([...fresh, ...repeats].map((row) => row[3]))])
    insertInto(store, 'event', fresh, head)
    insertInto(store, 'past', repeats, head)
    for (const row of repeats) listPast(store, row)
    keepActs(
      store,
      batch,
      fresh.filter(([, , , , , status]) => status === IN_PROGRESS).map(([id]) => id),
    )
    const totals = totalsOf([...fresh, ...repeats], head.ruleSets)
    if (totals.length) insertJournal(store, JSON.stringify(totals), JSON.stringify(fresh.map(([id]) => id)))
    return told
  })

/** Records events: each once, whatever was sent before, and none that rests on what no longer holds. */
export const recordEvents = (store: Store, batch: Batch): Recorded | Stale => {
  const stale = batch.isCarried ? undefined : findStale(store, batch.head)
  if (stale) return { stale }
  const { sql } = store
  const recorded = (repeats: Recorded['repeats']): Recorded => ({ repeats, size: sql.databaseSize })
  if (!batch.hasRepeats && batch.first >= store.closedUntil) {
    try {
      recordNew(store, batch)
      return recorded([])
    } catch (error) {
      store.known.clear()
      if (error !== NOT_NEW) throw error
    }
  }
  try {
    return recorded(recordOneByOne(store, batch))
  } catch (error) {
    store.known.clear()
    throw error
  }
}

/** Of ids, those that are taken at `now` (milliseconds), each with the reference of the event that holds it. */
export const findTaken = (store: Store, ids: readonly string[], version: number, now: number): Record<string, string> => {
  takeVersion(store, version)
  const rows = store.sql.exec<{ id: string; reference: string }>(
    'SELECT event.id, event.reference FROM json_each(?) AS sent CROSS JOIN event ON event.id = sent.value WHERE event.created_at > ?',
    JSON.stringify(ids),
    now - TAKEN_FOR,
  )
  return Object.fromEntries(rows.toArray().map(({ id, reference }) => [id, reference]))
}

/** Claims an Idempotency-Key for a request: SAME where it was claimed for the same one, OTHER for another. Keys are kept 45 days. */
export const claimKey = (store: Store, key: string, fingerprint: string, now: number): 'NEW' | 'SAME' | 'OTHER' =>
  store.transaction(() => {
    const { sql } = store
    const [found] = sql
      .exec<{ fingerprint: string; created_at: number }>('SELECT fingerprint, created_at FROM request_key WHERE key = ?', key)
      .toArray()
    if (found && found.created_at > now - TAKEN_FOR) return found.fingerprint === fingerprint ? 'SAME' : 'OTHER'
    sql.exec('INSERT OR REPLACE INTO request_key VALUES (?, ?, ?)', key, fingerprint, now)
    return 'NEW'
  })
