import { readLicenseChanges } from '../../catalogue/licenses/service.ts'
import type { Ctx } from '../../db/context.ts'
import { recallWithLedgers } from '../../events/ingestion/service.ts'
import {
  type KindedGeneration,
  accountKey,
  accountLedgersOf,
  askAccounts,
  askAll,
  askEvents,
  eventLedgersIn,
  meterSeries,
  selectGenerations,
} from '../../ledger/client.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { refuseFaults } from '../../lib/errors.ts'
import type { Lookup } from './accounts.ts'
import { type CountedUse, type NamedUse, cutChanges } from './licenses.ts'

/** The generations of the ledgers of an organization. */
export const readGenerations = (ctx: Ctx): Promise<KindedGeneration[]> =>
  ctx.session.rows<KindedGeneration>(selectGenerations(ctx.organizationId))

/** The generations of the ledgers of an organization, which gets its first one if it has had no events. */
export const openGenerations = async (ctx: Ctx): Promise<KindedGeneration[]> => {
  const generations = await readGenerations(ctx)
  if (generations.length) return generations
  await recallWithLedgers(ctx)
  return readGenerations(ctx)
}

/** The usage of an account by the ids of meters, exactly as its events in a time range add up. */
export const readUsage = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  { start: from, end: until, accountId }: Lookup,
  meterIds: readonly string[],
): Promise<Map<string, string>> => {
  if (!meterIds.length) return new Map()
  const query = {
    from,
    until,
    period: 'ALL',
    kind: 'm',
    accounts: [accountKey(accountId)],
    series: meterIds.map(meterSeries),
    by: 'METER',
    most: meterIds.length,
    now: ctx.now,
  } as const
  const all = await askAll(eventLedgersIn(ctx, generations, from, until), (name) =>
    askEvents(ctx, name, (ledger) => ledger.readGroups(query)),
  )
  const units = new Map<string, string[]>()
  for (const grouped of all) {
    if ('forgotten' in grouped) {
      const ends = [...(grouped.forgotten.includes(from) ? ['start'] : []), ...(grouped.forgotten.includes(until) ? ['end'] : [])]
      refuseFaults(
        'UNPROCESSABLE',
        ends.map((end) => ({
          path: ['usageConfig', 'lookupRange', end],
          message: 'must be at the full hour, since the events of then are not kept any more, only what they add up to by hour',
        })),
      )
    } else for (const [, meterId, text] of grouped.rows) units.set(meterId, [...(units.get(meterId) ?? []), text])
  }
  return new Map([...units].map(([meterId, texts]) => [meterId, sumDecimals(texts)]))
}

/**
 * The names that have licences of accounts at any instant of some time ranges. The answer gives those of one of the ranges, cut to it.
 * Each ledger of accounts is asked once, and none if there are no ranges.
 */
export const readNamesOfMany = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  lookups: readonly Lookup[],
): Promise<(lookup: Lookup) => NamedUse[]> => {
  const [first, last] = [Math.min(...lookups.map(({ start }) => start)), Math.max(...lookups.map(({ end }) => end))]
  const accountIds = [...new Set(lookups.map(({ accountId }) => accountId))]
  const all = await askAll(lookups.length ? accountLedgersOf(ctx, generations) : [], (name) =>
    askAccounts(ctx, name, (ledger) => ledger.readLicenses(first, last, accountIds)),
  )
  const named = Map.groupBy(all.flat(), ({ account }) => account)
  return ({ accountId, start, end }) =>
    (named.get(accountId) ?? [])
      .filter(({ from, until }) => from < end && (until === null || until > start))
      .map(({ license, name, from, until }) => ({
        licenseId: license,
        name,
        from: Math.max(from, start),
        until: until === null ? end : Math.min(until, end),
      }))
}

/** The names that have licences of an account at any instant of a time range, cut to that. */
export const readNames = async (ctx: Ctx, generations: readonly KindedGeneration[], lookup: Lookup): Promise<NamedUse[]> =>
  (await readNamesOfMany(ctx, generations, [lookup]))(lookup)

/** The numbers of licences of an account in a time range. */
export const readCounted = async (ctx: Ctx, { start, end, accountId }: Lookup, licenseIds: readonly string[]): Promise<CountedUse[]> => {
  if (!licenseIds.length) return []
  const changes = await readLicenseChanges(ctx, accountId, licenseIds, end, start)
  return [...changes].flatMap(([licenseId, its]) => cutChanges(licenseId, its, { start, end }))
}
