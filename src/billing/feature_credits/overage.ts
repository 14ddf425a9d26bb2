import { type KindedGeneration, type OverageQuery, type OverageRow, askAccounts, ledgerOfAccount } from '../../ledger/client.ts'
import { readCard } from '../../catalogue/rate_cards/service.ts'
import type { KeptCard } from '../../catalogue/rate_cards/schema.ts'
import type { CycleInForce } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { instantOf, periodOf } from '../../rating/cycle.ts'
import { isOverageBilled, overageCycles } from '../../rating/rate.ts'

/** The overage of a feature that is billed with a cycle: from when until when it came together, in milliseconds. */
export interface BilledOverage {
  featureId: string
  from: number
  until: number
}

type OwnedCycle = Pick<CycleInForce, 'piece' | 'cycle' | 'givenOn'>

/** The overage of the features of cards until the end of a cycle: that of the cycles since it was billed last, as far as the account had the plan. */
export const listOverage = ({ piece, cycle, givenOn }: OwnedCycle, cards: readonly KeptCard[]): BilledOverage[] =>
  cards.flatMap((kept): BilledOverage[] => {
    const card = readCard(kept, { displayName: '', isPurchase: false })
    if (card?.type !== 'ENTITLEMENT_OVERAGE') return []
    const { first } = overageCycles(card.billing, cycle.ordinal)
    const { interval, startOffset } = piece.cycle
    const { start } = periodOf({ ...piece, cycle: { interval, startOffset } }, cycle, first, cycle.ordinal)
    return [{ featureId: card.billableId, from: instantOf(Math.max(start, givenOn)), until: instantOf(cycle.end) }]
  })

/** The overage that the cards of a cycle bill. */
export const listBilledOverage = (inForce: OwnedCycle, cards: readonly KeptCard[]): BilledOverage[] =>
  listOverage(
    inForce,
    cards.filter(({ rateCardDetails: { entitlementOverageRateCard: card } }) => {
      const { interval = 1, startOffset: offset = 0 } = card?.billingConfig ?? {}
      return card && isOverageBilled({ interval, offset }, inForce.cycle.ordinal)
    }),
  )

/** An account whose overage is read. Its ledger is that of the time at which it was made (milliseconds). */
export interface OveragePlace {
  accountId: string
  createdAt: number
  overage: readonly BilledOverage[]
}

/** Reads overage by the hour, in the order of the places. Each ledger is asked once. */
export const readOverage = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  places: readonly OveragePlace[],
): Promise<OverageRow[][]> => {
  const own = generations.filter(({ kind }) => kind === 'ACCOUNT')
  const asked = places.flatMap(({ accountId, createdAt, overage }, index) =>
    overage.map(({ featureId, from, until }) => ({
      index,
      ledger: ledgerOfAccount(ctx.organizationId, own, { id: accountId, createdAt }),
      query: { account: accountId, features: [featureId], from, until } satisfies OverageQuery,
    })),
  )
  const found: OverageRow[][] = places.map(() => [])
  await Promise.all(
    Array.from(
      Map.groupBy(asked, ({ ledger }) => ledger),
      async ([name, its]) => {
        const queries = its.map(({ query }) => query)
        const all = await askAccounts(ctx, name, (ledger) => ledger.readOverage(queries))
        for (const [at, { index }] of its.entries()) found[index]?.push(...(all[at] ?? []))
      },
    ),
  )
  return found
}

/** What overage adds up to, by the ids of the features. */
export const sumOverage = (rows: readonly OverageRow[]): Record<string, string> =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(rows, ([featureId]) => featureId),
      ([featureId, its]) => [featureId, sumDecimals(its.map(([, , units]) => units))],
    ),
  )
