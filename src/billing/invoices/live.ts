import type { Ctx } from '../../db/context.ts'
import { readMembers } from './composite.ts'
import { rateDraft, rateDrafts } from './drafts.ts'
import { packRating } from './kept_rating.ts'
import type { InvoiceOwner } from './owner.ts'
import { readDraftsById } from './queries.ts'
import type { InvoiceSummary } from './schema.ts'
import { keepDraft } from './settle.ts'
import { type InvoiceRow, showSummary } from './show.ts'

/** An invoice as it is now, and from whom it takes what it shows as long as it is a DRAFT. */
export interface LiveInvoice {
  row: InvoiceRow
  owner?: InvoiceOwner
}

/** What an invoice is now. */
export const readLive = async (ctx: Ctx, row: InvoiceRow): Promise<LiveInvoice> => {
  if (row.invoiceType === 'COMPOSITE') return { row: await readMembers(ctx, row) }
  return row.status === 'DRAFT' ? rateDraft(ctx, row) : { row }
}

const isChanged = (before: InvoiceRow, { rated }: InvoiceRow): boolean =>
  before.status === 'DRAFT' && packRating(rated) !== packRating(before.rated)

/** What an invoice is now. What a DRAFT comes to is kept, so that it is known without being reckoned. */
export const keepLive = async (ctx: Ctx, before: InvoiceRow): Promise<LiveInvoice> => {
  const live = await readLive(ctx, before)
  if (!isChanged(before, live.row)) return live
  await ctx.session.batch([keepDraft(ctx, live.row)])
  return { ...live, row: { ...live.row, updatedAt: ctx.now } }
}

/** Invoices of a list. DRAFTs of accounts are reckoned now, all of them together, and what they come to is kept. */
export const showSummaries = async (ctx: Ctx, rows: readonly Omit<InvoiceRow, 'rated' | 'basis'>[]): Promise<InvoiceSummary[]> => {
  const drafts = rows.filter(({ status, accountId }) => status === 'DRAFT' && accountId !== null)
  if (!drafts.length) return rows.map((row) => showSummary(row))
  const found = await readDraftsById(
    ctx,
    drafts.map(({ id }) => id),
  )
  const live = [...(await rateDrafts(ctx, found))]
  const changed = live.filter(([before, { row }]) => isChanged(before, row))
  if (changed.length) await ctx.session.batch(changed.map(([, { row }]) => keepDraft(ctx, row)))
  const byId = new Map(live.map(([, one]) => [one.row.id, one]))
  const moved = new Set(changed.map(([{ id }]) => id))
  return rows.map((row) => {
    const its = byId.get(row.id)
    return its ? showSummary(moved.has(row.id) ? { ...its.row, updatedAt: ctx.now } : its.row, its.owner) : showSummary(row)
  })
}
