import { type Decimal, ZERO, add, compare, formatDecimal, requireDecimal, subtract } from '../lib/decimal.ts'
import { type FeatureAct, HOUR } from './entry.ts'

/** The present by the clock of the organization, and by that of the world, by which it is forgotten what nobody needs any more; in milliseconds. */
export interface Instants {
  now: number
  wallClock: number
}

export interface EntryRow {
  [column: string]: SqlStorageValue
  account: string
  feature: string
  id: string
  source: string
  since: number
  until: number
  granted: string | null
  used: string
  turn: number
  is_void: number
  version: number
  updated_at: number
}

/** What an event took of an entry, as a decimal text; below 0 if it gave back. */
export type Part = [entry: string, units: string]

export interface TakeRow {
  [column: string]: SqlStorageValue
  reference: string
  account: string
  feature: string
  time: number
  parts: string | null
}

export const isAbove = (one: Decimal, other: Decimal): boolean => compare(one, other) > 0
export const lesser = (one: Decimal, other: Decimal): Decimal => (isAbove(one, other) ? other : one)

const notBelowZero = (units: Decimal): Decimal => (isAbove(units, ZERO) ? units : ZERO)

/** What is used of an entry: not below 0, though an event was undone whose units had been given back before by another. */
export const usedOf = ({ used }: Pick<EntryRow, 'used'>): Decimal => notBelowZero(requireDecimal(used))

/** What is left of an entry. Undefined if it has no limit. */
export const leftOf = (row: Pick<EntryRow, 'granted' | 'used'>, used = usedOf(row)): Decimal | undefined =>
  row.granted === null ? undefined : notBelowZero(subtract(requireDecimal(row.granted), used))

export const isOverage = ({ source }: Pick<EntryRow, 'source'>): boolean => source === 'OVERAGE'

/** The entries that an event can take from, in the order in which it does: what ends first comes first, and overage comes last (pricing.md, 3.3). */
export const readEntriesAt = (
  sql: SqlStorage,
  { account, feature, time }: Pick<FeatureAct, 'account' | 'feature' | 'time'>,
): EntryRow[] => {
  const rows = sql
    .exec<EntryRow>(
      `SELECT * FROM feature_entry WHERE account = ? AND feature = ? AND until > ? AND since <= ? AND is_void = 0 ORDER BY until, since, id`,
      account,
      feature,
      time,
      time,
    )
    .toArray()
  return [...rows.filter((row) => !isOverage(row)), ...rows.filter(isOverage)]
}

export const readEntry = (sql: SqlStorage, account: string, feature: string, id: string): EntryRow | undefined =>
  sql.exec<EntryRow>('SELECT * FROM feature_entry WHERE account = ? AND feature = ? AND id = ?', account, feature, id).toArray()[0]

export const readTake = (sql: SqlStorage, reference: string): TakeRow | undefined =>
  sql.exec<TakeRow>('SELECT * FROM feature_take WHERE reference = ?', reference).toArray()[0]

/**
 * The number of the last of some turns in which an event takes of the entries of an account: above those of all events before, whatever they
 * took of. And until when those cannot be taken back.
 */
export const nextTurns = (sql: SqlStorage, account: string, turns: number): { turn: number; settledUntil: number } =>
  sql
    .exec<{ turn: number; settledUntil: number }>(
      `INSERT INTO feature_account (account, begun_at, turn) VALUES (?, NULL, ?)
       ON CONFLICT (account) DO UPDATE SET turn = turn + excluded.turn RETURNING turn, settled_until AS settledUntil`,
      account,
      turns,
    )
    .one()

/** How long it is remembered what an event took, in milliseconds. */
export const REMEMBERED_FOR = 45 * 86_400_000

/** Forgets what events took that cannot be taken back any more, some at a time. */
export const forgetTakes = (sql: SqlStorage, account: string, settledUntil: number, wallClock: number, most: number): void => {
  sql.exec(
    `DELETE FROM feature_take WHERE reference IN (
       SELECT reference FROM feature_take WHERE account = ? AND time < ? AND taken_at < ? LIMIT ?
     )`,
    account,
    settledUntil,
    wallClock - REMEMBERED_FOR,
    most,
  )
}

/** Adds units to what was taken of an entry. Gives how many are used more. */
export const useEntry = (sql: SqlStorage, row: EntryRow, units: Decimal, turn: number, { now }: Instants): Decimal => {
  const used = formatDecimal(add(requireDecimal(row.used), units))
  sql.exec(
    'UPDATE feature_entry SET used = ?, turn = ?, updated_at = ? WHERE account = ? AND feature = ? AND id = ?',
    used,
    turn,
    now,
    row.account,
    row.feature,
    row.id,
  )
  return subtract(usedOf({ used }), usedOf(row))
}

export const addOverage = (
  sql: SqlStorage,
  { account, feature, time }: Pick<TakeRow, 'account' | 'feature' | 'time'>,
  units: Decimal,
): void => {
  const start = time - (time % HOUR)
  const [row] = sql
    .exec<{
      units: string
    }>('SELECT units FROM overage_hour WHERE account = ? AND feature = ? AND start = ?', account, feature, start)
    .toArray()
  sql.exec(
    'INSERT INTO overage_hour VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account, feature, start) DO UPDATE SET units = ?4',
    account,
    feature,
    start,
    formatDecimal(add(requireDecimal(row?.units ?? '0'), units)),
  )
}
