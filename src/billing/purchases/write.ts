import { and, eq } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Change, Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import type { Due } from '../../db/due.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import type { InvoiceOwner } from '../invoices/owner.ts'
import type { PartialDraft } from '../wallets/service.ts'
import { draftFalling } from '../invoices/falling.ts'
import { rateOrder } from '../invoices/orders.ts'
import { insertInvoices, newDraft } from '../invoices/settle.ts'
import type { InvoiceRow } from '../invoices/show.ts'
import type { Offer } from './offer.ts'
import { PURCHASE_DUE } from './orders.ts'
import { type PurchaseRow, purchases } from './table.ts'

export const insertPurchases = insertInto(purchases)

/** What is recorded of a purchase. */
const recorded = (row: PurchaseRow) => ({
  accountId: row.accountId,
  type: row.type,
  status: row.status,
  proposalStatus: row.proposalStatus,
  paymentMode: row.paymentMode,
  pricePlanId: row.pricePlanId,
  pricePlanVersion: row.planVersion,
  price: row.price,
  invoiceCurrency: row.currency,
  invoiceId: row.invoiceId,
  comment: row.comment,
  expiryDate: row.expiresAt === null ? null : iso(row.expiresAt),
})

/** By what webhooks know a purchase: as long as it is none, by the status of the proposal. */
const stateOf = ({ status, proposalStatus }: PurchaseRow): string | null => status ?? proposalStatus

export const recordPurchase = (before: PurchaseRow | undefined, after: PurchaseRow): Change => ({
  type: 'PURCHASE',
  id: after.id,
  fields: differences(before && recorded(before), recorded(after)),
  status: [before ? stateOf(before) : null, stateOf(after)],
})

/** A new purchase of an account, whose order has not been made. */
export const newPurchase = (
  { organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>,
  owner: InvoiceOwner,
  { type, pricePlanId, planVersion, price, bought }: Offer,
  more: Pick<PurchaseRow, 'request'> & Partial<PurchaseRow>,
): PurchaseRow => ({
  id: newId('PURCHASE', now),
  organizationId,
  accountId: owner.id,
  customerId: owner.customerId ?? '',
  type,
  paymentMode: null,
  status: null,
  proposalStatus: null,
  pricePlanId,
  planVersion,
  price,
  currency: owner.currency,
  invoiceId: null,
  scheduleId: null,
  cycleAt: null,
  bought,
  comment: null,
  ending: null,
  expiresAt: null,
  respondedAt: null,
  appliedAt: null,
  settledAt: null,
  idempotencyKey: null,
  fingerprint: null,
  createdAt: now,
  updatedAt: now,
  version: 1,
  ...more,
})

/** What becomes of a purchase at an instant, and when something of it is due next (milliseconds). */
export type PurchaseStep = Required<Pick<Draft<object>, 'statements' | 'changes' | 'due'>> & { next?: number | undefined }

/** The statement that changes a purchase. It is STALE if another write came first. */
export const changePurchase = (
  { organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>,
  before: PurchaseRow,
  set: Partial<PurchaseRow>,
): { after: PurchaseRow } & PartialDraft => {
  const own = { ...set, updatedAt: now, version: before.version + 1 }
  const after = { ...before, ...own }
  const update: Statement = builder
    .update(purchases)
    .set(own)
    .where(and(eq(purchases.organizationId, organizationId), eq(purchases.id, before.id)))
  return { after, statements: [update], changes: [recordPurchase(before, after)] }
}

/** When something is to be done of a purchase or a proposal: what was bought, or the end of what is not paid or answered in time. */
export const dueOfPurchase = ({ now }: Pick<Ctx, 'now'>, { id, status, expiresAt }: PurchaseRow): Due[] => {
  if (status === 'IN_PROGRESS') return [{ kind: PURCHASE_DUE, subject: id, dueAt: now }]
  return expiresAt === null ? [] : [{ kind: PURCHASE_DUE, subject: id, dueAt: expiresAt }]
}

/** The invoice of what is bought, before credits: an order that is paid first, or what is billed of something that is done already. */
export const newOrder = (
  ctx: Ctx,
  owner: InvoiceOwner,
  { id, type, pricePlanId, scheduleId, currency, bought }: PurchaseRow,
  invoiceClass: 'ORDER' | 'INVOICE' = 'ORDER',
): InvoiceRow => {
  const period = { startAt: ctx.now, endAt: ctx.now, currency }
  const takesMoney = type !== 'WALLET_TOPUP'
  return newDraft(ctx, owner, {
    invoiceClass,
    invoiceType: 'AD_HOC',
    ...period,
    invoiceAt: ctx.now,
    autoAdvance: true,
    ...rateOrder(bought.lines, period),
    pricePlanId,
    scheduleId,
    appliesCredits: takesMoney,
    appliesWallet: takesMoney,
    metadata: { purchaseId: id },
  })
}

/** Whether nothing is left to pay of an order that has fallen due. */
export const isPaidOrder = ({ invoiceClass }: Pick<InvoiceRow, 'invoiceClass'>): boolean => invoiceClass === 'INVOICE'

/** Drafts the invoice of what is bought, which falls due at once. */
export const draftOrder = async (
  ctx: Ctx,
  owner: InvoiceOwner,
  row: PurchaseRow,
  invoiceClass: 'ORDER' | 'INVOICE' = 'ORDER',
): Promise<PartialDraft & Pick<PurchaseRow, 'invoiceId' | 'status'>> => {
  const { fallen, statements, changes } = await draftFalling(ctx, undefined, newOrder(ctx, owner, row, invoiceClass), {
    write: (reckoned) => insertInvoices([reckoned]),
  })
  return { statements, changes, invoiceId: fallen.row.id, status: isPaidOrder(fallen.row) ? 'IN_PROGRESS' : 'PENDING' }
}
