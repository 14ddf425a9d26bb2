import type { StaleVersions } from './entry.ts'
import { EVENT_MIGRATIONS } from './event_schema.sql.ts'

/** How long a ledger remembers that an account changed, in milliseconds: twice as long as any Worker remembers the account. */
const TOLD_FOR = 120_000

/** A ledger's database, and what it keeps of it in memory. */
export interface Store {
  sql: SqlStorage
  /** Runs statements that are committed together or not at all. */
  transaction: <Result>(run: () => Result) => Result
  /** The version of the organization, the greatest that any call has named. */
  version: number
  /** Rule sets and accounts that the database has. */
  known: Set<string>
  /** Up to which instant, in milliseconds, times of any account are closed. */
  closedUntil: number
  /** Whether there are versions of accounts that changed in the last two minutes. */
  hasTold: boolean
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

/** Opens the database of an EventLedger. */
export const openStore = (storage: DurableObjectStorage): Store => {
  migrate(storage, EVENT_MIGRATIONS)
  const { sql } = storage
  const one = (query: string): number => sql.exec<{ value: number | null }>(query).one().value ?? 0
  return {
    sql,
    transaction: (run) => storage.transactionSync(run),
    version: one("SELECT max(value) AS value FROM state WHERE key = 'version'"),
    known: new Set(),
    closedUntil: one('SELECT max(until) AS value FROM closing'),
    hasTold: one('SELECT count(*) AS value FROM told') > 0,
  }
}

/** Takes the version of the organization that a call names, if it is greater than every one before. */
export const takeVersion = (store: Store, version: number): void => {
  if (version <= store.version) return
  store.sql.exec("INSERT INTO state VALUES ('version', ?1) ON CONFLICT (key) DO UPDATE SET value = max(value, ?1)", version)
  store.version = version
}

/** Keeps for two minutes that accounts have these versions, by their keys. */
export const tellAccounts = (store: Store, versions: Readonly<Record<string, number>>, now: number): void => {
  store.sql.exec('DELETE FROM told WHERE told_at < ?', now - TOLD_FOR)
  store.sql.exec(
    `INSERT INTO told SELECT key, value, ?2 FROM json_each(?1) WHERE true
     ON CONFLICT (account) DO UPDATE SET version = max(version, excluded.version), told_at = excluded.told_at`,
    JSON.stringify(versions),
    now,
  )
  store.hasTold = true
}

/** What a call rests on that has changed since: undefined when it rests on what holds. */
export const findStale = (
  store: Store,
  { version, accounts }: { version: number; accounts: Readonly<Record<string, number>> },
): StaleVersions | undefined => {
  if (version < store.version) return { version: store.version }
  if (!store.hasTold) return undefined
  const stale = store.sql
    .exec<{ account: string; version: number }>(
      'SELECT told.account, told.version FROM json_each(?) AS sent CROSS JOIN told ON told.account = sent.key AND told.version > sent.value',
      JSON.stringify(accounts),
    )
    .toArray()
  return stale.length ? { accounts: Object.fromEntries(stale.map(({ account, version: its }) => [account, its])) } : undefined
}

/** Of names, those that the database is not known to have; they are known from now on. */
export const takeUnknown = ({ known }: Store, names: readonly string[]): string[] => {
  if (known.size > MOST_KNOWN) known.clear()
  const unknown = names.filter((name) => !known.has(name))
  for (const name of unknown) known.add(name)
  return unknown
}

/** Items in lists of up to `size` each. */
export const chunks = <Item>(items: readonly Item[], size = 5000): (readonly Item[])[] => {
  const lists: (readonly Item[])[] = []
  for (let at = 0; at < items.length; at += size) lists.push(items.slice(at, at + size))
  return lists
}

/** JSON lists of up to 5,000 items each: a parameter holds 2 MB at most. */
export const chunked = (items: readonly unknown[], size = 5000): string[] => chunks(items, size).map((some) => JSON.stringify(some))
