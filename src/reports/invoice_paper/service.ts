import { sql } from 'drizzle-orm'
import { systemContext } from '../../access/due/service.ts'
import { type InvoiceRow, isReadable, readInvoiceNow } from '../../billing/invoices/service.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { loadLater } from '../../lib/load.ts'
import type { MergedInvoice } from './merged.ts'
import { writePaper } from './paper.ts'

/** What draws a PDF is large, and loaded when the first one is drawn. */
const drawing = loadLater(() => import('./render.ts'))

/** The invoice on paper, as a file that is made when it is read. */
export interface InvoicePaper {
  organizationId: string
  isReadableBy: (ctx: Ctx) => boolean
  name: string
  contentType: string
  read: () => Promise<{ body: Uint8Array<ArrayBuffer>; size: number }>
}

type Reading = Parameters<typeof systemContext>[0]

const [OF_FILE, OF_INVOICE] = ['file.', 'inv.'] as const

/** The id of the invoice whose paper a file would be. */
const invoiceIdOf = (fileId: string): string => OF_INVOICE + fileId.slice(OF_FILE.length)

/** The organization of an invoice that fell due, if it is the one that is asked for: whoever has a link does not name it. */
const findOrganization = async ({ session }: Reading, invoiceId: string, organizationId: string | undefined) => {
  const [found] = await session.rows<{ id: string; baseCurrency: string; clockAt: number | null }>(
    selectRows(sql`
      select its.id, its.base_currency as baseCurrency, its.clock_at as clockAt from invoices
      cross join organizations as its on its.id = invoices.organization_id
      where invoices.id = ${invoiceId} and invoices.generated_at is not null and its.id = coalesce(${organizationId ?? null}, its.id)`),
  )
  return found
}

const selectName = ({ organizationId }: Ctx) => selectRows(sql`select name from organizations where id = ${organizationId}`)

/** The query for the invoices that were merged into one, and for the one that it was merged into. */
const selectMerged = ({ organizationId }: Ctx, { id, mergedInto }: InvoiceRow) =>
  selectRows(sql`
    select id, sequence_id as sequenceId, start_at as startAt, end_at as endAt from invoices
    where organization_id = ${organizationId} and (merged_into = ${id} or id = ${mergedInto})`)

/** Finds the invoice on paper that a file id names, if the invoice fell due: of an organization, or of any for whoever has a link that was signed for it. */
export const findInvoicePaper = async (reading: Reading, fileId: string, organizationId?: string): Promise<InvoicePaper | undefined> => {
  const invoiceId = invoiceIdOf(fileId)
  const organization = fileId.startsWith(OF_FILE) ? await findOrganization(reading, invoiceId, organizationId) : undefined
  if (!organization) return undefined
  const ctx = systemContext(reading, organization)
  const { row } = await readInvoiceNow(ctx, invoiceId)
  const [names, merged] = await ctx.session.batch<{ name: string } & MergedInvoice>([selectName(ctx), selectMerged(ctx, row)])
  const paper = writePaper({ row, organizationName: names?.results[0]?.name ?? '', merged: merged?.results ?? [] })
  return {
    organizationId: organization.id,
    isReadableBy: (caller) => isReadable(caller, row),
    name: `${paper.title.toLowerCase().replaceAll(' ', '-')}-${paper.number}.pdf`,
    contentType: 'application/pdf',
    read: async () => {
      if (!ctx.assets) throw new Error('The binding ASSETS is missing, which has the fonts of invoices')
      const body = Uint8Array.from(await drawing.renderPaper(ctx.assets, paper))
      return { body, size: body.length }
    },
  }
}
