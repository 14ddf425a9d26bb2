import type { Ctx } from '../../db/context.ts'
import type { Credit } from '../../rating/credits.ts'
import type { Line } from '../../rating/line.ts'
import { type CreditPool, compareTurns, creditsLeft, holdFromPool, openPool } from '../credits/pool.ts'
import type { Billing } from './billings.ts'
import { rateLines } from './lines.ts'
import { type BilledCycle, rateArrears } from './rating.ts'
import type { InvoiceRow } from './show.ts'

/** The credits of an account, and its DRAFTs that wait though they could have fallen due, the first of them in front. */
export interface Turns {
  pool: CreditPool
  waiting: { row: InvoiceRow; rate: (credits: readonly Credit[]) => Line | undefined }[]
}

/** Takes from the credits of an account what its waiting DRAFTs take, of those whose turn it is. */
export const holdWaiting = ({ pool, waiting }: Turns, isTurn: (row: InvoiceRow) => boolean = () => true): void => {
  for (let [first] = waiting; first && isTurn(first.row); [first] = waiting) {
    waiting.shift()
    const root = first.rate(creditsLeft(pool, first.row.currency))
    if (root) holdFromPool(pool, root)
  }
}

/** Whether a DRAFT waits that takes from credits, though it could have fallen due. */
export const waitsWithCredits = ({ appliesCredits, invoiceAt }: InvoiceRow, now: number): boolean => appliesCredits && invoiceAt <= now

/** Opens the credits of an account. `billedOf` gives what the cycles of its waiting DRAFTs are rated with. */
export const openTurns = (
  { now }: Ctx,
  { credits, written }: Pick<Billing, 'credits' | 'written'>,
  waiting: readonly InvoiceRow[],
  billedOf: (row: InvoiceRow) => BilledCycle | undefined,
): Turns => ({
  pool: openPool(credits),
  waiting: [
    ...waiting.map((row) => ({
      row,
      rate: (its: readonly Credit[]) => {
        const billed = billedOf(row)
        return billed && rateArrears(billed, row.rated.charges, its).root
      },
    })),
    ...written.map((row) => ({ row, rate: (its: readonly Credit[]) => rateLines(row.rated, row, its).rated.root })),
  ].toSorted((one, other) => compareTurns(one.row, other.row, now)),
})
