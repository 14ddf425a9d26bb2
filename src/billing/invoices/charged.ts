import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import type { ChargedCard, advanceCharges } from './table.ts'

type ChargeRow = typeof advanceCharges.$inferSelect

/** Whether nobody pays for an invoice: it is void, or is given back, or that of its invoice group is. */
const isTakenBack = sql`coalesce(composite.status, own.status) in ('VOID', 'REFUND_INITIATED', 'REFUND_COMPLETED') and substr(own.total, 1, 1) <> '-'`

/**
 * The query for what was charged in advance for cards of accounts last, by a JSON list of the ids of the accounts: in cycles that are not
 * billed to the end, and for what is paid beyond `now`.
 */
export const selectAdvanceCharges = ({ organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>, listed: string): Statement =>
  selectRows(sql`
    with found as (
      select its.account_id, its.cycle_at, its.billable_id from json_each(${listed}) as sent
      cross join advance_charges as its on its.organization_id = ${organizationId} and its.account_id = sent.value and its.paid_until > ${now}
      union
      select its.account_id, its.cycle_at, its.billable_id from json_each(${listed}) as sent
      cross join invoices as draft on draft.organization_id = ${organizationId} and draft.account_id = sent.value
        and draft.status = 'DRAFT' and draft.invoice_type = 'STANDARD'
      cross join advance_charges as its on its.organization_id = ${organizationId} and its.account_id = sent.value and its.cycle_at = draft.start_at
    )
    select its.account_id as accountId, its.cycle_at as cycleAt, its.billable_id as billableId, its.position, its.card, its.total, its.quantity,
      its.is_refundable as isRefundable, its.paid_until as paidUntil, its.created_at as createdAt, (
        select json_group_array(one.amount) from advance_charges as one
        where one.organization_id = ${organizationId} and one.account_id = found.account_id and one.cycle_at = found.cycle_at
          and one.billable_id = found.billable_id and one.refund_mode is not 'NONE' and not exists (
            select 1 from invoices as own left join invoices as composite on composite.id = own.merged_into
            where own.id = one.invoice_id and ${isTakenBack}
          )
      ) as amounts
    from found cross join advance_charges as its on its.organization_id = ${organizationId} and its.account_id = found.account_id
      and its.cycle_at = found.cycle_at and its.billable_id = found.billable_id and its.position = (
        select max(position) from advance_charges
        where organization_id = ${organizationId} and account_id = found.account_id and cycle_at = found.cycle_at
          and billable_id = found.billable_id
      )`)

/** What was charged last for a card in a cycle. */
export type LastCharge = Pick<ChargeRow, 'accountId' | 'cycleAt' | 'billableId' | 'position' | 'card' | 'total' | 'quantity'> & {
  isRefundable: boolean
  paidUntil: number
  createdAt: number
  /** What all charges of the card in the cycle come to, less what was given back, without invoices that are void or given back as a whole. */
  charged: string
}

/** Reads the rows of `selectAdvanceCharges`. */
export const readAdvanceCharges = (rows: readonly unknown[] | undefined): LastCharge[] =>
  ((rows ?? []) as (Omit<LastCharge, 'card' | 'isRefundable' | 'charged'> & { card: string; isRefundable: number; amounts: string })[]).map(
    ({ amounts, ...row }) => ({
      ...row,
      charged: sumDecimals(JSON.parse(amounts) as string[]),
      card: JSON.parse(row.card) as ChargedCard,
      isRefundable: row.isRefundable === 1,
    }),
  )

/** A charge of an invoice, with what its card had cost before. */
export type ChargeOfInvoice = Pick<ChargeRow, 'billableId' | 'total' | 'quantity'> & { before: string; quantityBefore: string | null }

/** Reads what invoices charge in advance, or give back, by the ids of the invoices. */
export const readChargesOfInvoices = async (ctx: Ctx, invoiceIds: readonly string[]): Promise<ReadonlyMap<string, ChargeOfInvoice[]>> => {
  if (!invoiceIds.length) return new Map()
  const rows = await ctx.session.rows<ChargeOfInvoice & { invoiceId: string }>(
    selectRows(sql`
      select its.invoice_id as invoiceId, its.billable_id as billableId, its.total, its.quantity, coalesce(one.total, '0') as before, one.quantity as quantityBefore
      from advance_charges as its left join advance_charges as one on one.organization_id = its.organization_id
        and one.account_id = its.account_id and one.cycle_at = its.cycle_at and one.billable_id = its.billable_id
        and one.position = its.position - 1
      where its.organization_id = ${ctx.organizationId} and its.invoice_id in (select value from json_each(${JSON.stringify(invoiceIds)}))`),
  )
  return Map.groupBy(rows, ({ invoiceId }) => invoiceId)
}
