import { type SQL, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import type { Earning } from './earning.ts'

/** The most lines of invoices that are read for a query. */
const MOST_LINES = 50_000

interface LineRow {
  accountId: string | null
  ownerId: string
  customerId: string | null
  currency: string
  at: number
  billableId: string | null
  amount: string
}

/** Where the tree of an invoice has the total line, and where the charge of its lines. */
const TOTAL = '$.root.lines[0].lines'
const GROSS = '$.root.lines[0].lines[0].lines[0].lines'

/**
 * Reads what invoices of lines that people have written have earned in a time (milliseconds), and the charges on any invoice that count as
 * revenue: at the last hour of the period of their invoice, if it has fallen due and is not void. Undefined if there is too much of it.
 *
 *     select … from invoices as its cross join json_each(its.rated, '$.root…') as line where its.organization_id = ? and …
 */
export const readWritten = async (
  ctx: Ctx,
  { accounts, from, until }: { accounts: readonly string[] | undefined; from: number; until: number },
): Promise<Earning[] | undefined> => {
  const { organizationId } = ctx
  const at = sql`(max(its.start_at, its.end_at - 1) / 3600000 * 3600000)`
  const own = accounts ? sql`and its.account_id in (select value from json_each(${JSON.stringify(accounts)}))` : sql``
  const isCounted = sql`its.organization_id = ${organizationId} and its.status not in ('DRAFT', 'VOID', 'GONE') and ${at} >= ${from} and ${at} < ${until} ${own}`
  const columns = (billableId: SQL) => sql`
    its.account_id as accountId, its.owner_id as ownerId, its.customer_id as customerId, its.currency, ${at} as at,
    ${billableId} as billableId, line.value ->> 'value' as amount`
  const rows = await ctx.session.rows<LineRow>(
    selectRows(sql`
      select ${columns(sql`coalesce(its.rated ->> ('$.written[' || line.key || '].billableId'), line.value ->> 'id')`)}
      from invoices as its cross join json_each(its.rated, ${GROSS}) as line
      where ${isCounted} and its.invoice_type = 'CUSTOM'
      union all
      select ${columns(sql`line.value ->> 'description'`)}
      from invoices as its
      cross join json_each(its.rated, ${TOTAL}) as charges on charges.value ->> 'type' = 'TOTAL_MISCELLANEOUS_CHARGES'
      cross join json_each(charges.value, '$.lines') as line
      where ${isCounted} and exists (
        select 1 from json_each(its.rated, '$.charges') as charge
        where charge.value ->> 'name' = line.value ->> 'description' and charge.value ->> 'considerForRevenue'
      )
      limit ${MOST_LINES + 1}`),
  )
  if (rows.length > MOST_LINES) return undefined
  return rows.map(({ accountId, ownerId, customerId, billableId, ...row }) => ({
    ...row,
    accountId: accountId ?? ownerId,
    customerId: customerId ?? '',
    billableId: billableId ?? '',
  }))
}
