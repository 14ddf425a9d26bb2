import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import type { Line } from '../../rating/line.ts'
import { unpackRating } from '../invoices/service.ts'
import type { Earning } from './earning.ts'

/** The most invoices that are read for a query. */
const MOST_INVOICES = 5_000

interface InvoiceRow {
  accountId: string | null
  ownerId: string
  customerId: string | null
  currency: string
  at: number
  invoiceType: string
  rated: string
}

const linesUnder = ({ type, lines = [] }: Line, wanted: string): readonly Line[] =>
  type === wanted ? lines : lines.flatMap((line) => linesUnder(line, wanted))

/** The line of a card that was bought, which is earned when it was: not what is paid in advance, which its cycle earns, nor money for the wallet. */
const IS_BOUGHT = /^(?!ADVANCED_).+_RATE_CARD_AMOUNT$/

/** The lines of the cards that were bought, also where they stand under tags. */
const boughtUnder = (line: Line): readonly Line[] => (IS_BOUGHT.test(line.type) ? [line] : (line.lines ?? []).flatMap(boughtUnder))

/** What the lines of an invoice earn that people have written, or that were bought, and its charges that count as revenue. */
const listEarned = ({ invoiceType, rated }: InvoiceRow): { billableId: string | undefined; amount: string }[] => {
  const { root, written = [], charges = [] } = unpackRating(rated)
  const own = invoiceType === 'CUSTOM' ? linesUnder(root, 'GROSS_AMOUNT') : []
  const bought = invoiceType === 'AD_HOC' ? boughtUnder(root) : []
  return [
    ...own.map(({ id, value }, index) => ({ billableId: written[index]?.billableId ?? id, amount: value })),
    ...bought.map(({ id, value }) => ({ billableId: id, amount: value })),
    ...linesUnder(root, 'TOTAL_MISCELLANEOUS_CHARGES')
      .filter((_, index) => charges[index]?.considerForRevenue)
      .map(({ description, value }) => ({ billableId: description, amount: value })),
  ]
}

/**
 * Reads what invoices of lines that people have written, or of what was bought, have earned in a time (milliseconds), and the charges on any
 * invoice that count as revenue: at the last hour of the period of their invoice, if it has fallen due and is not void. Orders earn when they
 * have been paid. Undefined if there is too much of it.
 */
export const readWritten = async (
  ctx: Ctx,
  { accounts, from, until }: { accounts: readonly string[] | undefined; from: number; until: number },
): Promise<Earning[] | undefined> => {
  const { organizationId } = ctx
  const at = sql`(max(its.start_at, its.end_at - 1) / 3600000 * 3600000)`
  const own = accounts ? sql`and its.account_id in (select value from json_each(${JSON.stringify(accounts)}))` : sql``
  const isCounted = sql`its.organization_id = ${organizationId} and its.status not in ('DRAFT', 'VOID', 'GONE') and its.invoice_class <> 'ORDER'
    and not exists (select 1 from invoices as composite where composite.id = its.merged_into and composite.status = 'VOID') and ${at} >= ${from} and ${at} < ${until} ${own}`
  const rows = await ctx.session.rows<InvoiceRow>(
    selectRows(sql`
      select its.account_id as accountId, its.owner_id as ownerId, its.customer_id as customerId, its.currency, ${at} as at,
        its.invoice_type as invoiceType, its.rated
      from invoices as its
      where ${isCounted} and (its.invoice_type in ('CUSTOM', 'AD_HOC') or instr(its.rated, '"considerForRevenue":true') > 0)
        and its.end_at >= ${from} and its.end_at <= ${until} + 3600000
      limit ${MOST_INVOICES + 1}`),
  )
  if (rows.length > MOST_INVOICES) return undefined
  return rows.flatMap((row) => {
    const { accountId, ownerId, customerId, currency, at: instant } = row
    const its = { accountId: accountId ?? ownerId, customerId: customerId ?? '', currency, at: instant }
    return listEarned(row).map(({ billableId = '', amount }): Earning => ({ ...its, billableId, amount }))
  })
}
