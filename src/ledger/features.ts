import { type Decimal, ZERO, add, formatDecimal, isZero, negate, requireDecimal, subtract } from '../lib/decimal.ts'
import type { FeatureAct, FeatureOutcome } from './entry.ts'
import {
  type EntryRow,
  type Instants,
  type Part,
  REMEMBERED_FOR,
  type TakeRow,
  addOverage,
  forgetTakes,
  isAbove,
  isOverage,
  leftOf,
  lesser,
  nextTurns,
  readEntriesAt,
  readEntry,
  readTake,
  useEntry,
  usedOf,
} from './feature_rows.ts'

/** How many units come from which entry, if there are enough; or how many there are. */
const spreadUnits = (rows: readonly EntryRow[], units: Decimal): { parts: [EntryRow, Decimal][] } | { left: Decimal } => {
  const parts: [EntryRow, Decimal][] = []
  if (isZero(units)) return { parts }
  let rest = units
  for (const row of rows) {
    const left = leftOf(row)
    const part = left ? lesser(left, rest) : rest
    if (!isZero(part)) parts.push([row, part])
    rest = subtract(rest, part)
    if (isZero(rest)) return { parts }
  }
  return { left: subtract(units, rest) }
}

/** How many units are given back to which entry: those that were taken last come first, and none gets more than was taken of it. */
const spreadBack = (rows: readonly EntryRow[], units: Decimal): [EntryRow, Decimal][] => {
  const parts: [EntryRow, Decimal][] = []
  let rest = units
  for (const row of rows.toSorted((one, other) => other.turn - one.turn)) {
    const part = lesser(usedOf(row), rest)
    if (isAbove(part, ZERO)) parts.push([row, negate(part)])
    rest = subtract(rest, part)
  }
  return parts
}

const sumOf = (parts: readonly (readonly [EntryRow, Decimal])[]): Decimal =>
  parts.reduce((sum, [row, units]) => (isOverage(row) ? add(sum, units) : sum), ZERO)

/** The overage that was taken of the entries of a time. */
const overageIn = (rows: readonly EntryRow[]): Decimal => rows.filter(isOverage).reduce((sum, row) => add(sum, usedOf(row)), ZERO)

/** What an event took that has been asked for before. */
const recall = (sql: SqlStorage, take: TakeRow): FeatureOutcome => {
  if (take.parts === null) return { outcome: 'GONE' }
  const parts = (JSON.parse(take.parts) as Part[]).flatMap(([id, units]): [EntryRow, Decimal][] => {
    const row = readEntry(sql, take.account, take.feature, id)
    return row ? [[row, requireDecimal(units)]] : []
  })
  return { outcome: 'TAKEN', overage: formatDecimal(sumOf(parts)), overageSoFar: formatDecimal(overageIn(readEntriesAt(sql, take))) }
}

/** Whether the pricing cycle of an event has not granted its credits yet. */
const isBehind = (sql: SqlStorage, { account, cycleAt }: FeatureAct): boolean => {
  if (cycleAt === undefined) return false
  const [row] = sql.exec<{ at: number | null }>('SELECT begun_at AS at FROM feature_account WHERE account = ?', account).toArray()
  return (row?.at ?? Number.NEGATIVE_INFINITY) < cycleAt
}

/**
 * Takes the credits that an event needs, all of them or none, once: it answers the same whenever it is asked again, and an event that is not
 * kept if there are too few is GONE then. Units below 0 are given back to what was taken from last, and what exceeds all that was taken is
 * given to nobody.
 */
export const takeCredits = (sql: SqlStorage, act: FeatureAct, at: Instants): FeatureOutcome => {
  const { account, feature, time, reference, isTried = false } = act
  const before = readTake(sql, reference)
  if (before) return recall(sql, before)
  if (isBehind(sql, act)) return { outcome: 'BEHIND' }
  const rows = readEntriesAt(sql, act)
  const units = requireDecimal(act.units)
  const isGiven = units.coefficient < 0n
  const spread = isGiven ? { parts: spreadBack(rows, negate(units)) } : spreadUnits(rows, units)
  if ('left' in spread) {
    if (act.isEntitled) refuseTake(sql, reference, at)
    return { outcome: 'SHORT', left: formatDecimal(spread.left) }
  }
  const overage = sumOf(spread.parts)
  const taken = (soFar: Decimal): FeatureOutcome => ({
    outcome: 'TAKEN',
    overage: formatDecimal(overage),
    overageSoFar: formatDecimal(soFar),
  })
  if (isTried) return taken(overageIn(rows))
  const turns = spread.parts.length
  const next = isGiven || !turns ? undefined : nextTurns(sql, account, turns)
  let more = ZERO
  for (const [index, [row, part]] of spread.parts.entries()) {
    const its = useEntry(sql, row, part, next ? next.turn - turns + index + 1 : row.turn, at)
    if (isOverage(row)) more = add(more, its)
  }
  if (!isZero(more)) addOverage(sql, act, more)
  const parts = spread.parts.map(([{ id }, part]): Part => [id, formatDecimal(part)])
  sql.exec('INSERT INTO feature_take VALUES (?, ?, ?, ?, ?, ?)', reference, account, feature, time, at.wallClock, JSON.stringify(parts))
  /** Two are forgotten for one that is remembered; by their times, so that none is looked at in vain. */
  if (next) forgetTakes(sql, account, Math.min(next.settledUntil, at.wallClock - REMEMBERED_FOR), at.wallClock, 2)
  return taken(add(overageIn(rows), more))
}

