import { HOUR, type RecordHead, type StaleVersions } from './entry.ts'
import { EVENT_MIGRATIONS } from './event_schema.sql.ts'

/** How long a ledger remembers that an account changed, in milliseconds: twice as long as any Worker remembers the account. */
export const TOLD_FOR = 120_000

/** The database of a ledger, and the data that the ledger keeps in memory. */
export interface Store {
  sql: SqlStorage
  /** Runs statements in a transaction. */
  transaction: <Result>(run: () => Result) => Result
  /** The highest version of the organization of any call. */
  version: number
  /** The rule sets, customers, accounts and series that are in the database. */
  known: Set<string>
  /** From this instant (milliseconds) on, no account has closed times. */
  closedUntil: number
  /** The time (milliseconds) until which calls are checked against versions of accounts. */
  toldUntil: number
  /** The mark of the last change of accounts. No mark is given twice, even if the change with the last one was dropped. */
  marked: number
  /** The test clock of the organization, as far as this ledger knows, in milliseconds. Null if the organization lives in real time. */
  clock: number | null
}

/** The most names that a ledger remembers as stored. */
const MOST_KNOWN = 20_000

/** Applies new `migrations` to the tables of a ledger. */
export const migrate = (storage: DurableObjectStorage, migrations: readonly string[]): void =>
  storage.transactionSync(() => {
    storage.sql.exec('CREATE TABLE IF NOT EXISTS migration (version INTEGER NOT NULL PRIMARY KEY)')
    const [{ version } = { version: 0 }] = storage.sql.exec<{ version: number }>('SELECT count(*) AS version FROM migration').toArray()
    for (const [index, migration] of migrations.entries()) {
      if (index < version) continue
      storage.sql.exec(migration)
      storage.sql.exec('INSERT INTO migration VALUES (?)', index + 1)
    }
  })

/** Reads a value that is stored as JSON under a name. */
export const readState = <Value>({ sql }: Pick<Store, 'sql'>, key: string, otherwise: Value): Value => {
  const [row] = sql.exec<{ value: string }>('SELECT value FROM state WHERE key = ?', key).toArray()
  return row ? (JSON.parse(row.value) as Value) : otherwise
}

export const writeState = ({ sql }: Pick<Store, 'sql'>, key: string, value: unknown): void => {
  sql.exec('INSERT INTO state VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2', key, JSON.stringify(value))
}

/** Opens the database of an EventLedger. The data in memory is read again after each rollback. */
export const openStore = (storage: DurableObjectStorage): Store => {
  migrate(storage, EVENT_MIGRATIONS)
  const { sql } = storage
  const one = (query: string): number => sql.exec<{ value: number | null }>(query).one().value ?? 0
  const read = () => ({
    version: readState({ sql }, 'version', 0),
    known: new Set<string>(),
    closedUntil: one('SELECT max(until) AS value FROM closing'),
    toldUntil: one('SELECT max(told_at) AS value FROM told') + TOLD_FOR,
    marked: Math.max(readState({ sql }, 'dropped_mark', 0), one('SELECT max(mark) AS value FROM changed')),
    clock: readState<number | null>({ sql }, 'test_clock', null),
  })
  const store: Store = {
    sql,
    transaction: (run) => {
      try {
        return storage.transactionSync(run)
      } catch (error) {
        Object.assign(store, read())
        throw error
      }
    },
    ...read(),
  }
  return store
}

/** Thrown to undo what was only tried. */
const UNDONE = new Error('it was only tried')

/** Runs statements in a transaction, undoes what they did, and gives their result. */
export const runAndUndo = <Result>(transaction: (run: () => void) => void, run: () => Result): Result => {
  const results: Result[] = []
  try {
    transaction(() => {
      results.push(run())
      throw UNDONE
    })
  } catch (error) {
    if (error !== UNDONE) throw error
  }
  return results[0] as Result
}

/** Stores the version of the organization of a call, if it is higher than all before. */
export const takeVersion = (store: Store, version: number): void => {
  if (version <= store.version) return
  writeState(store, 'version', version)
  store.version = version
}

