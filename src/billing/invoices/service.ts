import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply, commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { refuseFaults } from '../../lib/errors.ts'
import { draftReleases } from '../credits/release.ts'
import { openGenerations } from '../revenue_calculator/lookup.ts'
import { settleMoneyDue } from '../money_due.ts'
import { showCharges } from './charges.ts'
import { rateDraft } from './drafts.ts'
import { draftFalling, keptOf } from './falling.ts'
import { findChargeFaults } from './lines.ts'
import { readLive, showSummaries } from './live.ts'
import type { InvoiceOwner } from './owner.ts'
import { linkPaper, tagOfShown } from './paper_link.ts'
import { NOTHING_PAID, settleMoney } from './paying.ts'
import { draftSettled, voided } from './orders.ts'
import { listInvoiceRows, readInvoice, readInvoicesById, tagOfInvoice } from './queries.ts'
import { showRuleLogs } from './rule_logs.ts'
import type {
  Invoice,
  ListInvoicesQuery,
  ListInvoicesResponse,
  ManageMiscellaneousChargesRequest,
  MiscellaneousChargesResponse,
  PricingRulesLogsPaginatedResponse,
  UpdateInvoiceRequest,
} from './schema.ts'
import { changeInvoice, dueOf, isOrder, recordInvoice, showFallenDue, showPaidOrder } from './settle.ts'
import { type InvoiceRow, showInvoice } from './show.ts'
import { refuseFixedLines, refuseFrozen, refuseFuture, refusePeriod, refuseTransition } from './status.ts'
import type { InvoiceStatus } from './table.ts'
import { type AccountTime, closeUsage } from './usage.ts'

export { readQuotient } from './advances.ts'
export { type ChargeOfInvoice, readChargesOfInvoices } from './charged.ts'
export { billDrafts, createInvoiceBillRun, listInvoicesForBillRun } from './bill_runs.ts'
export { manageMiscellaneousChargesInAccount } from './charges.ts'
export { readMergedTotals } from './composite.ts'
export { createCustomInvoice } from './create.ts'
export { billAccount, billAccounts } from './cycles.ts'
export { mergeInvoicesOfGroup } from './groups.ts'
export { leaveInvoiceGroup } from './leaving.ts'
export { unpackRating } from './kept_rating.ts'
export { buildCustomTree } from './lines.ts'
export { previewInvoices } from './preview.ts'
export { listFrozenInvoices } from './queries.ts'
export { type BilledCycle, billedOfBasis, inputOf, ratedPlanOf, rateAdvance, rateArrears, usesOfBasis } from './rating.ts'
export type { InvoiceRow } from './show.ts'
export { isReadable } from '../portal.ts'

/** Reads an invoice as it is now. Throws NOT_FOUND. */
export const readInvoiceNow = async (ctx: Ctx, id: string): Promise<{ row: InvoiceRow; owner?: InvoiceOwner }> =>
  readLive(ctx, await readInvoice(ctx, id))

/** Lists invoices, the newest first, page by page. DRAFTs of cycles are reckoned now. */
export const listInvoices = async (ctx: Ctx, query: ListInvoicesQuery): Promise<Reply<ListInvoicesResponse>> => {
  const { rows, next } = await listInvoiceRows(ctx, query)
  return { answer: { data: await showSummaries(ctx, rows), ...next } }
}

export const getInvoice = async (ctx: Ctx, id: string): Promise<Reply<Invoice>> => {
  const { row, owner } = await readInvoiceNow(ctx, id)
  return { answer: { ...showInvoice(row, owner), ...(await linkPaper(ctx, row)) }, tag: await tagOfShown(ctx, row, owner) }
}

/** Reads invoices as `getInvoice` shows them, by their ids. */
export const getInvoicesById = async (ctx: Ctx, ids: readonly string[]): Promise<Map<string, Invoice>> => {
  const shown = new Map<string, Invoice>()
  for (const found of await readInvoicesById(ctx, ids)) {
    const { row, owner } = await readLive(ctx, found)
    shown.set(row.id, { ...showInvoice(row, owner), ...(await linkPaper(ctx, row)) })
  }
  return shown
}

