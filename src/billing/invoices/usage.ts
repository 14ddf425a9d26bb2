import { readLicenseChangesOfMany } from '../../catalogue/licenses/service.ts'
import type { PlanDefinition } from '../../catalogue/price_plans/service.ts'
import { type CycleInForce, type PieceParts, type ReadPiece, definitionOf } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { type KindedGeneration, accountKey, askAll, askEvents, eventLedgersIn, meterSeries } from '../../ledger/client.ts'
import { instantOf } from '../../rating/cycle.ts'
import { cutChanges, useOf } from '../revenue_calculator/licenses.ts'
import { readNamesOfMany } from '../revenue_calculator/lookup.ts'
import type { InvoiceOwner } from './owner.ts'
import type { BilledCycle } from './rating.ts'

/** A cycle of an account, with what it takes to rate it. */
export interface CycleToRate {
  inForce: CycleInForce
  parts: PieceParts
  owner: InvoiceOwner
  generations: readonly KindedGeneration[]
}

const idsOf = ({ cards }: PlanDefinition, family: string): string[] =>
  cards.filter(({ type }) => type === family).map(({ billableId }) => billableId)

const definitionOfCycle = ({ inForce, parts }: CycleToRate): PlanDefinition => definitionOf(inForce.piece, parts)

/** Reads the licences in cycles of accounts, in the same order. The database and each ledger of accounts are asked once. */
const readLicenses = async (ctx: Ctx, cycles: readonly CycleToRate[]): Promise<BilledCycle['licenses'][]> => {
  const asked = cycles.map((one) => {
    const { cycle } = one.inForce
    const typeOf = (id: string) => one.parts.items.find((item) => item.id === id)?.type ?? undefined
    const licenses = idsOf(definitionOfCycle(one), 'LICENSE').map((id) => ({ id, type: typeOf(id) }))
    return { accountId: one.owner.id, start: instantOf(cycle.start), end: instantOf(cycle.end), licenses }
  })
  const times = asked.flatMap(({ accountId, start: from, end: until, licenses }) =>
    licenses.map(({ id: licenseId }) => ({ accountId, licenseId, from, until })),
  )
  const withNames = asked.filter(({ licenses }) => licenses.some(({ type }) => type === 'NAMED_LICENSE'))
  const [changes, namesOf] = await Promise.all([
    readLicenseChangesOfMany(ctx, times),
    readNamesOfMany(ctx, cycles[0]?.generations ?? [], withNames),
  ])
  const rest = changes.values()
  return asked.map((one) => {
    const named = namesOf(one)
    return Object.fromEntries(
      one.licenses.map(({ id, type }) => [id, useOf({ counted: cutChanges(id, rest.next().value ?? [], one), named }, id, type)]),
    )
  })
}

/** A cycle of an account with the units of its meters, by their ids. */
export interface UsedCycle extends CycleToRate {
  units: ReadonlyMap<string, string>
}

/** Reads what was used in cycles of accounts of an organization, in the same order. */
export const readBilledCycles = async (ctx: Ctx, cycles: readonly UsedCycle[]): Promise<BilledCycle[]> => {
  const licenses = await readLicenses(ctx, cycles)
  return cycles.map((one, index) => {
    const { piece, cycle } = one.inForce
    return {
      planName: (piece as ReadPiece).planName,
      definition: definitionOfCycle(one),
      items: one.parts.items,
      currency: one.owner.currency,
      cycle,
      schedule: { cycle: { interval: piece.cycle.interval, startOffset: piece.cycle.startOffset }, from: piece.from, until: piece.until },
      usage: Object.fromEntries(one.units),
      licenses: licenses[index] ?? {},
    }
  })
}

/** Reads what was used in a cycle of an account. `readUnits` gives the units of meters by their ids. */
export const readBilledCycle = async (
  ctx: Ctx,
  cycle: CycleToRate,
  readUnits: (meterIds: readonly string[]) => Promise<ReadonlyMap<string, string>>,
): Promise<BilledCycle> => {
  const [billed] = await readBilledCycles(ctx, [{ ...cycle, units: await readUnits(idsOf(definitionOfCycle(cycle), 'USAGE')) }])
  if (!billed) throw new Error('A cycle was not read')
  return billed
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
