import { sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { hasOpenDraft, readCreditRows, selectCredits } from './queries.ts'
import { changeCredit, draftChangedCredits, restOfCredit } from './write.ts'

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
