import { ZERO, add, compare, formatDecimal, requireDecimal, sumDecimals } from '../lib/decimal.ts'
import { type EntryRow, type Instants, forgetTakes, leftOf, usedOf } from './feature_rows.ts'
import { chunked } from './store.ts'

/** Credits of a feature as they were granted, from one instant until just before another, in milliseconds. Units are decimal texts; null has no limit. */
export interface FeatureGrant {
  feature: string
  id: string
  source: string
  from: number
  until: number
  granted: string | null
  isVoid: boolean
  version: number
}

/** Credits of a feature as they are now. */
export interface FeatureEntry extends FeatureGrant {
  used: string
  updatedAt: number
}

/** What is to be known of the credits of an account. */
export interface AccountGrants {
  account: string
  grants: readonly FeatureGrant[]
  /** The first instant of the last pricing cycle that has granted its credits, in milliseconds. */
  begunAt: number | null
  /** The instant before which no event of the account can be taken back any more. */
  settledUntil: number
}

const showEntry = (row: EntryRow): FeatureEntry => ({
  feature: row.feature,
  id: row.id,
  source: row.source,
  from: row.since,
  until: row.until,
  granted: row.granted,
  isVoid: row.is_void === 1,
  version: row.version,
  used: formatDecimal(usedOf(row)),
  updatedAt: row.updated_at,
})

/** What is left of an entry, as a decimal text: nothing if it is void. Undefined if it has no limit. */
export const balanceOf = ({ granted, used, isVoid }: Pick<FeatureEntry, 'granted' | 'used' | 'isVoid'>): string | undefined => {
  const left = leftOf({ granted, used })
  return isVoid ? '0' : left && formatDecimal(left)
}

/** How much of what events took is forgotten when something is granted. */
const FORGOTTEN_AT_ONCE = 5000

/** Keeps what was granted to accounts. Of two versions of a grant the newer one counts, whichever comes first. */
export const putGrants = (sql: SqlStorage, all: readonly AccountGrants[], { now, wallClock }: Instants): void => {
  for (const { account, grants, begunAt, settledUntil } of all) {
    const sent = grants.map(({ feature, id, source, from, until, granted, isVoid, version }) => [
      account,
      feature,
      id,
      source,
      from,
      until,
      granted,
      isVoid ? 1 : 0,
      version,
    ])
    for (const json of chunked(sent))
      sql.exec(
        `INSERT INTO feature_entry
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, '0', 0, value ->> 7, value ->> 8, ?2
         FROM json_each(?1) WHERE true
         ON CONFLICT (account, feature, id) DO UPDATE SET until = excluded.until, granted = excluded.granted, is_void = excluded.is_void,
           version = excluded.version, updated_at = excluded.updated_at
         WHERE excluded.version > version`,
        json,
        now,
      )
    if (begunAt !== null)
      sql.exec(
        `INSERT INTO feature_account VALUES (?, ?, 0, ?) ON CONFLICT (account) DO UPDATE
         SET begun_at = max(ifnull(begun_at, excluded.begun_at), excluded.begun_at), settled_until = excluded.settled_until`,
        account,
        begunAt,
        settledUntil,
      )
    forgetTakes(sql, account, settledUntil, wallClock, FORGOTTEN_AT_ONCE)
  }
}

/** A change of an entry: to another end (milliseconds) or number of units, or to nothing. */
export interface GrantChange {
  account: string
  feature: string
  id: string
  until: number
  granted: string | null
  isVoid: boolean
  /** The version that the entry has then. */
  version: number
}

/** What becomes of an entry that is to be changed. USED: more has been taken of it than would be granted. ENDED: it has ended, or is void. */
export type GrantChanged = { outcome: 'DONE' | 'USED' | 'ENDED' | 'ABSENT'; entry?: FeatureEntry }

const readOne = (sql: SqlStorage, account: string, feature: string, id: string): FeatureEntry | undefined => {
  const [row] = sql
    .exec<EntryRow>('SELECT * FROM feature_entry WHERE account = ? AND feature = ? AND id = ?', account, feature, id)
    .toArray()
  return row && showEntry(row)
}

