import { type Decimal, compare, formatDecimal, isZero, negate, requireDecimal, subtract, sumDecimals } from '../../lib/decimal.ts'
import type { Credit } from '../../rating/credits.ts'
import type { Line } from '../../rating/line.ts'
import type { CreditRow } from './table.ts'

/** What an invoice took of a credit, and what of it for which line, where the credit pays some lines only. Amounts are decimal texts. */
export interface TakenCredit {
  creditId: string
  amount: string
  lines: readonly (readonly [lineId: string, amount: string])[]
}

/** What an invoice took of a credit when it fell due. */
export interface Draw extends TakenCredit {
  invoiceId: string
}

/** The credits of an account, from which its invoices take one after another. */
export interface CreditPool {
  rows: Map<string, CreditRow>
  /** What is left of each, and what invoices take that have not fallen due. */
  left: Map<string, Decimal>
  held: Map<string, Decimal>
  draws: Draw[]
}

const restOf = ({ status, amount, consumed }: Pick<CreditRow, 'status' | 'amount' | 'consumed'>): Decimal =>
  status === 'ACTIVE' ? subtract(requireDecimal(amount), requireDecimal(consumed)) : requireDecimal('0')

/** Puts credits into a pool. */
export const addToPool = (pool: CreditPool, rows: readonly CreditRow[]): void => {
  for (const row of rows) {
    pool.rows.set(row.id, row)
    pool.left.set(row.id, restOf(row))
  }
}

/** A pool of credits of which no invoice has taken anything. */
export const openPool = (rows: readonly CreditRow[] = []): CreditPool => {
  const pool: CreditPool = { rows: new Map(), left: new Map(), held: new Map(), draws: [] }
  addToPool(pool, rows)
  return pool
}

/** What is left in a pool for an invoice in a currency. */
export const creditsLeft = ({ rows, left }: CreditPool, currency: string): Credit[] =>
  [...rows.values()].flatMap((row): Credit[] => {
    const rest = left.get(row.id)
    if (row.unit !== currency || !rest || isZero(rest)) return []
    const { id, purpose, priority, applicable, effectiveFrom, effectiveUntil, createdAt } = row
    return [{ id, purpose, priority, remaining: formatDecimal(rest), appliesTo: applicable, effectiveFrom, effectiveUntil, createdAt }]
  })

const opposite = (amount: string): string => formatDecimal(negate(requireDecimal(amount)))

/** The credits that an invoice took, as its lines say. */
export const takenIn = ({ type, id, value, metadata, lines }: Line): TakenCredit[] =>
  type === 'SUB_CREDITS' && id !== undefined
    ? [
        {
          creditId: id,
          amount: opposite(value),
          lines: Object.entries(metadata ?? {}).map(([lineId, part]) => [lineId, opposite(String(part))] as const),
        },
      ]
    : (lines ?? []).flatMap(takenIn)

const take = (pool: CreditPool, { creditId, amount }: TakenCredit): void => {
  const rest = pool.left.get(creditId)
  if (!rest) return
  const after = subtract(rest, requireDecimal(amount))
  pool.left.set(creditId, after.coefficient < 0n ? requireDecimal('0') : after)
}

/** Takes from a pool what a DRAFT would take if it fell due, so that others do not. */
export const holdFromPool = (pool: CreditPool, root: Line): void => {
  for (const taken of takenIn(root)) {
    take(pool, taken)
    pool.held.set(
      taken.creditId,
      requireDecimal(sumDecimals([formatDecimal(pool.held.get(taken.creditId) ?? requireDecimal('0')), taken.amount])),
    )
  }
}

/** Takes from a pool what an invoice takes that falls due. */
export const drawFromPool = (pool: CreditPool, invoiceId: string, root: Line): void => {
  for (const taken of takenIn(root)) {
    take(pool, taken)
    pool.draws.push({ ...taken, invoiceId })
  }
}

/** A DRAFT, or an invoice that falls due, as far as its turn to take from credits needs it. */
interface Turn {
  id: string
  invoiceType: string
  invoiceAt: number
  startAt: number
}

/** The order in which invoices take from credits: that in which they fall due, which is now at the latest for those that do. */
export const compareTurns = (one: Turn, other: Turn, now: number, isFalling: (turn: Turn) => boolean = () => false): number => {
  const at = (turn: Turn): number => (isFalling(turn) ? Math.min(turn.invoiceAt, now) : turn.invoiceAt)
  const isOfCycle = ({ invoiceType }: Turn): number => (invoiceType === 'STANDARD' ? 1 : 0)
  return at(one) - at(other) || isOfCycle(one) - isOfCycle(other) || one.startAt - other.startAt || (one.id < other.id ? -1 : 1)
}

/** Whether everything of a credit has been consumed. */
export const isUsedUp = (amount: string, consumed: string): boolean => compare(requireDecimal(consumed), requireDecimal(amount)) >= 0
