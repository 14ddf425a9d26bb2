import { sql } from 'drizzle-orm'
import { doDueFirst } from '../../access/due/service.ts'
import { commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { BILLING, type Due, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { INVOICE_DUE } from '../invoices/settle.ts'
import { hasOpenDraft, readCreditRows, selectCredits } from './queries.ts'
import { CREDIT_DUE, changeCredit, draftChangedCredits, restOfCredit } from './write.ts'

/** Does what is due by now for the money of accounts, in its order, before a write that must come after that. */
export const settleMoneyDue = async (ctx: Ctx, accountIds: readonly string[]): Promise<void> => {
  const { organizationId, now } = ctx
  const listed = sql`(select value from json_each(${JSON.stringify(accountIds)}))`
  for (;;) {
    const [row] = await ctx.session.rows<Due>(
      selectRows(sql`
        select kind, subject, due_at as dueAt from due where organization_id = ${organizationId} and due_at <= ${now} and (
          (kind = ${BILLING} and subject in ${listed})
          or (kind = ${CREDIT_DUE} and subject in (
            select id from credits where organization_id = ${organizationId} and account_id in ${listed} and status = 'ACTIVE'
          ))
          or (kind = ${INVOICE_DUE} and subject in (
            select id from invoices where organization_id = ${organizationId} and account_id in ${listed} and status = 'DRAFT'
          ))
        ) order by due_at, kind <> ${CREDIT_DUE}, kind <> ${INVOICE_DUE}, subject limit 1`),
    )
    if (!row || !(await doDueFirst(ctx, [row]))) return
  }
}

/**
 * Lets a credit expire when it has ended: what is left of it goes. As long as a DRAFT is open that it may still pay, it does not; when the
 * last of them is none any more, this is due again.
 */
export const expireCredit = async (ctx: Ctx, due: Due): Promise<void> => {
  const its: Ctx = { ...ctx, now: due.dueAt }
  const { organizationId } = its
  const isOpen = sql`select '[]' from credits where organization_id = ${organizationId} and id = ${due.subject} and ${hasOpenDraft}`
  const [rows, open] = await its.session.batch<object>([
    selectCredits(its, [due.subject]),
    selectRows(sql`select 1 where exists (${isOpen})`),
  ])
  const [row] = readCreditRows(rows?.results)
  const settled = settleDue(its, due)
  if (row?.status !== 'ACTIVE' || row.effectiveUntil === null) {
    await commit(its, { statements: settled, changes: [], answer: {} })
    return
  }
  if (row.effectiveUntil > due.dueAt) {
    await commit(its, { statements: settleDue(its, due, row.effectiveUntil), changes: [], answer: {} })
    return
  }
  if (open?.results.length) {
    const held = refuseWhen('STALE', sql`select '[]' where not exists (${isOpen})`)
    await commit(its, { statements: [held, ...settled], changes: [], answer: {} })
    return
  }
  const expired = draftChangedCredits(its, [
    changeCredit(its, row, { status: 'EXPIRED' }, [{ transactionType: 'EXPIRED', amount: restOfCredit(row) }]),
  ])
  await commit(its, { statements: [...settled, ...expired.statements], changes: expired.changes, answer: {} })
}
