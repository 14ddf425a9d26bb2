import { sql } from 'drizzle-orm'
import { draftLeavingLate, readArchivedMember } from '../../customers/accounts/service.ts'
import { retryWhenStale } from '../../db/change.ts'
import { combineDrafts, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'

interface Waits {
  isDue: number
  drafts: number
  billedAt: number | null
}

const readWaits = async ({ organizationId, session }: Ctx, { kind, subject, dueAt }: Due): Promise<Waits | undefined> => {
  const its = sql`from accounts_to_invoice where organization_id = ${organizationId} and account_id = ${subject}`
  const [found] = await session.rows<Waits>(
    selectRows(sql`
      select exists (
          select 1 from due where organization_id = ${organizationId} and kind = ${kind} and subject = ${subject} and due_at = ${dueAt}
        ) as isDue,
        (select count(*) ${its} and due_at is null) as drafts, (select min(due_at) ${its} and due_at is not null) as billedAt`),
  )
  return found
}

/**
 * Takes an archived account out of its invoice group once its last invoice has fallen due. As long as it has drafts, each sets this again
 * when it ends; as long as its cycles are billed, this comes after that.
 */
export const leaveInvoiceGroup = (ctx: Ctx, row: Due): Promise<void> => {
  const its: Ctx = { ...ctx, now: row.dueAt }
  const settled = (next?: number) => ({ statements: settleDue(its, row, next), changes: [], answer: {} })
  const { organizationId } = ctx
  return retryWhenStale(async () => {
    const [waits, member] = await Promise.all([readWaits(its, row), readArchivedMember(its, row.subject)])
    if (!waits?.isDue) return
    const { drafts, billedAt } = waits
    if (!member) {
      await commit(its, settled())
      return
    }
    const hasDraft = sql`select '[]' from accounts_to_invoice where organization_id = ${organizationId} and account_id = ${row.subject} and due_at is null`
    if (drafts) {
      const draft = settled()
      const held = refuseWhen('STALE', sql`select '[]' where not exists (${hasDraft})`)
      await commit(its, { ...draft, statements: [held, ...draft.statements] })
      return
    }
    if (billedAt !== null) {
      if (billedAt <= row.dueAt)
        throw new Error(`An account leaves its invoice group after what was due of kind BILLING at ${billedAt}, which is not done`)
      await commit(its, settled(billedAt))
      return
    }
    const held = refuseWhen(
      'STALE',
      sql`select '[]' from accounts_to_invoice where organization_id = ${organizationId} and account_id = ${row.subject}`,
    )
    const draft = settled()
    await commit(its, combineDrafts({ ...draft, statements: [held, ...draft.statements] }, draftLeavingLate(its, row.subject, member)))
  })
}
