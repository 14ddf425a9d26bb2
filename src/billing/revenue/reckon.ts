import { sql } from 'drizzle-orm'
import { readLicenseChangesOf } from '../../catalogue/licenses/service.ts'
import { type PieceParts, definitionOf } from '../../catalogue/schedules/service.ts'
import type { PlanDefinition } from '../../catalogue/price_plans/service.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import type { KindedGeneration, OverageRow } from '../../ledger/client.ts'
import { type RevenueEntry, type UsagePart, listRevenue } from '../../rating/revenue.ts'
import type { LicenseUse } from '../../rating/licenses.ts'
import { ratedPlanOf, usesOfBasis } from '../invoices/rating.ts'
import type { Basis } from '../invoices/table.ts'
import { listBilledOverage, readOverage } from '../feature_credits/overage.ts'
import { cutChanges, useOf } from '../revenue_calculator/licenses.ts'
import { readNamesOfMany } from '../revenue_calculator/lookup.ts'
import type { BegunCycle, FoundCycles } from './cycles.ts'
import { readUsageOfCycles } from './usage.ts'

const idsOf = ({ cards }: PlanDefinition, family: string): string[] =>
  cards.filter(({ type }) => type === family).map(({ billableId }) => billableId)

/** A cycle with the definition of its plan. */
interface DefinedCycle {
  cycle: BegunCycle
  definition: PlanDefinition
}

const typeIn =
  ({ items }: PieceParts) =>
  (id: string): string | undefined =>
    items.find((item) => item.id === id)?.type ?? undefined

/** The key of a cycle among those of all accounts. */
const keyOf = ({ accountId, start }: Pick<BegunCycle, 'accountId' | 'start'>): string => `${start} ${accountId}`

/**
 * Reads the licences that cycles with frozen invoices were billed by: those that are made for them afterwards earn nothing.
 *
 *     select … from json_each(?) as sent cross join invoices as its on its.organization_id = ? and its.account_id = … and its.start_at = …
 *
 * The condition with both types is that of the index in which they are found.
 */
const readFrozenLicenses = async (ctx: Ctx, cycles: readonly BegunCycle[]): Promise<Map<string, Record<string, LicenseUse>>> => {
  if (!cycles.length) return new Map()
  const rows = await ctx.session.rows<{ accountId: string; start: number; licenses: string | null }>(
    selectRows(sql`
      select its.account_id as accountId, its.start_at as start, its.basis -> '$.licenses' as licenses
      from json_each(${JSON.stringify(cycles.map(({ accountId, start }) => [accountId, start]))}) as sent
      cross join invoices as its on its.organization_id = ${ctx.organizationId} and its.account_id = sent.value ->> 0
        and its.invoice_type = 'STANDARD' and its.start_at = sent.value ->> 1 and its.status <> 'GONE' and its.status <> 'DRAFT'
        and its.invoice_type in ('STANDARD', 'STANDARD_ADVANCED')`),
  )
  return new Map(
    rows.flatMap(({ licenses, ...row }) => {
      const kept = licenses === null ? undefined : (JSON.parse(licenses) as Basis['licenses'])
      return kept ? [[keyOf(row), usesOfBasis(kept)]] : []
    }),
  )
}

/** Overage by the hour, by the ids of the features: that of earlier cycles, which is billed now, counts when the cycle begins. */
const partsOfOverage = (rows: readonly OverageRow[], start: number): Record<string, UsagePart[]> =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(rows, ([featureId]) => featureId),
      ([featureId, its]) => [featureId, its.map(([, at, units]) => ({ at: Math.max(at, start), units }))],
    ),
  )

/** A cycle, and what it has earned: each billable item at an instant, or in the last hour so far. */
export interface EarnedCycle {
  cycle: BegunCycle
  entries: readonly RevenueEntry[]
  /** The ids of what its plan prices. */
  billableIds: readonly string[]
}

/** Reckons what cycles earn: usage in the parts between `cutsOf`, or in each hour without it, and all else when it is earned. */
export const reckonCycles = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  { cycles, parts }: FoundCycles,
  cutsOf?: (cycle: BegunCycle) => readonly number[],
): Promise<EarnedCycle[]> => {
  const typeOf = typeIn(parts)
  const defined = cycles.map((cycle): DefinedCycle => ({ cycle, definition: definitionOf(cycle.piece, parts) }))
  const times = defined.map(({ cycle: { accountId, start: from, end: until }, definition }) => ({
    accountId,
    licenseIds: idsOf(definition, 'LICENSE'),
    from,
    until,
  }))
  const withLicenses = defined.filter(({ definition }) => idsOf(definition, 'LICENSE').length)
  const withNames = withLicenses.filter(({ definition }) => idsOf(definition, 'LICENSE').some((id) => typeOf(id) === 'NAMED_LICENSE'))
  const [usages, changes, namesOf, frozen, overage] = await Promise.all([
    readUsageOfCycles(
      ctx,
      generations,
      defined.map(({ cycle, definition }) => ({
        cycle,
        cuts: cutsOf?.(cycle) ?? [cycle.start, cycle.end],
        isHourly: !cutsOf,
        meterIds: idsOf(definition, 'USAGE'),
      })),
    ),
    readLicenseChangesOf(ctx, times),
    readNamesOfMany(
      ctx,
      generations,
      withNames.map(({ cycle }) => cycle),
    ),
    readFrozenLicenses(
      ctx,
      withLicenses.flatMap(({ cycle }) => (cycle.isFrozen ? [cycle] : [])),
    ),
    readOverage(
      ctx,
      generations,
      defined.map(({ cycle, definition }) => ({ ...cycle, overage: listBilledOverage(cycle, definition.cards) })),
    ),
  ])
  return defined.map(({ cycle, definition }, index): EarnedCycle => {
    const { start, end, currency, piece, timings } = cycle
    const licenseIds = idsOf(definition, 'LICENSE')
    const kept = frozen.get(keyOf(cycle))
    const counted = licenseIds.flatMap((id) => cutChanges(id, changes[index]?.get(id) ?? [], { start, end }))
    const named = namesOf(cycle)
    const plan = ratedPlanOf({ planName: '', definition, items: parts.items })
    const entries = listRevenue(
      plan,
      {
        currency,
        cycle: cycle.cycle,
        schedule: { cycle: { interval: piece.cycle.interval, startOffset: piece.cycle.startOffset }, from: piece.from, until: piece.until },
        usage: Object.fromEntries(usages[index] ?? []),
        licenses: Object.fromEntries(licenseIds.map((id) => [id, kept?.[id] ?? useOf({ counted, named }, id, typeOf(id))])),
        overage: partsOfOverage(overage[index] ?? [], start),
      },
      timings,
    )
    return { cycle, entries, billableIds: definition.cards.map(({ billableId }) => billableId) }
  })
}
