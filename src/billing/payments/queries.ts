import { type SQL, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selectRows, selection } from '../../db/statements.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { LEDGER_PAGE } from '../../lib/page.ts'
import { tokenByCreation } from '../../lib/page_token.ts'
import { isReadable, portalValues, whereReadable } from '../portal.ts'
import type { PaymentLine, PaymentRow } from './record.ts'
import type { ListPaymentsQuery } from './schema.ts'
import { payments } from './table.ts'

/** What payments were for, as one JSON text. */
const linesOf = sql<string>`(
  select coalesce(json_group_array(json_array(its.type, its.target_id, its.amount, its.place) order by its.position), '[]')
  from payment_lines as its where its.payment_id = payments.id
)`

const readLines = (text: string): PaymentLine[] =>
  (JSON.parse(text) as [PaymentLine['type'], string, string, number][]).map(([type, targetId, amount, place]) => ({
    type,
    targetId,
    amount,
    place,
  }))

const readRows = selection(getTableColumns(payments))

const selectBy = (condition: (at: Record<'organizationId' | 'one' | 'other', unknown>) => SQL) =>
  prepare(['organizationId', 'one', 'other'], (at) =>
    builder
      .select({ ...readRows.selected, lines: linesOf.as('lines') })
      .from(payments)
      .where(sql`${payments.organizationId} = ${at.organizationId} and ${condition(at)}`),
  )

const byId = selectBy(({ one }) => sql`${payments.id} = ${one}`)
const byReference = selectBy(({ one, other }) => sql`${payments.sourceName} = ${one} and ${payments.transactionNumber} = ${other}`)

/** A payment with what it was for. */
export interface ReadPayment {
  row: PaymentRow
  lines: PaymentLine[]
}

const readOne = (rows: Record<string, unknown>[]): ReadPayment | undefined => {
  const [row] = readRows.read(rows) as (PaymentRow & { lines: string })[]
  return row && { row, lines: readLines(row.lines) }
}

/** Reads a payment. With a portal token, only one of its accounts. Throws NOT_FOUND. */
export const readPayment = async (ctx: Ctx, id: string): Promise<ReadPayment> => {
  const found = readOne(await ctx.session.rows(byId({ organizationId: ctx.organizationId, one: id, other: '' })))
  if (!isReadable(ctx, found && { customerId: found.row.customerId, accountId: found.row.ownerId }))
    throw new ApiError('FORBIDDEN', 'This portal token does not read this payment.')
  if (!found) throw notFound('payment', id)
  return found
}

/** The payment that was recorded with a reference. */
export const findPaymentOfReference = async (
  { organizationId, session }: Ctx,
  sourceName: string,
  transactionNumber: string,
): Promise<ReadPayment | undefined> =>
  readOne(await session.rows(byReference({ organizationId, one: sourceName, other: transactionNumber })))

/** The number of the next payment that is recorded by itself for an invoice: one more than the last one that has such a reference. */
export const readNextOrdinal = async ({ organizationId, session }: Ctx, invoiceId: string): Promise<number> => {
  const [found] = await session.rows<{ last: number }>(
    selectRows(sql`
      select coalesce(max(cast(substr(transaction_number, ${invoiceId.length + 2}) as integer)), 0) as last from payments
      where organization_id = ${organizationId} and source_name = 'MANUAL'
        and transaction_number >= ${`${invoiceId}-`} and transaction_number < ${`${invoiceId}.`}`),
  )
  return 1 + (found?.last ?? 0)
}

const listRows = defineList({
  ...LEDGER_PAGE,
  table: payments,
  key: payments.id,
  columns: getTableColumns(payments),
  more: () => ({ lines: linesOf }),
  order: { created_at: payments.createdAt, id: payments.id },
  sort: [
    ['created_at', 'DESC'],
    ['id', 'ASC'],
  ],
  filters: { id: payments.id, account_id: payments.ownerId },
  bounds: { created_from: [payments.createdAt, 'FROM'], created_until: [payments.createdAt, 'UNTIL'] },
  elsewhere: {
    invoice_id: ({ organizationId, invoice_id }) => sql`
      id in (select payment_id from payment_lines where target_id = ${invoice_id} and organization_id = ${organizationId} and type = 'INVOICE')`,
  },
  where: (values) => whereReadable(values, 'owner_id', sql`true`),
  token: tokenByCreation('payment.', ['id', 'account_id', 'created_from', 'created_until', 'invoice_id']),
})

/** Lists payments: with a portal token, those of its accounts. */
export const listPaymentRows = async (
  ctx: Ctx,
  { created_at, ...query }: ListPaymentsQuery,
): Promise<{ found: ReadPayment[]; next: { nextToken?: string } }> => {
  const bounds = created_at && { created_from: String(created_at[0]), created_until: String(created_at[1]) }
  const { rows, next } = await listRows(ctx, { ...query, ...bounds }, portalValues(ctx))
  return { found: rows.map(({ lines, ...row }) => ({ row, lines: readLines(lines) })), next }
}
