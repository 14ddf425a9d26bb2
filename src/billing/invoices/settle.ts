import { type SQL, and, eq, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Change, Draft } from '../../db/commit.ts'
import type { Due } from '../../db/due.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ZERO, compare, formatDecimal, isZero, negate, requireDecimal } from '../../lib/decimal.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { type PartialDraft, type Purse, moveMoney, nettedOf, payingGroup } from '../wallets/service.ts'
import type { InvoiceOwner } from './owner.ts'
import { linkPaper } from './paper_link.ts'
import type { Invoice } from './schema.ts'
import { type InvoiceRow, showInvoice } from './show.ts'
import { type InvoiceStatus, invoiceCounters, invoices } from './table.ts'

/** The kind of due work that makes a DRAFT fall due. Its subject is the id of the invoice. */
const INVOICE_DUE = 'INVOICE'

/** The due work of a DRAFT that falls due by itself. */
export const dueOf = ({ id, endAt, autoAdvance }: Pick<InvoiceRow, 'id' | 'endAt' | 'autoAdvance'>): Due[] =>
  autoAdvance ? [{ kind: INVOICE_DUE, subject: id, dueAt: endAt }] : []

/** What is recorded of an invoice. */
const recorded = (row: InvoiceRow) => ({
  ownerId: row.ownerId,
  invoiceType: row.invoiceType,
  ...(row.invoiceType === 'AD_HOC' && { invoiceClass: row.invoiceClass }),
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

/** By what webhooks know an invoice: an order that is not paid is told of apart. */
const stateOf = ({ status, invoiceClass }: InvoiceRow): string =>
  invoiceClass === 'ORDER' && status !== 'DRAFT' && status !== 'GONE' ? `ORDER_${status}` : status

export const recordInvoice = (before: InvoiceRow | undefined, after: InvoiceRow): Change[] => [
  {
    type: 'INVOICE',
    id: after.id,
    fields: differences(before && recorded(before), recorded(after)),
    status: [before ? stateOf(before) : null, stateOf(after)],
  },
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

/** The statement that refuses a write as stale if an invoice has changed since it was read. */
export const holdInvoice = (
  { organizationId }: Pick<Ctx, 'organizationId'>,
  { id, version }: Pick<InvoiceRow, 'id' | 'version'>,
): Statement =>
  refuseWhen('STALE', sql`select '[]' from invoices where organization_id = ${organizationId} and id = ${id} and version <> ${version}`)

/** A DRAFT that falls due: the write, and the invoice as it is then, but for its number, which only the database knows. */
export interface FallenDue {
  statements: readonly Statement[]
  row: InvoiceRow
  sequenceId: SQL
  /** What has changed beside the invoice. */
  changes: readonly Change[]
}

/** How an invoice is paid as it falls due: from the wallet of its account, or wholly, by a payment that is recorded in the same commit. */
export type PaidBy = { purse: Purse | undefined } | { isPaid: true }

/** Whether an invoice is the order of a purchase that has not been paid, which no group pays for. */
export const isOrder = ({ invoiceClass }: Pick<InvoiceRow, 'invoiceClass'>): boolean => invoiceClass === 'ORDER'

/** The statement that counts one number more of an organization, and the fields that give it to an invoice, with the month of an instant. */
export const nextNumber = ({ organizationId }: Pick<Ctx, 'organizationId'>, at: number) => {
  const last = sql`(select last from ${invoiceCounters} where organization_id = ${organizationId})`
  return {
    count: builder
      .insert(invoiceCounters)
      .values({ organizationId, last: 1 })
      .onConflictDoUpdate({ target: invoiceCounters.organizationId, set: { last: sql`${invoiceCounters.last} + 1` } }),
    set: {
      sequence: sql`${last}`,
      sequenceId: sql`strftime('%Y-%m', ${at} / 1000, 'unixepoch') || '-' || printf('%04d', ${last})`,
    },
  }
}

/** What the wallet of the account pays of an invoice that falls due. */
const payFromWallet = (ctx: Ctx, row: InvoiceRow, purse: Purse): PartialDraft & Pick<InvoiceRow, 'paid'> => {
  const netted = nettedOf(purse, requireDecimal(row.total), row)
  if (isZero(netted)) return { paid: '0', statements: [], changes: [] }
  const moved = moveMoney(ctx, purse, { amount: negate(netted), description: 'Netted off at DUE', entityId: row.id })
  const isInGroup = isOrder(row)
    ? []
    : [refuseWhen('STALE', sql`select '[]' where ${payingGroup(ctx, row.accountId, row.currency)} is not null`)]
  return { paid: formatDecimal(netted), statements: [...isInGroup, ...moved.statements], changes: moved.changes }
}

/** The query for the number of an invoice. */
const numberOf = ({ organizationId }: Pick<Ctx, 'organizationId'>, { id }: Pick<InvoiceRow, 'id'>): SQL =>
  sql`(select sequence_id from invoices where organization_id = ${organizationId} and id = ${id})`

/**
 * When an invoice is asked for that falls due now: at the instant that was planned, or when that has passed on another day, as in a bill run or
 * of a plan that is given in the past, on the day of that, so that the days to pay it are still to come.
 */
const invoiceAtOf = ({ invoiceType, invoiceAt }: Pick<InvoiceRow, 'invoiceType' | 'invoiceAt'>, now: number): number =>
  invoiceType === 'STANDARD' || invoiceType === 'STANDARD_ADVANCED' ? Math.min(Math.max(invoiceAt, instantOf(dayOf(now))), now) : invoiceAt

/**
 * Drafts that a DRAFT falls due at an instant: what it shows is frozen, it is paid from the wallet as far as that goes, and it gets the next
 * number of its organization, of which none is left out, since the number is given in the commit that freezes it. An order gets it, and
 * becomes an invoice, when it has been paid.
 */
export const draftDue = (ctx: Ctx, row: InvoiceRow, owner: InvoiceOwner, by: PaidBy): FallenDue => {
  const { organizationId, now } = ctx
  const invoiceAt = invoiceAtOf(row, now)
  const first = statusAtDue(row.total)
  const isOpen = first === 'DUE'
  const netted = isOpen && 'purse' in by && by.purse ? payFromWallet(ctx, { ...row, invoiceAt }, by.purse) : undefined
  const paid = isOpen && 'purse' in by ? (netted?.paid ?? '0') : row.total
  const partly: InvoiceStatus = paid === '0' ? 'DUE' : 'PARTIALLY_PAID'
  const status: InvoiceStatus = isOpen && paid !== row.total ? partly : first === 'DUE' ? 'PAID' : first
  const isUnpaidOrder = isOrder(row) && (status === 'DUE' || status === 'PARTIALLY_PAID')
  const set = {
    status,
    invoiceClass: isUnpaidOrder ? row.invoiceClass : ('INVOICE' as const),
    invoiceAt,
    details: owner.details,
    netTermDays: owner.netTermDays,
    paid,
    info: [
      ...row.info,
      ...(owner.taxId === null ? [] : [{ type: 'TAX_ID', value: owner.taxId }]),
      ...(netted && paid !== '0' ? [{ type: 'WALLET', value: `${paid} netted off at DUE` }] : []),
    ],
    generatedAt: now,
    updatedAt: now,
    version: row.version + 1,
  }
  const number = isUnpaidOrder ? undefined : nextNumber(ctx, invoiceAt)
  return {
    statements: [
      ...(netted?.statements ?? []),
      ...(number ? [number.count] : []),
      builder
        .update(invoices)
        .set({
          ...set,
          ...number?.set,
          ...(isOpen &&
            row.invoiceClass === 'INVOICE' &&
            row.accountId !== null && { invoiceGroupId: payingGroup(ctx, row.accountId, row.currency) }),
        })
        .where(and(eq(invoices.organizationId, organizationId), eq(invoices.id, row.id))),
    ],
    row: { ...row, ...set },
    sequenceId: numberOf(ctx, row),
    changes: netted?.changes ?? [],
  }
}

/** An answer that has the number of an invoice, which only the database knows. */
type NumberedAnswer = Pick<Draft<Invoice>, 'answer' | 'fromDatabase'>

/** The answer of a commit in which an invoice fell due. */
export const showFallenDue = async (ctx: Ctx, { row, sequenceId }: Pick<FallenDue, 'row' | 'sequenceId'>): Promise<NumberedAnswer> => {
  const { sequenceId: _given, ...answer } = showInvoice({ ...row, sequenceId: '' })
  return { answer: { ...answer, ...(await linkPaper(ctx, row)) }, fromDatabase: { sequenceId } }
}

/** The answer of a commit in which an order was paid. */
export const showPaidOrder = (ctx: Ctx, row: InvoiceRow): Promise<NumberedAnswer> =>
  showFallenDue(ctx, { row: { ...row, invoiceClass: 'INVOICE' }, sequenceId: numberOf(ctx, row) })
