import { type CycleInForce, type PieceParts, type ReadPiece, definitionOf } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { type KindedGeneration, accountKey, askAll, askEvents, eventLedgersIn, meterSeries } from '../../ledger/client.ts'
import { instantOf } from '../../rating/cycle.ts'
import { useOf } from '../revenue_calculator/licenses.ts'
import { readCounted, readNames } from '../revenue_calculator/lookup.ts'
import type { InvoiceOwner } from './owner.ts'
import type { BilledCycle } from './rating.ts'

/** A cycle of an account, with what it takes to rate it. */
export interface CycleToRate {
  inForce: CycleInForce
  parts: PieceParts
  owner: InvoiceOwner
  generations: readonly KindedGeneration[]
}

/** Reads what was used in a cycle of an account. `readUnits` gives the units of meters by their ids. */
export const readBilledCycle = async (
  ctx: Ctx,
  { inForce: { piece, cycle }, parts, owner, generations }: CycleToRate,
  readUnits: (meterIds: readonly string[]) => Promise<ReadonlyMap<string, string>>,
): Promise<BilledCycle> => {
  const definition = definitionOf(piece, parts)
  const { items } = parts
  const lookup = { accountId: owner.id, start: instantOf(cycle.start), end: instantOf(cycle.end) }
  const idsOf = (family: string) => definition.cards.filter(({ type }) => type === family).map(({ billableId }) => billableId)
  const licenseIds = idsOf('LICENSE')
  const typeOf = (id: string) => items.find((item) => item.id === id)?.type ?? undefined
  const hasNames = licenseIds.some((id) => typeOf(id) === 'NAMED_LICENSE')
  const [usage, counted, named] = await Promise.all([
    readUnits(idsOf('USAGE')),
    readCounted(ctx, lookup, licenseIds),
    hasNames ? readNames(ctx, generations, lookup) : [],
  ])
  return {
    planName: (piece as ReadPiece).planName,
    planVersion: piece.version,
    overrideId: piece.overrideId,
    definition,
    items,
    currency: owner.currency,
    cycle,
    schedule: { cycle: { interval: piece.cycle.interval, startOffset: piece.cycle.startOffset }, from: piece.from, until: piece.until },
    usage: Object.fromEntries(usage),
    licenses: Object.fromEntries(licenseIds.map((id) => [id, useOf({ counted, named }, id, typeOf(id))])),
  }
}

/** A time of an account, in milliseconds. */
export interface AccountTime {
  accountId: string
  start: number
  end: number
}

/**
 * Closes times of accounts in all of their ledgers, so that nothing is added to them from now on, and gives the units of meters in each, in
 * the same order. Each ledger is asked once.
 */
export const closeUsage = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  times: readonly AccountTime[],
): Promise<Map<string, string>[]> => {
  if (!times.length) return []
  const closings = times.map(({ accountId, start: from, end: until }) => ({ account: accountKey(accountId), from, until }))
  const [first, last] = [Math.min(...times.map(({ start }) => start)), Math.max(...times.map(({ end }) => end))]
  const all = await askAll(eventLedgersIn(ctx, generations, first, last), (name) =>
    askEvents(ctx, name, (ledger) => ledger.closeAndSumAll(closings)),
  )
  return times.map((_, index) => {
    const units = Map.groupBy(
      all.flatMap((sums) => sums[index] ?? []),
      ([, , series]) => series,
    )
    return new Map(
      [...units].map(([series, rows]) => [series.slice(meterSeries('').length), sumDecimals(rows.map(([, , , text]) => text))]),
    )
  })
}
