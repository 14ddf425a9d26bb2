import { sql } from 'drizzle-orm'
import { type InvoiceRow, readInvoiceNow } from '../../billing/invoices/service.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { ApiError } from '../../lib/errors.ts'
import { loadLater } from '../../lib/load.ts'
import { type MergedInvoice, writePaper } from './paper.ts'

/** What draws a PDF is large, and loaded when the first one is drawn. */
const drawing = loadLater(() => import('./render.ts'))

/** A file that is made when it is asked for. */
export interface InvoicePaper {
  name: string
  contentType: 'application/pdf'
  /** Changes whenever the file would. */
  version: string
  read: () => Promise<Uint8Array>
}

const [OF_FILE, OF_INVOICE] = ['file.', 'inv.'] as const

/** The id of the invoice whose paper a file would be. */
const invoiceIdOf = (fileId: string): string => OF_INVOICE + fileId.slice(OF_FILE.length)

/** The organization of an invoice on paper, which a link does not name. */
export const findOrganizationOfPaper = async (
  { session }: Pick<Ctx, 'session'>,
  fileId: string,
): Promise<{ id: string; baseCurrency: string; clockAt: number | null } | undefined> => {
  const [found] = await session.rows<{ id: string; baseCurrency: string; clockAt: number | null }>(
    selectRows(sql`
      select its.id, its.base_currency as baseCurrency, its.clock_at as clockAt from invoices
      cross join organizations as its on its.id = invoices.organization_id where invoices.id = ${invoiceIdOf(fileId)}`),
  )
  return found
}

const selectName = ({ organizationId }: Ctx) => selectRows(sql`select name from organizations where id = ${organizationId}`)

/** The query for the invoices that were merged into one, and for the one that it was merged into. */
const selectMerged = ({ organizationId }: Ctx, { id, mergedInto }: InvoiceRow) =>
  selectRows(sql`
    select id, sequence_id as sequenceId, start_at as startAt, end_at as endAt from invoices
    where organization_id = ${organizationId} and (merged_into = ${id} or id = ${mergedInto})`)

/** Finds the invoice on paper that a file id names, if it fell due. With a portal token, it is one of its customer and accounts. */
export const findInvoicePaper = async (ctx: Ctx, fileId: string): Promise<InvoicePaper | undefined> => {
  if (!fileId.startsWith(OF_FILE)) return undefined
  const { row } = await readInvoiceNow(ctx, invoiceIdOf(fileId)).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === 'NOT_FOUND') return { row: undefined }
    throw error
  })
  if (!row || row.generatedAt === null) return undefined
  const [names, merged] = await ctx.session.batch<{ name: string } & MergedInvoice>([selectName(ctx), selectMerged(ctx, row)])
  const paper = writePaper({ row, organizationName: names?.results[0]?.name ?? '', merged: merged?.results ?? [] })
  const { assets } = ctx
  if (!assets) throw new Error('The binding ASSETS is missing, which has the fonts of invoices')
  return {
    name: `${paper.title.toLowerCase().replaceAll(' ', '-')}-${paper.number}.pdf`,
    contentType: 'application/pdf',
    version: String(row.version),
    read: () => drawing.renderPaper(assets, paper),
  }
}
