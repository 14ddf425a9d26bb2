import type { Ctx } from '../../db/context.ts'
import { readMembers } from './composite.ts'
import { rateDraft, rateDrafts } from './cycles.ts'
import { type InvoiceOwner, readAccountOwner, readGroupOwner } from './owner.ts'
import { readDraftsById } from './queries.ts'
import type { InvoiceSummary } from './schema.ts'
import { type InvoiceRow, showSummary } from './show.ts'

/** An invoice as it is now, and from whom it takes what it shows as long as it is a DRAFT. */
export interface LiveInvoice {
  row: InvoiceRow
  owner?: InvoiceOwner
}

/** The owner of a DRAFT, from whom it takes what it shows until it falls due. */
export const readOwner = (ctx: Ctx, { ownerId, accountId }: Pick<InvoiceRow, 'ownerId' | 'accountId'>): Promise<InvoiceOwner> =>
  accountId === null ? readGroupOwner(ctx, ownerId) : readAccountOwner(ctx, accountId)

/** What an invoice is now. */
export const readLive = async (ctx: Ctx, row: InvoiceRow): Promise<LiveInvoice> => {
  if (row.invoiceType === 'COMPOSITE') return { row: await readMembers(ctx, row) }
  if (row.status !== 'DRAFT') return { row }
  return row.invoiceType === 'STANDARD' ? rateDraft(ctx, row) : { row, owner: await readOwner(ctx, row) }
}

/** Invoices of a list. DRAFTs of cycles are reckoned now, all of them together. */
export const showSummaries = async (ctx: Ctx, rows: readonly Omit<InvoiceRow, 'rated' | 'basis'>[]): Promise<InvoiceSummary[]> => {
  const drafts = rows.filter(({ status, invoiceType }) => status === 'DRAFT' && invoiceType === 'STANDARD')
  if (!drafts.length) return rows.map((row) => showSummary(row))
  const found = await readDraftsById(
    ctx,
    drafts.map(({ id }) => id),
  )
  const live = new Map([...(await rateDrafts(ctx, found))].map(([{ id }, one]) => [id, one]))
  return rows.map((row) => {
    const its = live.get(row.id)
    return its ? showSummary(its.row, its.owner) : showSummary(row)
  })
}