/** Lists what the pricing rules of an invoice did when it was reckoned last: of a DRAFT now, of another one when it was frozen. */
export const listPricingRuleLogs = async (ctx: Ctx, id: string): Promise<Reply<PricingRulesLogsPaginatedResponse>> => {
  const { row } = await readInvoiceNow(ctx, id)
  return { answer: { data: await showRuleLogs(ctx, row) } }
}

/** What an invoice is given with another status, if it does not fall due. */
const draftStatus = (row: InvoiceRow, status: InvoiceStatus, owner: InvoiceOwner | undefined): Partial<InvoiceRow> => ({
  status,
  ...(status === 'PAID' && { paid: row.total }),
  ...(status === 'VOID' && voided(row)),
  ...(owner && { details: owner.details, netTermDays: owner.netTermDays }),
})

/** An invoice that is to be changed, and from whom it takes what it shows as long as it is a DRAFT. */
interface FoundInvoice {
  row: InvoiceRow
  owner: InvoiceOwner | undefined
  tag: string
}

const findInvoice = async (ctx: Ctx, id: string): Promise<FoundInvoice> => {
  const { row, owner } = await readLive(ctx, await readInvoice(ctx, id))
  return { row, owner, tag: await tagOfInvoice(row, owner) }
}

/** Finds an invoice to be changed, after what its owner owes by now has fallen due, as if that had been on time. */
const findInvoiceOnTime = async (ctx: Ctx, id: string): Promise<FoundInvoice> => {
  const { ownerId } = await readInvoice(ctx, id)
  await settleMoneyDue(ctx, [ownerId])
  return findInvoice(ctx, id)
}

/** What a request makes of a custom DRAFT, but for its status. Throws INVALID or CONFLICT. */
const editDraft = async (
  ctx: Ctx,
  row: InvoiceRow,
  { startDate, endDate, lineItems, autoAdvance }: UpdateInvoiceRequest,
): Promise<Partial<InvoiceRow>> => {
  if ([startDate, endDate, lineItems, autoAdvance].every((field) => field === undefined)) return {}
  refuseFixedLines(row)
  const period = { startAt: startDate ?? row.startAt, endAt: endDate ?? row.endAt, currency: row.currency }
  refusePeriod(period)
  const edited = { ...period, invoiceAt: period.endAt, autoAdvance: autoAdvance ?? row.autoAdvance }
  const rated = { ...row.rated, ...(lineItems && { written: lineItems }) }
  return { ...edited, ...keptOf((await rateDraft(ctx, { ...row, ...edited, rated })).row) }
}

/** Changes a custom DRAFT, or gives an invoice another status. */
export const updateInvoice = async (ctx: Ctx, id: string, input: UpdateInvoiceRequest): Promise<Reply<Invoice>> => {
  let period: AccountTime | undefined
  const reply = await changeVersioned(ctx, {
    read: () => findInvoiceOnTime(ctx, id),
    tagOf: ({ tag }) => tag,
    change: async ({ row, owner }): Promise<Draft<Invoice> | { unchanged: Invoice }> => {
      if (row.invoiceType === 'STANDARD') period = { accountId: row.ownerId, start: row.startAt, end: row.endAt }
      const status = input.status === row.status ? undefined : input.status
      if (status) refuseTransition(row, status)
      if (status === 'DUE') refuseFuture({ endAt: input.endDate ?? row.endAt }, status, ctx.now)
      /** What does not fall due keeps what it would have come to. */
      const kept = status === 'VOID' && row.status === 'DRAFT' && keptOf(row)
      const edits = { ...kept, ...(await editDraft(ctx, row, input)) }
      const edited: InvoiceRow = { ...row, ...edits }
      if (!status && !Object.keys(recordInvoice(row, edited)[0]?.fields ?? {}).length)
        return { unchanged: { ...showInvoice(row, owner), ...(await linkPaper(ctx, row)) }, tag: await tagOfShown(ctx, row, owner) }
      const isDueNow = status === 'DUE' || (!status && edited.autoAdvance && edited.endAt <= ctx.now)
      if (row.status === 'DRAFT' && isDueNow) {
        const { fallen, ...draft } = await draftFalling(ctx, row, edited, {
          closes: !ctx.write?.dryRun,
          write: (reckoned) => changeInvoice(ctx, row, { ...edits, ...keptOf(reckoned) }),
        })
        return { ...draft, ...(await showFallenDue(ctx, fallen)), tag: await tagOfShown(ctx, fallen.row, undefined) }
      }
      const money = status ? await settleMoney(ctx, row, status) : NOTHING_PAID
      const set = { ...edits, ...(status && draftStatus(edited, status, owner)), updatedAt: ctx.now, version: row.version + 1 }
      const after: InvoiceRow = { ...row, ...set }
      const live = after.status === 'DRAFT' ? owner : undefined
      const isGivenBack = (status === 'VOID' && row.status !== 'DRAFT') || (status === 'REFUND_INITIATED' && isOrder(row))
      const released = isGivenBack ? await draftReleases(ctx, row.id) : undefined
      const settled = draftSettled(ctx, row, set)
      return {
        statements: [...money.statements, ...settled.statements, ...(released?.statements ?? [])],
        changes: [...settled.changes, ...money.changes, ...(released?.changes ?? [])],
        ...(isOrder(row) && status === 'PAID'
          ? await showPaidOrder(ctx, after)
          : { answer: { ...showInvoice(after, live), ...(await linkPaper(ctx, after)) } }),
        tag: await tagOfShown(ctx, after, live),
        due: [...(live ? dueOf(after) : []), ...(released?.due ?? []), ...settled.due],
      }
    },
  })
  /** A cycle that is not billed is closed when that is written, and again when it is asked for again, so that a closing that failed is made up for. */
  if (input.status === 'VOID' && period && !ctx.write?.dryRun) await closeUsage(ctx, await openGenerations(ctx), [period])
  return reply
}

