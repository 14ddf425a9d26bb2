import { type SQL, and, eq, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Change, Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ZERO, compare, requireDecimal } from '../../lib/decimal.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import type { InvoiceOwner } from './owner.ts'
import type { Invoice } from './schema.ts'
import { type InvoiceRow, showInvoice } from './show.ts'
import { type InvoiceStatus, invoiceCounters, invoices } from './table.ts'

/** The kind of due work that makes a DRAFT fall due. Its subject is the id of the invoice. */
export const INVOICE_DUE = 'INVOICE'

/** What is recorded of an invoice. */
const recorded = (row: InvoiceRow) => ({
  ownerId: row.ownerId,
  invoiceType: row.invoiceType,
  status: row.status,
  startDate: iso(row.startAt),
  endDate: iso(row.endAt),
  autoAdvance: row.autoAdvance,
  currency: row.currency,
  lineItems: row.rated.written,
  miscellaneousCharges: row.rated.charges,
  totalAmount: row.total,
  paidAmount: row.paid,
  netTermDays: row.netTermDays,
  details: row.details,
})

export const recordInvoice = (before: InvoiceRow | undefined, after: InvoiceRow): Change[] => [
  { type: 'INVOICE', id: after.id, fields: differences(before && recorded(before), recorded(after)) },
]

export const insertInvoices = insertInto(invoices)

/** A new DRAFT of an owner, which nobody has paid for and which has no number. */
export const newDraft = (
  { organizationId, now }: Ctx,
  owner: InvoiceOwner,
  its: Pick<InvoiceRow, 'invoiceType' | 'startAt' | 'endAt' | 'invoiceAt' | 'autoAdvance' | 'rated' | 'total'> & Partial<InvoiceRow>,
): InvoiceRow => ({
  id: newId('INVOICE', now),
  organizationId,
  ownerId: owner.id,
  accountId: owner.accountId,
  customerId: owner.customerId,
  invoiceClass: 'INVOICE',
  status: 'DRAFT',
  pricePlanId: null,
  scheduleId: null,
  currency: owner.currency,
  netTermDays: owner.netTermDays,
  paid: '0',
  sequence: null,
  sequenceId: null,
  details: null,
  info: [],
  metadata: null,
  appliesCredits: true,
  appliesWallet: true,
  idempotencyKey: null,
  fingerprint: null,
  generatedAt: null,
  basis: null,
  createdAt: now,
  updatedAt: now,
  version: 1,
  invoiceGroupId: null,
  mergedInto: null,
  ...its,
})

/** What an invoice is as soon as it falls due: nothing is left to pay of one of 0, and one below 0 is given back (pricing.md, 12.3). */
const statusAtDue = (total: string): InvoiceStatus => {
  const sign = compare(requireDecimal(total), ZERO)
  if (sign > 0) return 'DUE'
  return sign === 0 ? 'PAID' : 'REFUND_COMPLETED'
}

/** The statement that changes an invoice. With a version, it is STALE if another write came first. */
export const changeInvoice = ({ organizationId }: Pick<Ctx, 'organizationId'>, row: InvoiceRow, set: Partial<InvoiceRow>): Statement =>
  builder
    .update(invoices)
    .set(set)
    .where(and(eq(invoices.organizationId, organizationId), eq(invoices.id, row.id)))

/** The invoice group that pays for an invoice of an account that falls due now: the one that it is in, if that consolidates its invoices. */
const payingGroup = ({ organizationId, now }: Ctx, accountId: string) => sql`(
  select its.id from invoice_group_memberships as member join invoice_groups as its on its.id = member.invoice_group_id
  where member.organization_id = ${organizationId} and member.account_id = ${accountId} and member.from_at <= ${now}
    and (member.until_at is null or member.until_at > ${now}) and its.daily_invoice_consolidation = 1
  order by member.id desc limit 1
)`

/** A DRAFT that falls due: the write, and the invoice as it is then, but for its number, which only the database knows. */
export interface FallenDue {
  statements: readonly Statement[]
  row: InvoiceRow
  sequenceId: SQL
}

/**
 * Drafts that a DRAFT falls due at an instant: what it shows is frozen, and it gets the next number of its organization, of which none is
 * left out, since the number is given in the commit that freezes it. `asPaid` says that all of it is paid.
 */
export const draftDue = (ctx: Ctx, row: InvoiceRow, owner: InvoiceOwner, asPaid = false): FallenDue => {
  const { organizationId, now } = ctx
  const first = statusAtDue(row.total)
  const status = first === 'DUE' && asPaid ? 'PAID' : first
  const set = {
    status,
    details: owner.details,
    netTermDays: owner.netTermDays,
    paid: status === 'DUE' ? '0' : row.total,
    generatedAt: now,
    updatedAt: now,
    version: row.version + 1,
  }
  const last = sql`(select last from ${invoiceCounters} where organization_id = ${organizationId})`
  const month = sql`strftime('%Y-%m', ${row.invoiceAt} / 1000, 'unixepoch')`
  return {
    statements: [
      builder
        .insert(invoiceCounters)
        .values({ organizationId, last: 1 })
        .onConflictDoUpdate({ target: invoiceCounters.organizationId, set: { last: sql`${invoiceCounters.last} + 1` } }),
      builder
        .update(invoices)
        .set({
          ...set,
          sequence: sql`${last}`,
          sequenceId: sql`${month} || '-' || printf('%04d', ${last})`,
          ...(first === 'DUE' &&
            row.invoiceClass === 'INVOICE' &&
            row.accountId !== null && { invoiceGroupId: payingGroup(ctx, row.accountId) }),
        })
        .where(and(eq(invoices.organizationId, organizationId), eq(invoices.id, row.id))),
    ],
    row: { ...row, ...set },
    sequenceId: sql`(select sequence_id from invoices where organization_id = ${organizationId} and id = ${row.id})`,
  }
}

/** The answer of a commit in which an invoice fell due. */
export const showFallenDue = ({ row, sequenceId }: FallenDue): Pick<Draft<Invoice>, 'answer' | 'fromDatabase'> => {
  const { sequenceId: _given, ...answer } = showInvoice({ ...row, sequenceId: '' })
  return { answer, fromDatabase: { sequenceId } }
}