/** Changes an entry if no more has been taken of it than it then grants, once: it answers the same whenever it is asked again. */
export const changeGrant = (sql: SqlStorage, change: GrantChange, now: number): GrantChanged => {
  const { account, feature, id, until, granted, isVoid, version } = change
  const entry = readOne(sql, account, feature, id)
  if (!entry) return { outcome: 'ABSENT' }
  if (entry.version >= version) return { outcome: 'DONE', entry }
  if (entry.isVoid || entry.until <= now) return { outcome: 'ENDED', entry }
  const isUsed = !isVoid && granted !== null && compare(requireDecimal(granted), requireDecimal(entry.used)) < 0
  if (isUsed) return { outcome: 'USED', entry }
  sql.exec(
    'UPDATE feature_entry SET until = ?, granted = ?, is_void = ?, version = ?, updated_at = ? WHERE account = ? AND feature = ? AND id = ?',
    until,
    granted,
    isVoid ? 1 : 0,
    version,
    now,
    account,
    feature,
    id,
  )
  return { outcome: 'DONE', entry: { ...entry, until, granted, isVoid, version, updatedAt: now } }
}

/** The entries that are asked for: those that begin last come first. */
export interface EntryQuery {
  account: string
  feature: string
  /** The start (milliseconds) and the id of the last entry before. */
  after?: readonly [from: number, id: string]
  limit: number
}

export const listFeatureEntries = (sql: SqlStorage, { account, feature, after, limit }: EntryQuery): FeatureEntry[] =>
  sql
    .exec<EntryRow>(
      `SELECT * FROM feature_entry WHERE account = ? AND feature = ? ${after ? 'AND (since, id) < (?, ?)' : ''}
       ORDER BY since DESC, id DESC LIMIT ?`,
      account,
      feature,
      ...(after ?? []),
      limit,
    )
    .toArray()
    .map(showEntry)

/** An entry of one of several accounts. */
export interface AccountEntry extends FeatureEntry {
  account: string
}

/** All entries of accounts by account, feature and id, those after `after` first. */
export const listEntriesOfAccounts = (
  sql: SqlStorage,
  accounts: readonly string[],
  after: readonly [account: string, feature: string, id: string] | undefined,
  limit: number,
): AccountEntry[] =>
  sql
    .exec<EntryRow>(
      `SELECT * FROM feature_entry WHERE account IN (SELECT value FROM json_each(?)) ${after ? 'AND (account, feature, id) > (?, ?, ?)' : ''}
       ORDER BY account, feature, id LIMIT ?`,
      JSON.stringify(accounts),
      ...(after ?? []),
      limit,
    )
    .toArray()
    .map((row) => ({ account: row.account, ...showEntry(row) }))

/** Reads entries of an account by feature and id. Those that are not there are left out. */
export const readFeatureEntries = (
  sql: SqlStorage,
  account: string,
  keys: readonly (readonly [feature: string, id: string])[],
): FeatureEntry[] => keys.flatMap(([feature, id]) => readOne(sql, account, feature, id) ?? [])

/** The credits of a feature that an account has at an instant. Units are decimal texts; a limit of null is none. */
export interface FeatureBalance {
  feature: string
  granted: string
  balance: string
  usedOverage: string
  /** The limit of overage. Left out if there is no overage at the instant. */
  overageLimit?: string | null
}

/** The credits of an account at an instant (milliseconds), of one feature or of all, by the ids of the features. */
export const readBalances = (sql: SqlStorage, account: string, at: number, feature?: string): FeatureBalance[] => {
  const rows = sql
    .exec<EntryRow>(
      `SELECT * FROM feature_entry WHERE account = ? ${feature === undefined ? '' : 'AND feature = ?'} AND until > ? AND since <= ? AND is_void = 0
       ORDER BY feature`,
      ...(feature === undefined ? [account] : [account, feature]),
      at,
      at,
    )
    .toArray()
  return Array.from(
    Map.groupBy(rows, (row) => row.feature),
    ([id, its]): FeatureBalance => {
      const [overage, own] = [its.filter(({ source }) => source === 'OVERAGE'), its.filter(({ source }) => source !== 'OVERAGE')]
      const limits = overage.map(({ granted }) => granted)
      return {
        feature: id,
        granted: sumDecimals(own.map(({ granted }) => granted ?? '0')),
        balance: formatDecimal(own.reduce((sum, row) => add(sum, leftOf(row) ?? ZERO), ZERO)),
        usedOverage: formatDecimal(overage.reduce((sum, row) => add(sum, usedOf(row)), ZERO)),
        ...(overage.length && { overageLimit: limits.includes(null) ? null : sumDecimals(limits.map((limit) => limit ?? '0')) }),
      }
    },
  )
}
