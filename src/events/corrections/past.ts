import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type EventShown, isUnknown } from '../../ledger/client.ts'
import type { Found } from '../events/find.ts'
import { findClosedCycle, plansOfIts, readPlans } from '../ingestion/plans.ts'

/** Reads from the plans that accounts have now which of some events lie in cycles that are closed. */
export const readPast = async (ctx: Ctx, found: readonly Found[]): Promise<(event: EventShown) => boolean> => {
  const accounts = found.flatMap(({ event: { account } }) => (isUnknown(account) ? [] : [account.slice(1)]))
  if (!accounts.length) return () => false
  const rows = await ctx.session.rows<{ id: string; plans: string }>(
    selectRows(sql`
      select its.id, ${plansOfIts()} as plans from json_each(${JSON.stringify([...new Set(accounts)])}) as sent
      cross join accounts as its on its.organization_id = ${ctx.organizationId} and its.id = sent.value`),
  )
  const plans = new Map(rows.map(({ id, plans: sent }) => [id, readPlans(sent)]))
  return ({ account, time }) => !isUnknown(account) && findClosedCycle(plans.get(account.slice(1)), time, ctx.now) !== undefined
}
