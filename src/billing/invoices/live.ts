import type { Ctx } from '../../db/context.ts'
import { readMembers } from './composite.ts'
import { rateDraft, rateDrafts } from './drafts.ts'
import { linkPaper } from './paper_link.ts'
import type { InvoiceOwner } from './owner.ts'
import { readInvoicesById } from './queries.ts'
import type { InvoiceSummary } from './schema.ts'
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

/** The DRAFTs of accounts among invoices as they are now, by their ids: reckoned all together. */
const readLiveDrafts = async (ctx: Ctx, rows: readonly Omit<InvoiceRow, 'rated' | 'basis'>[]): Promise<Map<string, LiveInvoice>> => {
  const drafts = rows.filter(({ status, accountId }) => status === 'DRAFT' && accountId !== null)
  if (!drafts.length) return new Map()
  const found = await readInvoicesById(
    ctx,
    drafts.map(({ id }) => id),
  )
  const open = found.filter(({ status }) => status === 'DRAFT')
  return new Map([...(await rateDrafts(ctx, open))].map(([{ id }, one]) => [id, one]))
}

/** Invoices of a list. DRAFTs of accounts are reckoned now. */
export const showSummaries = async (ctx: Ctx, rows: readonly Omit<InvoiceRow, 'rated' | 'basis'>[]): Promise<InvoiceSummary[]> => {
  const live = await readLiveDrafts(ctx, rows)
  return Promise.all(
    rows.map(async (row) => {
      const its = live.get(row.id)
      return { ...(its ? showSummary(its.row, its.owner) : showSummary(row)), ...(await linkPaper(ctx, row)) }
    }),
  )
}
