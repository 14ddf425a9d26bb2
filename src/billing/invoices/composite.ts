import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import type { Line } from '../../rating/line.ts'
import { unpackRating } from './kept_rating.ts'
import type { InvoiceRow } from './show.ts'
import type { KeptRating } from './table.ts'

/** The most invoices whose lines are shown in the one that they were merged into, and the most bytes that these are stored in. */
const MOST_TREES = 100
const MOST_BYTES = 4_000_000

/** The tree that is kept of an invoice of a group: its lines are read from the invoices that were merged into it. */
export const grandTotalOf = (total: string): KeptRating => ({
  root: { id: 'GRAND_TOTAL_AMOUNT', type: 'GRAND_TOTAL_AMOUNT', description: 'Grand Total Amount', value: total },
  usage: [],
})

interface MergedRow {
  id: string
  accountId: string
  invoiceType: string
  name: string
  total: string
  rated: string | null
}

const selectMerged = ({ organizationId }: Ctx, id: string) =>
  selectRows(sql`
    select id, account_id as accountId, invoice_type as invoiceType, details ->> '$.account.name' as name, total,
      iif(row_number() over nth <= ${MOST_TREES} and sum(octet_length(rated)) over nth <= ${MOST_BYTES}, rated, null) as rated
    from invoices where organization_id = ${organizationId} and merged_into = ${id}
    window nth as (order by account_id, start_at, id rows unbounded preceding)
    order by account_id, start_at, id`)

/** What an invoice comes to in that of its group: its total amount, which stands for it there, with its lines if those are shown. */
const totalOf = ({ id, accountId, invoiceType, name, total, rated }: MergedRow): Line => {
  const [own] = (rated === null ? undefined : unpackRating(rated).root.lines) ?? []
  return {
    id,
    type: 'TOTAL_AMOUNT',
    description: name,
    value: total,
    metadata: { accountId, invoiceType },
    ...(own?.lines && { lines: own.lines }),
  }
}

/** What the invoices come to that were merged into others, by the ids of those. */
export const readMergedTotals = async ({ organizationId, session }: Ctx, ids: readonly string[]): Promise<Map<string, string>> => {
  if (!ids.length) return new Map()
  const rows = await session.rows<{ id: string; total: string }>(
    selectRows(sql`
      select its.merged_into as id, its.total from json_each(${JSON.stringify(ids)}) as sent
      cross join invoices as its on its.organization_id = ${organizationId} and its.merged_into = sent.value`),
  )
  return new Map([...Map.groupBy(rows, ({ id }) => id)].map(([id, merged]) => [id, sumDecimals(merged.map(({ total }) => total))]))
}

/** What says in `info` how many invoices are shown without their lines. */
const LINES_LEFT_OUT = 'LINES_LEFT_OUT'

/** An invoice of a group with the lines of those that were merged into it, or of the first of them; `info` says how many are left out. */
export const readMembers = async (ctx: Ctx, row: InvoiceRow): Promise<InvoiceRow> => {
  const merged = await ctx.session.rows<MergedRow>(selectMerged(ctx, row.id))
  const leftOut = merged.filter(({ rated }) => rated === null).length
  const value = `${leftOut} of ${merged.length} invoices are shown without their lines. Read each by its id.`
  return {
    ...row,
    rated: { ...row.rated, root: { ...row.rated.root, lines: merged.map(totalOf) } },
    /** An invoice that was made VOID has kept what was said of it then. */
    info: [...row.info.filter(({ type }) => type !== LINES_LEFT_OUT), ...(leftOut ? [{ type: LINES_LEFT_OUT, value }] : [])],
  }
}
