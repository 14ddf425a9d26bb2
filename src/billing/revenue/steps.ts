import { sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleAllDue } from '../../db/due.ts'
import { builder } from '../../db/statements.ts'
import { openGenerations } from '../revenue_calculator/lookup.ts'
import { REVENUE, REVENUE_AGAIN, keepChanged, readSubject } from './changed.ts'
import { keepRevenue } from './keep.ts'
import { keptRevenue } from './table.ts'

/** How long accounts whose events changed wait to be reckoned, if nobody asks, in milliseconds. */
const EVERY = 15 * 60_000

/** The most accounts that are reckoned in one step. */
const MOST_AT_ONCE = 50

/** Reckons accounts that are due because of what changed beside their events. One that has more cycles stays due. */
export const reckonAccounts = async (ctx: Ctx, rows: readonly Due[]): Promise<StepResult> => {
  const subjects = rows.map((row) => ({ row, account: readSubject(row) }))
  const cut = await keepRevenue(
    ctx,
    await openGenerations(ctx),
    subjects.map(({ account }) => account),
  )
  const done = subjects.filter(({ account }) => !cut.has(account.accountId)).map(({ row }) => ({ row }))
  await commit(ctx, { statements: settleAllDue(ctx, done), changes: [], answer: {} })
  return { isUnfinished: cut.size > 0 }
}

/** Reckons an account that is due. */
export const reckonAccount = (ctx: Ctx, row: Due): Promise<StepResult> => reckonAccounts(ctx, [row])

/** Reckons accounts whose events changed, and notes when each account of the organization has been reckoned once. */
export const reckonChangedAccounts = async (ctx: Ctx, row: Due): Promise<StepResult> => {
  const hasMore = await keepChanged(ctx, await openGenerations(ctx), { most: MOST_AT_ONCE, withDue: false })
  if (hasMore) return { isUnfinished: true }
  const { organizationId } = ctx
  const isReady = builder
    .update(keptRevenue)
    .set({ isReady: true })
    .where(
      sql`${keptRevenue.organizationId} = ${organizationId} and not ${keptRevenue.isReady} and not exists (
        select 1 from due where organization_id = ${organizationId} and kind in (${REVENUE}, ${REVENUE_AGAIN})
      )`,
    )
  await commit(ctx, { statements: [isReady, ...settleAllDue(ctx, [{ row, next: ctx.now + EVERY }])], changes: [], answer: {} })
  return {}
}
