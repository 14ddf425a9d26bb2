import type { PieceParts } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import type { CreditPool } from '../credits/pool.ts'
import { orderCycle } from '../purchases/cycles.ts'
import type { Plan } from './plans.ts'
import { withPlan } from './reckoned.ts'
import type { InvoiceRow } from './show.ts'

/** The DRAFTs of the cycles that begin, that have another plan now, or that are gone. */
export const listBegun = ({ made, moved }: Plan): { row: InvoiceRow; isChanged: boolean }[] => {
  const changed = moved.filter(({ row, after }) => after.status === 'GONE' || after.scheduleId !== row.scheduleId)
  return [...made.map((row) => ({ row, isChanged: false })), ...changed.map(({ after }) => ({ row: after, isChanged: true }))]
}

/** Drafts the order of what is paid before it is granted in a cycle that begins, or has another plan now, and ends those of plans that it has not. */
export const orderBegun = (
  ctx: Ctx,
  plan: Plan,
  parts: PieceParts | undefined,
  cycleAt: number,
  pool: CreditPool,
  bills: Parameters<typeof orderCycle>[3],
): void => {
  const begun = listBegun(plan).find(({ row }) => row.startAt === cycleAt)
  if (!begun) return
  const { purse, orders, owner } = plan.billing
  const inForce = begun.row.status === 'GONE' ? undefined : plan.open.get(cycleAt)
  orderCycle(
    ctx,
    { cycleAt, cycle: inForce && parts && { inForce, parts, owner } },
    { owner: inForce ? withPlan(owner, inForce) : owner, purse, orders, pool },
    bills,
  )
}
