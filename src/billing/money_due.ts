import { sql } from 'drizzle-orm'
import { doDueFirst } from '../access/due/service.ts'
import type { Ctx } from '../db/context.ts'
import { BILLING, type Due } from '../db/due.ts'
import { selectRows } from '../db/statements.ts'

/**
 * Does what is due by now for the money of accounts or invoice groups, in its order, before a write that must come after that: credits
 * expire, invoices fall due, cycles are billed, and the invoices of groups are merged.
 */
export const settleMoneyDue = async (ctx: Ctx, ownerIds: readonly string[]): Promise<void> => {
  const { organizationId, now } = ctx
  const listed = sql`(select value from json_each(${JSON.stringify(ownerIds)}))`
  for (;;) {
    const [row] = await ctx.session.rows<Due>(
      selectRows(sql`
        select kind, subject, due_at as dueAt from due where organization_id = ${organizationId} and due_at <= ${now} and (
          (kind in (${BILLING}, 'INVOICE_GROUP') and subject in ${listed})
          or (kind = 'CREDIT' and subject in (
            select id from credits where organization_id = ${organizationId} and account_id in ${listed} and status = 'ACTIVE'
          ))
          or (kind = 'INVOICE' and subject in (
            select id from invoices where organization_id = ${organizationId} and owner_id in ${listed} and status = 'DRAFT'
          ))
        ) order by due_at, kind <> 'CREDIT', kind <> 'INVOICE', subject limit 1`),
    )
    if (!row || !(await doDueFirst(ctx, [row]))) return
  }
}
