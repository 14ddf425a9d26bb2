import { jsonNumber } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import { dayOf, writeDay } from '../../rating/cycle.ts'
import type { Credit, CreditTransaction } from './schema.ts'
import type { CreditRow, CreditStatus, CreditTransactionRow } from './table.ts'

/** A credit with its status at the time of reading. */
export type LiveCredit = CreditRow & { liveStatus: CreditStatus }

/** A credit as it is shown. `held` is what DRAFTs would take of it now. */
export const showCredit = (row: CreditRow & { liveStatus?: CreditStatus }, held = '0'): Credit => ({
  accountId: row.accountId,
  purpose: row.purpose,
  ...(row.applicable.length && { applicableEntityIds: [...row.applicable] }),
  effectiveFrom: writeDay(dayOf(row.effectiveFrom)),
  ...(row.effectiveUntil !== null && { effectiveUntil: writeDay(dayOf(row.effectiveUntil)) }),
  creditAmount: jsonNumber(row.amount),
  priority: row.priority,
  ...(row.grantorId !== null && { grantorId: row.grantorId }),
  ...(row.idempotencyKey !== null && { idempotencyKey: row.idempotencyKey }),
  id: row.id,
  customerId: row.customerId,
  status: row.liveStatus ?? row.status,
  creditUnit: row.unit,
  holdAmount: jsonNumber(held),
  consumedAmount: jsonNumber(row.consumed),
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

export const showTransaction = (row: CreditTransactionRow): CreditTransaction => ({
  id: row.id,
  creditId: row.creditId,
  transactionType: row.transactionType,
  ...(row.invoiceId !== null && { invoiceId: row.invoiceId }),
  ...(row.entityId !== null && { entityId: row.entityId }),
  amount: jsonNumber(row.amount),
  createdAt: iso(row.createdAt),
})