/** Replaces the charges that people have put on a DRAFT beside its lines. */
export const manageMiscellaneousChargesInInvoice = (
  ctx: Ctx,
  id: string,
  { items }: ManageMiscellaneousChargesRequest,
): Promise<Reply<MiscellaneousChargesResponse>> => {
  refuseFaults('INVALID', findChargeFaults(items))
  return changeVersioned(ctx, {
    read: () => findInvoiceOnTime(ctx, id),
    tagOf: ({ tag }) => tag,
    change: async ({ row, owner }) => {
      refuseFrozen(row)
      const answer = showCharges(items)
      const { rated, total, info } = (await rateDraft(ctx, { ...row, rated: { ...row.rated, charges: items } })).row
      const set = { rated, total, info, updatedAt: ctx.now, version: row.version + 1 }
      const after: InvoiceRow = { ...row, ...set }
      const changes = recordInvoice(row, after)
      if (!Object.keys(changes[0]?.fields ?? {}).length) return { unchanged: answer }
      return { statements: [changeInvoice(ctx, row, set)], changes, answer, tag: await tagOfInvoice(after, owner) }
    },
  })
}

/** Deletes a custom DRAFT. */
export const deleteCustomInvoice = (ctx: Ctx, id: string): Promise<Reply<{ success: boolean }>> =>
  changeVersioned(ctx, {
    read: () => findInvoiceOnTime(ctx, id),
    tagOf: ({ tag }) => tag,
    change: async ({ row }) => {
      refuseFixedLines(row)
      const set = { status: 'GONE' as const, updatedAt: ctx.now, version: row.version + 1 }
      return {
        statements: [changeInvoice(ctx, row, set)],
        changes: recordInvoice(row, { ...row, ...set }),
        answer: { success: true },
        tag: await tagOfInvoice({ ...row, ...set }, undefined),
      }
    },
  })

/** Lets a DRAFT fall due at its instant, if it is still one that falls due by itself then. */
export const makeInvoiceDue = async (ctx: Ctx, due: Due): Promise<void> => {
  const at: Ctx = { ...ctx, now: due.dueAt }
  const [row] = await readInvoicesById(ctx, [due.subject])
  const isDraft = row?.status === 'DRAFT' && row.autoAdvance
  if (!row || !isDraft || row.invoiceAt > due.dueAt) {
    const next = row && isDraft ? row.invoiceAt : undefined
    await commit(at, { statements: settleDue(at, due, next), changes: [], answer: {} })
    return
  }
  const { statements, changes } = await draftFalling(at, row, row, { write: (reckoned) => changeInvoice(at, row, keptOf(reckoned)) })
  await commit(at, { statements: [...statements, ...settleDue(at, due)], changes, answer: {} })
}
