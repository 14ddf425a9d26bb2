import { IS_OPENING } from './account_schema.sql.ts'
import type { LicenseAct } from './entry.ts'
import { chunked } from './store.ts'

/** A name of a licence that is active from one instant until just before another, in milliseconds. Null if it has no end. */
export interface NamedLicense {
  account: string
  license: string
  name: string
  from: number
  until: number | null
}

interface ActionRow {
  [column: string]: SqlStorageValue
  account: string
  license: string
  name: string
  time: number
  reference: string
  action: number
}

/** At the same instant, additions come before removals, no matter in which order they arrived. */
const ORDER = 'ORDER BY account, license, name, time, action DESC'

/** The spans in which names are active, of actions in the order of their names and times: a name that is added while it is active stays as it is, and so does one that is removed while it is not. */
const spansOf = (actions: Iterable<ActionRow>): NamedLicense[] => {
  const spans: NamedLicense[] = []
  for (const { account, license, name, time, action } of actions) {
    const last = spans.at(-1)
    const open = last?.account === account && last.license === license && last.name === name && last.until === null ? last : undefined
    if (action === 1 && !open) spans.push({ account, license, name, from: time, until: null })
    if (action === -1 && open) open.until = time
  }
  return spans.filter(({ from, until }) => until === null || from < until)
}

/** Whether a name has a licence at an instant, after all that was done with it until then. */
const isActive = (sql: SqlStorage, { account, license, name, time }: LicenseAct): boolean => {
  const lastOf = (action: 1 | -1): number =>
    sql
      .exec<{ time: number }>(
        `SELECT time FROM license_action INDEXED BY license_action_by_name
         WHERE account = ? AND license = ? AND name = ? AND action = ? AND time <= ? ORDER BY time DESC LIMIT 1`,
        account,
        license,
        name,
        action,
        time,
      )
      .toArray()[0]?.time ?? Number.NEGATIVE_INFINITY
  return lastOf(1) > lastOf(-1)
}

type Place = Pick<ActionRow, 'account' | 'license' | 'name' | 'time'>

/** Marks which additions begin entries, after what was done with a name at an instant has changed: those of that instant, and the next one. */
const markOpenings = (sql: SqlStorage, { account, license, name, time }: Place): void => {
  const additions = sql
    .exec<{ time: number; reference: string }>(
      `SELECT * FROM (
         SELECT time, reference FROM license_action INDEXED BY license_action_by_name
         WHERE account = ?1 AND license = ?2 AND name = ?3 AND action = 1 AND time = ?4 ORDER BY reference LIMIT 2
       )
       UNION ALL
       SELECT * FROM (
         SELECT time, reference FROM license_action INDEXED BY license_action_by_name
         WHERE account = ?1 AND license = ?2 AND name = ?3 AND action = 1 AND time > ?4 ORDER BY time, reference LIMIT 1
       )`,
      account,
      license,
      name,
      time,
    )
    .toArray()
  for (const one of additions)
    sql.exec(
      `UPDATE license_action AS its SET opens = ${IS_OPENING} WHERE account = ? AND license = ? AND name = ? AND time = ? AND reference = ?`,
      account,
      license,
      name,
      one.time,
      one.reference,
    )
}

const readAction = (sql: SqlStorage, reference: string): ActionRow | undefined =>
  sql.exec<ActionRow>('SELECT * FROM license_action WHERE reference = ?', reference).toArray()[0]

/**
 * Does what an event asks of a licence, once: ABSENT where a name is to be removed that is not there at that time, or where the event was
 * taken back before. It answers the same whenever it is asked again.
 */
export const applyLicense = (sql: SqlStorage, act: LicenseAct): 'DONE' | 'ABSENT' => {
  const { account, license, name, time, reference, arrivedAt = time } = act
  const before = readAction(sql, reference)
  if (before) return before.action === 0 ? 'ABSENT' : 'DONE'
  const action = act.action === 1 || isActive(sql, act) ? act.action : 0
  sql.exec('INSERT INTO license_action VALUES (?, ?, ?, ?, ?, ?, ?, 0)', account, license, name, time, reference, action, arrivedAt)
  if (action !== 0) markOpenings(sql, act)
  return action === 0 ? 'ABSENT' : 'DONE'
}

/** Reverts the action of an event on a licence, and refuses it if it arrives later. */
export const revertLicense = (sql: SqlStorage, reference: string): void => {
  const before = readAction(sql, reference)
  if (!before) sql.exec("INSERT INTO license_action VALUES ('', '', '', 0, ?, 0, 0, 0)", reference)
  else if (before.action !== 0) {
    sql.exec('UPDATE license_action SET action = 0, opens = 0 WHERE reference = ?', reference)
    markOpenings(sql, before)
  }
}

