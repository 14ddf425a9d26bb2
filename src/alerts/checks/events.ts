import type { Ctx } from '../../db/context.ts'
import { type KindedGeneration, accountKey, askAll, askEvents } from '../../ledger/client.ts'
import type { CheckedAlert, Finding } from './finding.ts'
import { allEventLedgers } from './seen.ts'

/** The most events that a ledger looks at for an alert in one call, and the most calls of a check. What is left is seen by the next check. */
const [MOST_EVENTS, MOST_CALLS] = [10_000, 5]

/** What a ledger has counted for an alert, and up to which event. */
interface Counted {
  count: number
  last: number
}

/** Counts the events of a ledger that became unprocessed since the last checks of some alerts, and still are. */
const countInLedger = async (ctx: Ctx, name: string, checked: readonly CheckedAlert[]): Promise<Counted[]> => {
  const all = checked.map(({ row: { seen } }): Counted => ({ count: 0, last: seen?.events?.[name] ?? 0 }))
  let open = checked.map((_, index) => index)
  for (let calls = 0; open.length && calls < MOST_CALLS; calls++) {
    const queries = open.map((index) => {
      const accountId = checked[index]?.row.accountId ?? null
      return { after: all[index]?.last ?? 0, ...(accountId !== null && { account: accountKey(accountId) }) }
    })
    const found = await askEvents(ctx, name, (ledger) => ledger.countUnprocessed(queries, MOST_EVENTS))
    const next: number[] = []
    for (const [place, index] of open.entries()) {
      const [its, counted] = [found[place], all[index]]
      if (!its || !counted) continue
      counted.count += its.count
      counted.last = its.last
      if (its.isCut) next.push(index)
    }
    open = next
  }
  return all
}

/** Counts the unprocessed events that have come since the last checks of some alerts. What was counted once is not counted again. */
export const findEvents = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  checked: readonly CheckedAlert[],
): Promise<Finding[]> => {
  const names = allEventLedgers(ctx, generations)
  const counted = await askAll(names, (name) => countInLedger(ctx, name, checked))
  return checked.map(({ row, at }, index): Finding => {
    const its = counted.map((ledger) => ledger[index] ?? { count: 0, last: 0 })
    const count = its.reduce((sum, one) => sum + one.count, 0)
    return {
      value: String(count),
      from: row.checkedAt ?? row.anchoredAt,
      until: at,
      changesAt: count ? at + 1 : undefined,
      seen: { events: Object.fromEntries(names.map((name, place) => [name, its[place]?.last ?? 0])) },
    }
  })
}
