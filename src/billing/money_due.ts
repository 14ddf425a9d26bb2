import { sql } from 'drizzle-orm'
import { doDueFirst } from '../access/due/service.ts'
import type { Ctx } from '../db/context.ts'
import { BILLING, type Due } from '../db/due.ts'
import { selectRows } from '../db/statements.ts'

/** The kinds of due work whose subject is an account or an invoice group. */
const OWNED = JSON.stringify([BILLING, 'INVOICE_GROUP'])

/**
 * Does what is due by now for the money of accounts or invoice groups, in its order, before a write that must come after that: credits
 * expire, invoices fall due, what was bought is done, cycles are billed, and the invoices of groups are merged.
 */
export const settleMoneyDue = async (ctx: Ctx, ownerIds: readonly string[]): Promise<void> => {
  const { organizationId, now } = ctx
  const listed = JSON.stringify(ownerIds)
  for (;;) {
    const [row] = await ctx.session.rows<Due>(
      selectRows(sql`
        select its.kind, its.subject, its.due_at as dueAt from (
          select kinds.value as kind, owners.value as subject from json_each(${OWNED}) as kinds cross join json_each(${listed}) as owners
          union all
          select 'CREDIT', id from credits
          where organization_id = ${organizationId} and account_id in (select value from json_each(${listed})) and status = 'ACTIVE'
          union all
          select 'INVOICE', id from invoices
          where organization_id = ${organizationId} and account_id in (select value from json_each(${listed})) and status = 'DRAFT'
          union all
          select 'INVOICE', id from invoices
          where organization_id = ${organizationId} and account_id is null and status = 'DRAFT'
            and +owner_id in (select value from json_each(${listed}))
          union all
          select 'PURCHASE', id from purchases
          where organization_id = ${organizationId} and account_id in (select value from json_each(${listed})) and settled_at is null
        ) as sent
        cross join due as its on its.organization_id = ${organizationId} and its.kind = sent.kind and its.subject = sent.subject
        where its.due_at <= ${now}
        order by its.due_at, its.kind <> 'CREDIT', its.kind <> 'INVOICE', its.kind <> 'PURCHASE', its.subject limit 1`),
    )
    if (!row || !(await doDueFirst(ctx, [row]))) return
  }
}