/** Gives units back for an entry that has ended: for as long as that lasted, from now on. */
const refund = (sql: SqlStorage, row: EntryRow, id: string, units: Decimal, { now }: Instants): void => {
  sql.exec(
    `INSERT INTO feature_entry VALUES (?, ?, ?, 'REFUND', ?, ?, ?, '0', 0, 0, 1, ?)`,
    row.account,
    row.feature,
    id,
    now,
    now + row.until - row.since,
    formatDecimal(units),
    now,
  )
}

/** How long it is remembered that an event takes nothing any more, in milliseconds: longer than any request for it can be on its way. */
const REFUSED_FOR = 2 * 86_400_000

/** Keeps that an event takes nothing any more, and forgets some of those for which that is long ago. */
const refuseTake = (sql: SqlStorage, reference: string, { wallClock }: Instants): void => {
  sql.exec("INSERT INTO feature_take VALUES (?, '', '', ?, ?, NULL)", reference, wallClock, wallClock)
  sql.exec(
    "DELETE FROM feature_take WHERE reference IN (SELECT reference FROM feature_take WHERE account = '' AND time < ? LIMIT 10)",
    wallClock - REFUSED_FOR,
  )
}

/** How many of the units that an event gave back could not be taken again if it was taken back now, as a decimal text, since they have been taken. */
export const findMissing = (sql: SqlStorage, reference: string): string => {
  const take = readTake(sql, reference)
  let missing = ZERO
  for (const [id, text] of JSON.parse(take?.parts ?? '[]') as Part[]) {
    const row = take && readEntry(sql, take.account, take.feature, id)
    const [left, given] = [row && leftOf(row, requireDecimal(row.used)), negate(requireDecimal(text))]
    if (left && isAbove(given, left)) missing = add(missing, subtract(given, left))
  }
  return formatDecimal(missing)
}

/**
 * Takes back what an event took, and refuses it if it is asked for later: the units go back to the entries that they came from, or where
 * such an entry has ended, into a new one. What it gave back goes again, as far as it has not been taken since.
 */
export const revertTake = (sql: SqlStorage, reference: string, at: Instants): void => {
  const take = readTake(sql, reference)
  if (!take) refuseTake(sql, reference, at)
  if (!take || take.parts === null) return
  let more = ZERO
  for (const [place, [id, text]] of (JSON.parse(take.parts) as Part[]).entries()) {
    const row = readEntry(sql, take.account, take.feature, id)
    if (!row) continue
    const units = requireDecimal(text)
    const given = units.coefficient < 0n
    const left = leftOf(row, requireDecimal(row.used))
    const back = given && left ? negate(lesser(left, negate(units))) : units
    const isOver = row.until <= at.now && row.is_void === 0 && !isOverage(row) && !given
    if (isOver) refund(sql, row, `${reference}$REFUND${place ? `.${place + 1}` : ''}`, units, at)
    else {
      const its = useEntry(sql, row, negate(back), row.turn, at)
      if (isOverage(row)) more = add(more, its)
    }
  }
  if (!isZero(more)) addOverage(sql, take, more)
  sql.exec('UPDATE feature_take SET parts = NULL WHERE reference = ?', reference)
}

/**
 * Says what an event took, for one whose sender does not wait any more: if it took nothing, it takes nothing later.
 */
export const concludeTake = (sql: SqlStorage, reference: string, at: Instants): FeatureOutcome => {
  const take = readTake(sql, reference)
  if (take) return recall(sql, take)
  revertTake(sql, reference, at)
  return { outcome: 'GONE' }
}
