import { type SQL, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import type { CheckedAlert, Finding } from './finding.ts'
import { selectLastNumber } from './seen.ts'

/** The most invoices that are named in what a check has seen. */
const MOST_NAMED = 20

/** Until when an invoice is to be paid, in milliseconds, as the index has it. */
const DUE_DATE = sql.raw('invoice_at + net_term_days * 86400000')

/** Whether a total, which is a decimal text, is above 0. */
const IS_TO_PAY = sql.raw("substr(its.total, 1, 1) <> '-' and trim(its.total, '0.') <> ''")

const UNPAID = sql.raw("status in ('DUE', 'PARTIALLY_PAID') and invoice_class = 'INVOICE'")

/**
 * The invoices with something to pay that got their numbers behind another one, which they get when they fall due. An order gets it when it
 * has been paid, so that it was never due. Of an account, also those that its group pays for; of the organization, those of the groups. Those
 * of an account are found by their owner, so that the numbers of all others are not read.
 */
const fallenDue = ({ organizationId }: Ctx, { accountId, seen }: CheckedAlert['row']): SQL => sql`
  select its.id, its.sequence as place from invoices as its
  where its.organization_id = ${organizationId} and its.invoice_class = 'INVOICE'
    and its.status not in ('VOID', ${accountId === null ? 'MERGED' : 'GONE'}) and ${IS_TO_PAY}
    and ${accountId === null ? sql`its.sequence > ${seen?.invoices ?? 0}` : sql`+its.sequence > ${seen?.invoices ?? 0} and its.owner_id = ${accountId}`}
    and not exists (
      select 1 from purchases where purchases.organization_id = its.organization_id and purchases.account_id = its.account_id
        and purchases.invoice_id = its.id
    )`

/**
 * The invoices that are unpaid, by when they are to be paid. An account also has those of its group that its own ones were merged into; all of
 * these are found by the account, so that what others have not paid is not read.
 */
const unpaid = ({ organizationId }: Ctx, { accountId }: CheckedAlert['row']): SQL =>
  accountId === null
    ? sql`select id, ${DUE_DATE} as place from invoices where organization_id = ${organizationId} and ${UNPAID}`
    : sql`
      select id, ${DUE_DATE} + 0 as place from invoices
      where organization_id = ${organizationId} and account_id = ${accountId} and ${UNPAID}
      union
      select id, ${DUE_DATE} + 0 from invoices where ${UNPAID} and +organization_id = ${organizationId} and id in (
        select merged_into from invoices as member
        where member.organization_id = ${organizationId} and member.account_id = ${accountId} and member.status = 'MERGED'
      )`

interface FoundInvoice {
  id: string
  count: number
}

const selectFirst = (found: SQL): Statement =>
  selectRows(sql`select id, count(*) over () as count from (${found}) order by place, id limit ${MOST_NAMED}`)

const findingOf = (rows: readonly unknown[] | undefined): Pick<Finding, 'value' | 'invoiceIds'> => {
  const found = (rows ?? []) as FoundInvoice[]
  return { value: String(found[0]?.count ?? 0), ...(found.length && { invoiceIds: found.map(({ id }) => id) }) }
}

/** Finds the invoices that have fallen due since the last checks of some alerts, in one round trip. */
export const findInvoicesDue = async (ctx: Ctx, checked: readonly CheckedAlert[]): Promise<Finding[]> => {
  const results = await ctx.session.batch<object>([selectLastNumber(ctx), ...checked.map(({ row }) => selectFirst(fallenDue(ctx, row)))])
  const [{ last } = { last: 0 }] = (results[0]?.results ?? []) as { last: number }[]
  return checked.map(({ row, at }, index): Finding => {
    const found = findingOf(results[index + 1]?.results)
    return {
      ...found,
      from: row.checkedAt ?? row.anchoredAt,
      until: at,
      changesAt: found.invoiceIds ? at + 1 : undefined,
      seen: { invoices: last },
    }
  })
}

/** Finds the invoices that are unpaid though their due dates have passed, in one round trip. */
export const findInvoicesOverdue = async (ctx: Ctx, checked: readonly CheckedAlert[]): Promise<Finding[]> => {
  const results = await ctx.session.batch<object>(
    checked.flatMap(({ row, at }) => [
      selectFirst(sql`select * from (${unpaid(ctx, row)}) where place <= ${at}`),
      selectRows(sql`select min(place) as next from (${unpaid(ctx, row)}) where place > ${at}`),
    ]),
  )
  return checked.map((_, index): Finding => {
    const [{ next } = { next: null }] = (results[2 * index + 1]?.results ?? []) as { next: number | null }[]
    return { ...findingOf(results[2 * index]?.results), changesAt: next ?? undefined }
  })
}
