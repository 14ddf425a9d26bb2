import type { Ctx } from '../../db/context.ts'
import { formatDecimal, isZero, negate, requireDecimal, subtract } from '../../lib/decimal.ts'
import { readNextOrdinal } from '../payments/queries.ts'
import { draftManualPayment } from '../payments/record.ts'
import { type PartialDraft, type Purse, moveMoney, readPurse } from '../wallets/service.ts'
import type { AdvanceChange } from './advances.ts'
import type { PaidBy } from './settle.ts'
import type { InvoiceRow } from './show.ts'
import type { InvoiceStatus } from './table.ts'

/** What is written of money if none moves. */
export const NOTHING_PAID: PartialDraft = { statements: [], changes: [] }

/** How an invoice is paid that falls due now: from the wallet of its account, or by a payment that is recorded by itself. */
export const payingOf = async (ctx: Ctx, { accountId }: InvoiceRow, isPaid = false): Promise<PaidBy> =>
  isPaid ? { isPaid } : { purse: accountId === null ? undefined : await readPurse(ctx, accountId) }

/** Drafts what a new status does to money: what is open of an invoice that is PAID is recorded as a payment, and what the wallet paid of a VOID one goes back. */
export const settleMoney = async (ctx: Ctx, row: InvoiceRow, status: InvoiceStatus): Promise<PartialDraft> => {
  const [total, paid] = [requireDecimal(row.total), requireDecimal(row.paid)]
  if (status === 'PAID') return draftManualPayment(ctx, row, formatDecimal(subtract(total, paid)), await readNextOrdinal(ctx, row.id))
  const purse = status === 'VOID' && !isZero(paid) && row.accountId !== null ? await readPurse(ctx, row.accountId) : undefined
  return purse ? moveMoney(ctx, purse, { amount: paid, description: 'Given back by VOID', entityId: row.id }) : NOTHING_PAID
}

const LONGEST_DESCRIPTION = 50

/** Drafts that what has become less of what was paid in advance comes back into the wallet of an account, where the card says so. */
export const refundToWallet = (ctx: Ctx, purse: Purse, changes: readonly AdvanceChange[]): PartialDraft => {
  const drafts = changes
    .filter(({ row }) => row.refundMode === 'WALLET')
    .map(({ row: { card, amount } }) => {
      const description = Array.from(`Refund ${card.displayName}`).slice(0, LONGEST_DESCRIPTION).join('')
      return moveMoney(ctx, purse, { amount: negate(requireDecimal(amount)), description, entityId: null })
    })
  return { statements: drafts.flatMap(({ statements }) => statements), changes: drafts.flatMap(({ changes: its }) => its) }
}
