import { HOUR, type StaleVersions } from './entry.ts'
import { EVENT_MIGRATIONS } from './event_schema.sql.ts'

/** How long a ledger remembers that an account changed, in milliseconds: twice as long as any Worker remembers the account. */
export const TOLD_FOR = 120_000

/** A ledger's database, and what it keeps of it in memory. */
export interface Store {
  sql: SqlStorage
  /** Runs statements that are committed together or not at all. */
  transaction: <Result>(run: () => Result) => Result
  /** The version of the organization, the greatest that any call has named. */
  version: number
  /** Rule sets, customers, accounts and series that the database has. */
  known: Set<string>
  /** No times of any account are closed from this instant on, in milliseconds. */
  closedUntil: number
  /** Until when, in milliseconds, there are versions of accounts that calls are held against. */
  toldUntil: number
  /** The organization's own clock at its last call, in milliseconds; null where that is the real one. */
  clock: number | null
}

/** The most names that a ledger remembers to have. */
const MOST_KNOWN = 20_000

/** Brings a ledger's tables to the newest of `migrations`. */
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

/** A value that is kept as JSON under a name. */
export const readState = <Value>({ sql }: Pick<Store, 'sql'>, key: string, otherwise: Value): Value => {
  const [row] = sql.exec<{ value: string }>('SELECT value FROM state WHERE key = ?', key).toArray()
  return row ? (JSON.parse(row.value) as Value) : otherwise
}

export const writeState = ({ sql }: Pick<Store, 'sql'>, key: string, value: unknown): void => {
  sql.exec('INSERT INTO state VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2', key, JSON.stringify(value))
}

/** Opens the database of an EventLedger. What it keeps in memory is read again whenever a transaction is undone. */
export const openStore = (storage: DurableObjectStorage): Store => {
  migrate(storage, EVENT_MIGRATIONS)
  const { sql } = storage
  const one = (query: string): number => sql.exec<{ value: number | null }>(query).one().value ?? 0
  const read = () => ({
    version: readState({ sql }, 'version', 0),
    known: new Set<string>(),
    closedUntil: one('SELECT max(until) AS value FROM closing'),
    toldUntil: one('SELECT max(told_at) AS value FROM told') + TOLD_FOR,
    clock: readState<number | null>({ sql }, 'clock', null),
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

/** Takes the version of the organization that a call names, if it is greater than every one before. */
export const takeVersion = (store: Store, version: number): void => {
  if (version <= store.version) return
  writeState(store, 'version', version)
  store.version = version
}

/** Notes where the organization's own clock is, if that is not the real one: what is kept for a time goes by its own. Times are milliseconds. */
export const noteClock = (store: Store, createdAt: number, now: number): void => {
  const clock = Math.abs(now - createdAt) < HOUR ? null : createdAt
  if (clock === store.clock || (clock !== null && store.clock !== null && Math.abs(clock - store.clock) < HOUR)) return
  writeState(store, 'clock', clock)
  store.clock = clock
}

/** Keeps for two minutes that accounts have these versions, by their keys. What was told longer ago counts no more, even where it is greater. */
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

/** What a call rests on that has changed since: undefined when it rests on what holds. */
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

/** Of names, those that the database is not known to have; they are known from now on. */
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

/** A parameter, and a row, holds 2 MB at most. */
const MOST_BYTES = 1_900_000
/** A text that is not longer than this fits, whatever it is made of. */
const SURE_TO_FIT = MOST_BYTES / 3

const encoder = new TextEncoder()

export const fits = (json: string): boolean => json.length <= SURE_TO_FIT || encoder.encode(json).length <= MOST_BYTES

/** Parts of a list, of `most` items at most, with the JSON of each: that fits into a parameter. Throws a RangeError where one item alone does not. */
export const inParts = <Item>(items: readonly Item[], most = 5000): { part: readonly Item[]; json: string }[] => {
  if (!items.length) return []
  if (items.length > most) return [...inParts(items.slice(0, most), most), ...inParts(items.slice(most), most)]
  const json = JSON.stringify(items)
  if (fits(json)) return [{ part: items, json }]
  if (items.length === 1) throw new RangeError('an item is larger than a ledger holds')
  const half = Math.ceil(items.length / 2)
  return [...inParts(items.slice(0, half)), ...inParts(items.slice(half))]
}

/** JSON lists of the items of a list, each of which fits into a parameter. */
export const chunked = (items: readonly unknown[], most?: number): string[] => inParts(items, most).map(({ json }) => json)

/** A JSON list as lists that each fit into a parameter. */
export const split = (json: string): string[] => (fits(json) ? [json] : chunked(JSON.parse(json) as unknown[]))