/** The names that are active at any instant from `from` until before `until` (milliseconds), of some accounts or of all of the ledger. */
export const readLicenses = (sql: SqlStorage, from: number, until: number, accounts: readonly string[] | undefined): NamedLicense[] => {
  const actions = accounts
    ? chunked([...new Set(accounts)]).flatMap((sent) =>
        sql
          .exec<ActionRow>(
            `SELECT its.* FROM json_each(?) AS sent CROSS JOIN license_action AS its ON its.account = sent.value WHERE its.action <> 0 ${ORDER}`,
            sent,
          )
          .toArray(),
      )
    : sql.exec<ActionRow>(`SELECT * FROM license_action WHERE action <> 0 ${ORDER}`)
  return spansOf(actions).filter((span) => span.from < until && (span.until === null || span.until > from))
}

/** A time in which a name has a licence, as the event that began it tells it. Times are in milliseconds. */
export interface NamedEntry extends NamedLicense {
  /** The reference of the event that began it. */
  reference: string
  /** When that event arrived. */
  createdAt: number
  /** When the event arrived that ended it, if that is later. */
  updatedAt: number
}

/** The entries that are asked for: the newest arrivals first. */
export interface NamedEntryQuery {
  /** If left out, those of all accounts. */
  accounts?: readonly string[]
  license?: string
  name?: string
  /** The arrival (milliseconds) and the reference of the last entry before. */
  after?: readonly [createdAt: number, reference: string]
  limit: number
}

interface EntryRow extends ActionRow {
  arrived_at: number
  until: number | null
  ended_at: number | null
}

/** What the first removal behind an addition says in a column. */
const ofEnd = (column: 'time' | 'arrived_at'): string => `(
    SELECT removed.${column} FROM license_action AS removed INDEXED BY license_action_by_name
    WHERE removed.account = its.account AND removed.license = its.license AND removed.name = its.name
      AND removed.action = -1 AND removed.time > its.time
    ORDER BY removed.time, removed.reference LIMIT 1
  )`

/** The index that holds the entries of a query in their order. */
const indexFor = (account: string | undefined, { license, name }: NamedEntryQuery): string => {
  if (name !== undefined) return account === undefined ? 'license_entry_of_name' : 'license_entry_of_account_and_name'
  if (license !== undefined) return account === undefined ? 'license_entry_of_license' : 'license_entry_of_both'
  return account === undefined ? 'license_entry' : 'license_entry_of_account'
}

const listEntriesOf = (sql: SqlStorage, account: string | undefined, query: NamedEntryQuery): EntryRow[] => {
  const { license, name, after, limit } = query
  const conditions: [condition: string, ...values: (string | number)[]][] = [['its.opens = 1']]
  if (account !== undefined) conditions.push(['its.account = ?', account])
  if (license !== undefined) conditions.push(['its.license = ?', license])
  if (name !== undefined) conditions.push(['its.name = ?', name])
  if (after) conditions.push(['(its.arrived_at, its.reference) < (?, ?)', ...after])
  return sql
    .exec<EntryRow>(
      `SELECT its.*, ${ofEnd('time')} AS until, ${ofEnd('arrived_at')} AS ended_at FROM license_action AS its INDEXED BY ${indexFor(account, query)}
       WHERE ${conditions.map(([condition]) => condition).join(' AND ')} ORDER BY its.arrived_at DESC, its.reference DESC LIMIT ?`,
      ...conditions.flatMap(([, ...values]) => values),
      limit,
    )
    .toArray()
}

/** Compares entries for lists: the newest arrival first, then by reference. */
export const compareEntries = (
  one: Pick<NamedEntry, 'createdAt' | 'reference'>,
  other: Pick<NamedEntry, 'createdAt' | 'reference'>,
): number => other.createdAt - one.createdAt || (one.reference < other.reference ? 1 : Number(one.reference > other.reference) * -1)

/** The entries of named licences, each from the addition of a name until its removal, up to the limit of the query. Those that would end when they begin are none. */
export const listEntries = (sql: SqlStorage, query: NamedEntryQuery): NamedEntry[] => {
  const accounts = query.accounts ? new Set(query.accounts) : [undefined]
  return [...accounts]
    .flatMap((account) => listEntriesOf(sql, account, query))
    .map(({ account, license, name, time, reference, arrived_at: createdAt, until, ended_at: endedAt }) => ({
      account,
      license,
      name,
      from: time,
      until,
      reference,
      createdAt,
      updatedAt: Math.max(createdAt, endedAt ?? createdAt),
    }))
    .toSorted(compareEntries)
    .slice(0, query.limit)
}
