import { type SQL, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { PACKED, placeOfType } from '../invoices/service.ts'
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

/** How far the lines of an invoice's total stand below it, and those of its charges. */
const TOTAL = 1
const GROSS = 3

/** The path of lines some steps below that of an invoice, each time those of the first line: as a list is kept, and as an object was before. */
const pathOf = (steps: number): [packed: SQL, whole: SQL] => {
  const down = Array.from({ length: steps })
  return [
    sql.raw(`'$.tree[${PACKED.lines}]${down.map(() => `[0][${PACKED.lines}]`).join('')}'`),
    sql.raw(`'$.root.lines${down.map(() => '[0].lines').join('')}'`),
  ]
}

/** Lines of the tree that an invoice keeps, as JSON. */
const linesAt = (steps: number): SQL => {
  const [packed, whole] = pathOf(steps)
  return sql`coalesce(its.rated -> ${packed}, its.rated -> ${whole}, '[]')`
}

/** What a line says, whether it is kept as a list or as an object. */
const fieldOf = (line: string, field: keyof typeof PACKED): SQL => {
  const [value, place, name] = [sql.raw(`${line}.value`), sql.raw(String(PACKED[field])), sql.raw(`'${field}'`)]
  return sql`coalesce(${value} ->> ${place}, ${value} ->> ${name})`
}

/**
 * Reads what invoices of lines that people have written have earned in a time (milliseconds), and the charges on any invoice that count as
 * revenue: at the last hour of the period of their invoice, if it has fallen due and is not void. Undefined if there is too much of it.
 *
 *     select … from invoices as its cross join json_each(its.rated -> '$.tree[7]…') as line where its.organization_id = ? and …
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
    ${billableId} as billableId, ${fieldOf('line', 'value')} as amount`
  const name = fieldOf('line', 'description')
  const rows = await ctx.session.rows<LineRow>(
    selectRows(sql`
      select ${columns(sql`coalesce(
        its.rated ->> ('$.written[' || line.key || '].billableId'), its.rated ->> ('$.written[' || line.key || '].id'), ''
      )`)}
      from invoices as its cross join json_each(${linesAt(GROSS)}) as line
      where ${isCounted} and its.invoice_type = 'CUSTOM'
      union all
      select ${columns(name)}
      from invoices as its
      cross join json_each(${linesAt(TOTAL)}) as charges on ${fieldOf('charges', 'type')} in ('TOTAL_MISCELLANEOUS_CHARGES', ${placeOfType('TOTAL_MISCELLANEOUS_CHARGES')})
      cross join json_each(coalesce(charges.value -> ${sql.raw(String(PACKED.lines))}, charges.value -> 'lines')) as line
      where ${isCounted} and exists (
        select 1 from json_each(its.rated, '$.charges') as charge
        where charge.value ->> 'name' = ${name} and charge.value ->> 'considerForRevenue'
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
