import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { readKeptAnswer } from '../../db/idempotency.ts'
import { draftDraws } from '../credits/write.ts'
import { draftManualPayment } from '../payments/record.ts'
import type { PartialDraft } from '../wallets/service.ts'
import { rateFalling } from './drafts.ts'
import { NOTHING_PAID, payingOf } from './paying.ts'
import { type FallenDue, draftDue, recordInvoice } from './settle.ts'
import type { InvoiceRow } from './show.ts'

/** What an invoice keeps of a reckoning. */
export const keptOf = ({ rated, total, info, basis }: InvoiceRow): Pick<InvoiceRow, 'rated' | 'total' | 'info' | 'basis'> => ({
  rated,
  total,
  info,
  basis,
})

interface FallingRules {
  /** Whether no events are added to the cycle of the invoice from now on. */
  closes?: boolean
  /** Whether it is paid wholly, by a payment that is recorded in the same commit. */
  isPaid?: boolean
  /** The statement that keeps the invoice as it was reckoned. */
  write: (reckoned: InvoiceRow) => Statement
}

/**
 * Drafts that an invoice falls due now: it is reckoned for the last time, takes from credits, is paid from the wallet of its account as far as
 * that goes, and is frozen. `before` is the invoice as it was before this write. Throws STALE if what it rests on is being changed. A request
 * whose key was used for another one is refused before it closes a cycle, which is not opened again.
 */
export const draftFalling = async (
  ctx: Ctx,
  before: InvoiceRow | undefined,
  draft: InvoiceRow,
  { closes = false, isPaid = false, write }: FallingRules,
): Promise<PartialDraft & { fallen: FallenDue }> => {
  if (closes) await readKeptAnswer(ctx)
  const { row, owner, pools, held } = await rateFalling(ctx, draft, { closes })
  const fallen = draftDue(ctx, row, owner, await payingOf(ctx, row, isPaid))
  const draws = draftDraws(ctx, pools)
  const paid = isPaid && fallen.row.status === 'PAID' && row.total !== '0' ? draftManualPayment(ctx, row, row.total, 1) : NOTHING_PAID
  return {
    fallen,
    statements: [...held, write(row), ...paid.statements, ...fallen.statements, ...draws.statements],
    changes: [...recordInvoice(before, fallen.row), ...fallen.changes, ...paid.changes, ...draws.changes],
  }
}