/** Stores the time of the organization's test clock if a call came by it, since data then expires by that clock. It is exact to the hour, and never goes back. */
export const noteClock = (store: Store, { isTestClock, createdAt }: Pick<RecordHead, 'isTestClock' | 'createdAt'>): void => {
  if (!isTestClock || (store.clock !== null && createdAt < store.clock + HOUR)) return
  writeState(store, 'test_clock', createdAt)
  store.clock = createdAt
}

/** Stores versions of accounts, by key, for two minutes. Older versions no longer count, even if they are higher. */
export const tellAccounts = (store: Store, versions: Readonly<Record<string, number>>, now: number): void => {
  if (now >= store.toldUntil) store.sql.exec('DELETE FROM told')
  for (const sent of chunked(Object.entries(versions)))
    store.sql.exec(
      `INSERT INTO told SELECT value ->> 0, value ->> 1, ?2 FROM json_each(?1) WHERE true
       ON CONFLICT (account) DO UPDATE
       SET version = iif(told_at > ?3, max(version, excluded.version), excluded.version), told_at = excluded.told_at`,
      sent,
      now,
      now - TOLD_FOR,
    )
  store.toldUntil = now + TOLD_FOR
}

/** Forgets versions of accounts, by key: the database does not have them any more because it was restored to an earlier time. */
export const forgetTold = ({ sql }: Store, versions: Readonly<Record<string, number>>): void => {
  for (const sent of chunked(Object.entries(versions)))
    sql.exec(
      `DELETE FROM told WHERE EXISTS (
         SELECT 1 FROM json_each(?) AS sent WHERE told.account = sent.value ->> 0 AND told.version = sent.value ->> 1
       )`,
      sent,
    )
}

/** Finds the outdated versions of a call. Undefined if all are current. */
export const findStale = (
  store: Store,
  { version, accounts }: { version: number; accounts: Readonly<Record<string, number>> },
  now: number,
): StaleVersions | undefined => {
  if (version < store.version) return { version: store.version }
  if (now >= store.toldUntil) return undefined
  const stale = chunked(Object.entries(accounts)).flatMap((sent) =>
    store.sql
      .exec<{ account: string; version: number }>(
        `SELECT told.account, told.version FROM json_each(?) AS sent CROSS JOIN told ON told.account = sent.value ->> 0
         WHERE told.version > sent.value ->> 1 AND told.told_at > ?`,
        sent,
        now - TOLD_FOR,
      )
      .toArray(),
  )
  return stale.length ? { accounts: Object.fromEntries(stale.map(({ account, version: its }) => [account, its])) } : undefined
}

/** Returns the names that are not known to be in the database, and remembers them. */
export const takeUnknown = ({ known }: Store, kind: 'rules' | 'customer' | 'account' | 'series', names: Iterable<string>): string[] => {
  if (known.size > MOST_KNOWN) known.clear()
  const unknown: string[] = []
  for (const name of names) {
    const key = `${kind} ${name}`
    if (known.has(key)) continue
    known.add(key)
    unknown.push(name)
  }
  return unknown
}

/** The largest size of a parameter and of a row is 2 MB. */
const MOST_BYTES = 1_900_000
/** A text of this length always fits, whatever its characters are. */
const SURE_TO_FIT = MOST_BYTES / 3

const encoder = new TextEncoder()

export const fits = (json: string): boolean => json.length <= SURE_TO_FIT || encoder.encode(json).length <= MOST_BYTES

/** Parts of a list, of `most` items at most, with the JSON of each: that fits into a parameter. Throws a RangeError where one item alone does not. */
export const splitList = <Item>(items: readonly Item[], most = 5000): { part: readonly Item[]; json: string }[] => {
  if (!items.length) return []
  if (items.length > most) return [...splitList(items.slice(0, most), most), ...splitList(items.slice(most), most)]
  const json = JSON.stringify(items)
  if (fits(json)) return [{ part: items, json }]
  if (items.length === 1) throw new RangeError('an item is larger than a ledger holds')
  const half = Math.ceil(items.length / 2)
  return [...splitList(items.slice(0, half)), ...splitList(items.slice(half))]
}

/** Splits a list into JSON lists that each fit into a parameter. */
export const chunked = (items: readonly unknown[], most?: number): string[] => splitList(items, most).map(({ json }) => json)

/** Splits a JSON list into lists that each fit into a parameter. */
export const split = (json: string): string[] => (fits(json) ? [json] : chunked(JSON.parse(json) as unknown[]))
