import { sql } from 'drizzle-orm'
import { type ReadTimeline, boundariesOf, cycleOn } from '../../catalogue/schedules/service.ts'
import { retryWhenStale } from '../../db/change.ts'
import { type Reply, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { formatDecimal, jsonNumber, multiply, requireDecimal } from '../../lib/decimal.ts'
import { archived, notFound, refuseFaults } from '../../lib/errors.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { settleMoneyDue } from '../money_due.ts'
import { type HeldCharges, readHeldCharges, recordCharges, selectHeldCharges, writeHeldCharges } from './held_charges.ts'
import { findChargeFaults } from './lines.ts'
import type { ManageMiscellaneousChargesRequest, MiscellaneousChargesResponse } from './schema.ts'

export const showCharges = (charges: HeldCharges): MiscellaneousChargesResponse => ({
  data: charges.map(({ name, rate, quantity, value, considerForRevenue }) => ({
    name,
    ...(rate !== undefined && { rate: jsonNumber(rate) }),
    ...(quantity !== undefined && { quantity: jsonNumber(quantity) }),
    value: value ?? formatDecimal(multiply(requireDecimal(rate ?? '0'), requireDecimal(quantity ?? '0'))),
    considerForRevenue,
  })),
})

interface Holder {
  togaiAccountId: string
  status: string
}

/** Replaces the charges that wait for the next invoice of an account that opens. */
export const manageMiscellaneousChargesInAccount = (
  ctx: Ctx,
  accountId: string,
  { items }: ManageMiscellaneousChargesRequest,
): Promise<Reply<MiscellaneousChargesResponse>> => {
  refuseFaults('INVALID', findChargeFaults(items))
  const { organizationId } = ctx
  const isAccount = sql`organization_id = ${organizationId} and id = ${accountId}`
  return retryWhenStale(async () => {
    await settleMoneyDue(ctx, [accountId])
    const [found, charges] = await ctx.session.batch<object>([
      selectRows(sql`select togai_account_id as togaiAccountId, status from accounts where ${isAccount}`),
      selectHeldCharges(organizationId, [accountId]),
    ])
    const [account] = (found?.results ?? []) as Holder[]
    if (!account) throw notFound('account', accountId)
    if (account.status === 'ARCHIVED') throw archived('account', accountId)
    const { items: before = [], version = 0 } = readHeldCharges(charges?.results).get(accountId) ?? {}
    const answer = showCharges(items)
    if (JSON.stringify(before) === JSON.stringify(items)) return { answer }
    return commit(ctx, {
      statements: [
        refuseWhen('STALE', sql`select '[]' from accounts where ${isAccount} and status = 'ARCHIVED'`),
        ...writeHeldCharges(ctx, [{ accountId, items, version }]),
      ],
      changes: [recordCharges(account.togaiAccountId, before, items)],
      answer,
    })
  })
}

/** The first day after another one on which a cycle begins. */
const nextStart = (active: ReadTimeline['active'], after: number): number | undefined => {
  const [day] = boundariesOf(active, after, after)
  return day === undefined || cycleOn(active, day)?.cycle.start === day ? day : nextStart(active, day)
}

/** The charges on the invoice of a cycle: those that are on it, or those that wait for it if it is the next that opens. */
export const readChargesOfCycle = async (ctx: Ctx, timeline: ReadTimeline, start: number): Promise<HeldCharges> => {
  const { organizationId, now } = ctx
  const { id } = timeline.account
  const [invoice, charges] = await ctx.session.batch<object>([
    selectRows(sql`
      select rated -> '$.charges' as charges from invoices
      where organization_id = ${organizationId} and account_id = ${id} and invoice_type = 'STANDARD' and status <> 'GONE'
        and start_at = ${instantOf(start)}`),
    selectHeldCharges(organizationId, [id]),
  ])
  const [row] = (invoice?.results ?? []) as { charges: string | null }[]
  if (row) return JSON.parse(row.charges ?? '[]') as HeldCharges
  const today = dayOf(now)
  const isNext = start <= today || start === nextStart(timeline.active, today)
  return isNext ? (readHeldCharges(charges?.results).get(id)?.items ?? []) : []
}
