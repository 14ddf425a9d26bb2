import type { CycleInForce, PieceParts } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import type { Due } from '../../db/due.ts'
import type { CycleOfGrants } from '../credits/grants.ts'
import type { CreditPool } from '../credits/pool.ts'
import { type CycleOfEntries, planEntries } from '../feature_credits/grants.ts'
import { draftEntries, dueOfEntries } from '../feature_credits/write.ts'
import { orderCycle } from '../purchases/cycles.ts'
import type { Bills } from './advance_bills.ts'
import type { Plan } from './plans.ts'
import { withPlan } from './reckoned.ts'
import type { InvoiceRow } from './show.ts'

/** The DRAFTs of the cycles that begin, that have another plan now, or that are gone. */
const listBegun = ({ made, moved }: Plan): { row: InvoiceRow; isChanged: boolean }[] => {
  const changed = moved.filter(({ row, after }) => after.status === 'GONE' || after.scheduleId !== row.scheduleId)
  return [...made.map((row) => ({ row, isChanged: false })), ...changed.map(({ after }) => ({ row: after, isChanged: true }))]
}

/** The cycles that begin, that have another plan now, or that are gone, of which cards give credits or do not any more. */
export const listCyclesOfGrants = (plan: Plan, parts: PieceParts | undefined): CycleOfGrants[] => {
  const { billing, open } = plan
  return listBegun(plan).map(({ row: { startAt, status }, isChanged }) => {
    const inForce = status === 'GONE' ? undefined : open.get(startAt)
    return {
      holder: billing.owner,
      cycleAt: startAt,
      cycle: inForce && parts && { inForce, parts, isChanged },
      paid: new Set(billing.charges.flatMap(({ cycleAt, billableId }) => (cycleAt === startAt ? [billableId] : []))),
    }
  })
}

/** The cycles of which cards grant credits of features, or allow overage: those that are not billed, and those that are gone. */
const listCyclesOfEntries = ({ billing, moved, open, hasDraft }: Plan, parts: PieceParts | undefined): CycleOfEntries[] => {
  const changed = moved.filter(({ row, after }) => after.status === 'GONE' || after.scheduleId !== row.scheduleId)
  const changedAt = new Set(changed.map(({ row }) => row.startAt))
  const paidAt = (at: number) => new Set(billing.charges.flatMap(({ cycleAt, billableId }) => (cycleAt === at ? [billableId] : [])))
  const ofCycle = (cycleAt: number, inForce: CycleInForce | undefined): CycleOfEntries => ({
    accountId: billing.owner.id,
    cycleAt,
    cycle: inForce && parts && { inForce, parts, isChanged: changedAt.has(cycleAt) },
    paid: paidAt(cycleAt),
  })
  const gone = [...changedAt].filter((at) => !open.has(at) || !hasDraft.has(at))
  return [
    ...[...open].flatMap(([at, inForce]) => (hasDraft.has(at) ? [ofCycle(at, inForce)] : [])),
    ...gone.map((at) => ofCycle(at, undefined)),
  ]
}

/** Adds the credits of features that cycles grant. The ledger of an account is told that a cycle has begun, even if that grants nothing new. */
export const addEntries = async (
  ctx: Ctx,
  all: readonly Plan[],
  parts: PieceParts | undefined,
  { statements, changes, due }: Bills & { due: Due[] },
): Promise<void> => {
  const entries = await planEntries(
    ctx,
    all.flatMap((plan) => listCyclesOfEntries(plan, parts)),
  )
  const drafted = draftEntries(ctx, entries)
  const begun = all.flatMap(({ billing: { owner }, made }) =>
    made.length && entries.accountIds.has(owner.id) ? [{ accountId: owner.id }] : [],
  )
  statements.push(...drafted.statements)
  changes.push(...drafted.changes)
  due.push(...dueOfEntries(ctx, [...entries.given, ...entries.changed.map(({ after }) => after), ...begun]))
}

/** The cycles whose order waited for that of another plan to end, which has given back now what it took of credits and the wallet. */
const listWaiting = ({ open, billing: { orders } }: Plan): number[] =>
  [...open].flatMap(([start, { piece }]) => {
    const own = orders.filter(({ cycleAt }) => cycleAt === start)
    return own.some(({ ending }) => ending !== null) && !own.some(({ scheduleId }) => scheduleId === piece.id) ? [start] : []
  })

/** The first instants of the cycles of which something may be ordered. */
export const listOrdered = (plan: Plan): number[] => [...listBegun(plan).map(({ row }) => row.startAt), ...listWaiting(plan)]

/** Drafts the order of what is paid before it is granted in a cycle that begins, or has another plan now, and ends those of plans that it has not. */
export const orderBegun = (
  ctx: Ctx,
  plan: Plan,
  parts: PieceParts | undefined,
  cycleAt: number,
  pool: CreditPool,
  bills: Bills & { due: Due[] },
): void => {
  const begun = listBegun(plan).find(({ row }) => row.startAt === cycleAt)
  if (!begun && !listWaiting(plan).includes(cycleAt)) return
  const { purse, orders, owner } = plan.billing
  const inForce = begun?.row.status === 'GONE' ? undefined : plan.open.get(cycleAt)
  orderCycle(
    ctx,
    { cycleAt, cycle: inForce && parts && { inForce, parts, owner } },
    { owner: inForce ? withPlan(owner, inForce) : owner, purse, orders, pool },
    bills,
  )
}
