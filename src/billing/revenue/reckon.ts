import { sql } from 'drizzle-orm'
import { readLicenseChangesOf } from '../../catalogue/licenses/service.ts'
import { type PieceParts, definitionOf } from '../../catalogue/schedules/service.ts'
import type { PlanDefinition } from '../../catalogue/price_plans/service.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import {
  type KindedGeneration,
  type NamedLicense,
  type OverageRow,
  type PartsQuery,
  accountKey,
  accountLedgersOf,
  askAccounts,
  askAll,
  askEvents,
  eventLedgersIn,
  meterSeries,
} from '../../ledger/client.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { ApiError } from '../../lib/errors.ts'
import { type RevenueEntry, type UsagePart, listRevenue } from '../../rating/revenue.ts'
import type { LicenseUse } from '../../rating/licenses.ts'
import { ratedPlanOf, usesOfBasis } from '../invoices/rating.ts'
import type { Basis } from '../invoices/table.ts'
import { listBilledOverage, readOverage } from '../feature_credits/overage.ts'
import { cutChanges, useOf } from '../revenue_calculator/licenses.ts'
import type { BegunCycle, FoundCycles } from './cycles.ts'

/** The units of each meter in the parts of a cycle, by the ids of the meters. */
export type UsageOfCycle = ReadonlyMap<string, readonly UsagePart[]>

/** A cycle, and the instants (milliseconds, ascending, from its start to its end) between which its usage is told apart. */
export interface CutCycle {
  cycle: Pick<BegunCycle, 'accountId'>
  cuts: readonly number[]
  /** Whether each hour is told apart. */
  isHourly?: boolean
  /** Only these meters, by their ids. */
  meterIds?: readonly string[]
}

const forgotten = (): ApiError =>
  new ApiError(
    'UNPROCESSABLE',
    'startTime, endTime: must be at the full hour, since the events of then are not kept any more, only what they add up to by hour',
  )

const HOUR = 3_600_000

/** How many parts are asked for in one question to each ledger, which limits the memory that answers take. */
const PARTS_AT_ONCE = 20_000

/** A question to the ledgers, with the place of its cycle. */
interface Asked {
  place: number
  query: PartsQuery
}

/** How many parts a question is about. */
const sizeOf = ({ query: { cuts, isHourly } }: Asked): number => (isHourly ? ((cuts.at(-1) ?? 0) - (cuts[0] ?? 0)) / HOUR : cuts.length)

/** Groups items in their order, so that none but a single item is larger than `most`. */
export const groupBySize = <Item>(items: readonly Item[], sizeOfItem: (item: Item) => number, most: number): Item[][] => {
  const groups: Item[][] = []
  let size = 0
  for (const item of items) {
    const group = groups.at(-1)
    size += sizeOfItem(item)
    if (group && size <= most) group.push(item)
    else {
      groups.push([item])
      size = sizeOfItem(item)
    }
  }
  return groups
}

const partAtOf = ({ cuts, isHourly }: PartsQuery, part: number): number => (isHourly ? (cuts[0] ?? 0) + part * HOUR : (cuts[part] ?? 0))

/** Reads what was used in the parts of cycles, in the order of the cycles. */
export const readUsageOfCycles = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  asked: readonly CutCycle[],
): Promise<UsageOfCycle[]> => {
  const wanted = asked.flatMap(({ cycle, cuts, isHourly = false, meterIds }, place): Asked[] => {
    const series = meterIds?.map(meterSeries)
    const query = { account: accountKey(cycle.accountId), cuts, isHourly, ...(series && { series }) }
    return series?.length === 0 ? [] : [{ place, query }]
  })
  const units = asked.map(() => new Map<string, Map<number, string[]>>())
  for (const some of groupBySize(wanted, sizeOf, PARTS_AT_ONCE)) {
    const sent = some.map(({ query }) => query)
    const first = sent.reduce((least, { cuts }) => Math.min(least, cuts[0] ?? least), Number.MAX_SAFE_INTEGER)
    const last = sent.reduce((most, { cuts }) => Math.max(most, cuts.at(-1) ?? most), 0)
    const all = await askAll(eventLedgersIn(ctx, generations, first, last), (name) =>
      askEvents(ctx, name, (ledger) => ledger.readParts(sent, ctx.now)),
    )
    for (const parts of all) {
      if ('forgotten' in parts) throw forgotten()
      for (const [index, part, series, text] of parts.rows) {
        const one = some[index]
        const its = one && units[one.place]
        if (!its) continue
        const meterId = series.slice(meterSeries('').length)
        const known = its.get(meterId) ?? new Map<number, string[]>()
        its.set(meterId, known)
        const at = partAtOf(one.query, part)
        known.set(at, [...(known.get(at) ?? []), text])
      }
    }
  }
  return units.map(
    (its) =>
      new Map(
        [...its].map(([meterId, byPart]): [string, UsagePart[]] => [
          meterId,
          [...byPart].toSorted(([one], [other]) => one - other).map(([at, texts]) => ({ at, units: sumDecimals(texts) })),
        ]),
      ),
  )
}

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

/** Reads the names of licences of accounts at any instant of some cycles. */
const readNamed = async (ctx: Ctx, generations: readonly KindedGeneration[], cycles: readonly BegunCycle[]): Promise<NamedLicense[]> => {
  if (!cycles.length) return []
  const [from, until] = [Math.min(...cycles.map(({ start }) => start)), Math.max(...cycles.map(({ end }) => end))]
  const accounts = [...new Set(cycles.map(({ accountId }) => accountId))]
  const all = await askAll(accountLedgersOf(ctx, generations), (name) =>
    askAccounts(ctx, name, (ledger) => ledger.readLicenses(from, until, accounts)),
  )
  return all.flat()
}

/** The key of a cycle among those of all accounts. */
const keyOf = ({ accountId, start }: Pick<BegunCycle, 'accountId' | 'start'>): string => `${start} ${accountId}`

/**
 * Reads the licences that cycles with frozen invoices were billed by: those that are made for them afterwards earn nothing.
 *
 *     select … from json_each(?) as sent cross join invoices as its on its.organization_id = ? and its.account_id = … and its.start_at = …
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
  const [usages, changes, names, frozen, overage] = await Promise.all([
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
    readNamed(
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
  const namesOf = Map.groupBy(names, ({ account }) => account)
  return defined.map(({ cycle, definition }, index): EarnedCycle => {
    const { accountId, start, end, currency, piece, timings } = cycle
    const licenseIds = idsOf(definition, 'LICENSE')
    const kept = frozen.get(keyOf(cycle))
    const counted = licenseIds.flatMap((id) => cutChanges(id, changes[index]?.get(id) ?? [], { start, end }))
    const named = (namesOf.get(accountId) ?? [])
      .filter(({ from, until }) => from < end && (until ?? end) > start)
      .map(({ license, name, from, until }) => ({
        licenseId: license,
        name,
        from: Math.max(from, start),
        until: Math.min(until ?? end, end),
      }))
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
