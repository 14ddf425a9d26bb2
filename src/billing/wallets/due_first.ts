import { sql } from 'drizzle-orm'
import { doDueFirst } from '../../access/due/service.ts'
import type { Ctx } from '../../db/context.ts'
import { BILLING, type Due } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'

/**
 * Does what is due by now for an account or an invoice group and moves its money, the earliest first, before a write that must come after
 * that: its cycles are billed, and its invoices fall due or are merged.
 */
export const doDueOfOwner = async (ctx: Ctx, ownerId: string): Promise<void> => {
  for (let isDone = true; isDone;) {
    const [row] = await ctx.session.rows<Due>(
      selectRows(sql`
        select kind, subject, due_at as dueAt from due
        where organization_id = ${ctx.organizationId} and due_at <= ${ctx.now} and (
          (kind in (${BILLING}, 'INVOICE_GROUP') and subject = ${ownerId}) or (kind = 'INVOICE' and subject in (
            select id from invoices where organization_id = ${ctx.organizationId} and owner_id = ${ownerId} and status = 'DRAFT' and auto_advance = 1
          ))
        )
        order by due_at, iif(kind = 'INVOICE', 0, 1) limit 1`),
    )
    isDone = row !== undefined && (await doDueFirst(ctx, [row]))
  }
}
