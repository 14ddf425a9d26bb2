import { type Decimal, ZERO, compare, formatDecimal, isZero, negate, requireDecimal, subtract } from '../../lib/decimal.ts'
import type { Fault } from '../../lib/errors.ts'
import type { LINE_TYPES } from './table.ts'

/** A part of a payment as it was sent. */
export interface SentLine {
  type: (typeof LINE_TYPES)[number]
  togaiId?: string | undefined
  amount?: string | undefined
  order: number
}

/** A part of a payment with its amount. `at` is its place in what was sent; what is left over has none. */
export interface SpreadLine {
  type: SentLine['type']
  togaiId: string | undefined
  amount: string
  place: number
  at: number | undefined
}

const isAbove = (one: Decimal, other: Decimal): boolean => compare(one, other) > 0

const pathOf = (at: number, field: string): (string | number)[] => ['lineItemRecords', at, field]

const LARGEST_ORDER = 2 ** 31 - 1

/**
 * Spreads a payment over its parts in their order. `openOf` says what is open of an invoice. A part without an amount takes what is open, or
 * what is left of the payment if that is less; what is left over at the end comes into the wallet.
 */
export const spreadPayment = (
  total: string,
  sent: readonly SentLine[],
  openOf: (invoiceId: string) => string | undefined,
): { lines: SpreadLine[]; faults: Fault[] } => {
  const faults: Fault[] = []
  const lines: SpreadLine[] = []
  const paid = new Map<string, Decimal>()
  let left = requireDecimal(total)
  const ordered = sent.map((line, at) => ({ line, at })).toSorted((one, other) => one.line.order - other.line.order)
  for (const {
    line: { type, togaiId, amount, order },
    at,
  } of ordered) {
    const known = type === 'INVOICE' && togaiId !== undefined ? openOf(togaiId) : undefined
    if (type === 'INVOICE' && known === undefined) continue
    const open = known === undefined ? undefined : subtract(requireDecimal(known), paid.get(togaiId ?? '') ?? ZERO)
    const asked = amount === undefined ? (open && isAbove(left, open) ? open : left) : requireDecimal(amount)
    if (open && isAbove(asked, open)) {
      faults.push({ path: pathOf(at, 'amount'), message: `must be ${formatDecimal(open)} at most, which is open of the invoice` })
      continue
    }
    if (isAbove(asked, left)) {
      faults.push({ path: pathOf(at, 'amount'), message: `must be ${formatDecimal(left)} at most, which is left of totalAmount` })
      continue
    }
    if (!isAbove(asked, ZERO)) {
      const message = open && isZero(open) ? 'names an invoice of which nothing is open' : 'has nothing left of totalAmount for it'
      faults.push({ path: open && isZero(open) ? pathOf(at, 'togaiId') : ['lineItemRecords', at], message })
      continue
    }
    left = subtract(left, asked)
    if (open && togaiId !== undefined) paid.set(togaiId, subtract(paid.get(togaiId) ?? ZERO, negate(asked)))
    lines.push({ type, togaiId, amount: formatDecimal(asked), place: order, at })
  }
  if (!isZero(left) && !faults.length) {
    const last = ordered.at(-1)?.line.order ?? 0
    lines.push({
      type: 'WALLET_CREDIT',
      togaiId: undefined,
      amount: formatDecimal(left),
      place: Math.min(last + 1, LARGEST_ORDER),
      at: undefined,
    })
  }
  return { lines, faults }
}
