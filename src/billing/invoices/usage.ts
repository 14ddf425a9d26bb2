import { readLicenseChangesOf } from '../../catalogue/licenses/service.ts'
import { type CycleInForce, type PieceParts, type ReadPiece, definitionOf } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import {
  type Closed,
  type KindedGeneration,
  accountKey,
  askAccounts,
  askAll,
  askEvents,
  eventLedgersIn,
  meterSeries,
} from '../../ledger/client.ts'
import { instantOf } from '../../rating/cycle.ts'
import type { LicenseUse } from '../../rating/licenses.ts'
import { listBilledOverage, readOverage, sumOverage } from '../feature_credits/overage.ts'
import { cutChanges, useOf } from '../revenue_calculator/licenses.ts'
import { readNamesOfMany } from '../revenue_calculator/lookup.ts'
import type { InvoiceOwner } from './owner.ts'
import type { BilledCycle } from './rating.ts'

/** A cycle of an account, with what it takes to rate it. */
export interface CycleToRate {
  inForce: CycleInForce
  parts: PieceParts
  owner: InvoiceOwner
}

/** The units of meters, by their ids. */
export type Units = ReadonlyMap<string, string>

/** A time of an account, in milliseconds. */
export interface AccountTime {
  accountId: string
  start: number
  end: number
}

const timeOf = ({ inForce: { cycle }, owner }: CycleToRate): AccountTime => ({
  accountId: owner.id,
  start: instantOf(cycle.start),
  end: instantOf(cycle.end),
})

/** The ids of what cards of a family price in a cycle. */
const billablesOf = ({ inForce: { piece }, parts }: CycleToRate, family: string): string[] =>
  definitionOf(piece, parts)
    .cards.filter(({ type }) => type === family)
    .map(({ billableId }) => billableId)

/** The ids of the usage meters that are priced in a cycle. */
export const metersOf = (cycle: CycleToRate): string[] => billablesOf(cycle, 'USAGE')

const typeOfAddOn = ({ parts }: CycleToRate, id: string): string | undefined =>
  parts.items.find((item) => item.id === id)?.type ?? undefined

/** Reads the licences of accounts in cycles, for each cycle by the ids of the add-ons that are priced in it. */
const readLicensesOf = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  cycles: readonly CycleToRate[],
): Promise<Record<string, LicenseUse>[]> => {
  const asked = cycles.map((cycle) => ({ cycle, time: timeOf(cycle), licenseIds: billablesOf(cycle, 'LICENSE') }))
  const withNames = asked.filter(({ cycle, licenseIds }) => licenseIds.some((id) => typeOfAddOn(cycle, id) === 'NAMED_LICENSE'))
  const [counted, namesOf] = await Promise.all([
    readLicenseChangesOf(
      ctx,
      asked.map(({ time: { accountId, start, end }, licenseIds }) => ({ accountId, licenseIds, from: start, until: end })),
    ),
    readNamesOfMany(
      ctx,
      generations,
      withNames.map(({ time }) => time),
    ),
  ])
  return asked.map(({ cycle, time, licenseIds }, index) => {
    const its = {
      counted: [...(counted[index] ?? [])].flatMap(([id, changes]) => cutChanges(id, changes, time)),
      named: namesOf(time),
    }
    return Object.fromEntries(licenseIds.map((id) => [id, useOf(its, id, typeOfAddOn(cycle, id))]))
  })
}

/** Reads the units of the meters that are priced in cycles, as the events until now add up. Each ledger is asked once. */
export const readUnitsOf = async <Rated extends CycleToRate>(
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  cycles: readonly Rated[],
): Promise<Map<Rated, Units>> => {
  const asked = cycles.flatMap((cycle) => {
    const { accountId, start: from, end: until } = timeOf(cycle)
    const series = metersOf(cycle).map(meterSeries)
    return series.length ? [{ cycle, query: { account: accountKey(accountId), series, from, until } }] : []
  })
  if (!asked.length) return new Map()
  const queries = asked.map(({ query }) => query)
  const [first, last] = [Math.min(...queries.map(({ from }) => from)), Math.max(...queries.map(({ until }) => until))]
  const all = await askAll(eventLedgersIn(ctx, generations, first, last), (name) =>
    askEvents(ctx, name, (ledger) => ledger.readEvidence(queries)),
  )
  return new Map(
    asked.map(({ cycle }, index) => {
      const units = Map.groupBy(
        all.flatMap((one) => one[index] ?? []),
        ([series]) => series.slice(meterSeries('').length),
      )
      return [cycle, new Map([...units].map(([id, rows]) => [id, sumDecimals(rows.map(([, its]) => its))]))]
    }),
  )
}

/** Reads the overage that is billed with cycles, in their order, by the ids of the features. */
const readOverageOf = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  cycles: readonly CycleToRate[],
): Promise<BilledCycle['overage'][]> => {
  const places = cycles.map(({ inForce, parts, owner }) => ({
    accountId: owner.id,
    createdAt: owner.createdAt,
    overage: listBilledOverage(inForce, definitionOf(inForce.piece, parts).cards),
  }))
  if (places.every((place) => !place.overage.length)) return []
  const found = await readOverage(ctx, generations, places)
  return places.map((place, index) => {
    const units = sumOverage(found[index] ?? [])
    return Object.fromEntries(place.overage.map(({ featureId, from }) => [featureId, { units: units[featureId] ?? '0', from }]))
  })
}

/** Reads what cycles of accounts are rated with. What is closed has to be closed before. `unitsOf` gives the units of meters in each of them. */
export const readBilledCycles = async <Rated extends CycleToRate>(
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  cycles: readonly Rated[],
  unitsOf: (cycle: Rated) => Units | Promise<Units>,
): Promise<Map<Rated, BilledCycle>> => {
  if (!cycles.length) return new Map()
  const [licenses, units] = await Promise.all([
    readLicensesOf(ctx, generations, cycles),
    Promise.all(cycles.map(async (one) => unitsOf(one))),
  ])
  const overage = await readOverageOf(ctx, generations, cycles)
  return new Map(
    cycles.map((one, index) => {
      const { piece, cycle } = one.inForce
      return [
        one,
        {
          planName: (piece as ReadPiece).planName,
          plan: { id: piece.pricePlanId, version: piece.version, overrideId: piece.overrideId },
          definition: definitionOf(piece, one.parts),
          items: one.parts.items,
          currency: one.owner.currency,
          cycle,
          schedule: {
            cycle: { interval: piece.cycle.interval, startOffset: piece.cycle.startOffset },
            from: piece.from,
            until: piece.until,
          },
          usage: Object.fromEntries(units[index] ?? []),
          licenses: licenses[index] ?? {},
          overage: overage[index] ?? {},
        },
      ]
    }),
  )
}

/** Reads what a cycle of an account is rated with. `readUnits` gives the units of meters by their ids. */
export const readBilledCycle = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  cycle: CycleToRate,
  readUnits: (meterIds: readonly string[]) => Promise<Units>,
): Promise<BilledCycle> => {
  const billed = await readBilledCycles(ctx, generations, [cycle], (one) => readUnits(metersOf(one)))
  return billed.get(cycle) as BilledCycle
}

/** Takes back what events in progress have asked of the ledgers of their accounts, since their times are closed. */
const revertUndone = async (ctx: Ctx, undone: Closed['undone']): Promise<void> => {
  await Promise.all(
    Array.from(
      Map.groupBy(undone, ({ ledger }) => ledger),
      ([name, its]) =>
        askAccounts(ctx, name, (ledger) =>
          ledger.revertActs(
            its.map(({ reference, isFeature }) => ({ reference, isFeature })),
            ctx.now,
          ),
        ),
    ),
  )
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
  await revertUndone(
    ctx,
    all.flat().flatMap(({ undone }) => undone),
  )
  return times.map((_, index) => {
    const units = Map.groupBy(
      all.flatMap((closed) => closed[index]?.sums ?? []),
      ([, , series]) => series,
    )
    return new Map(
      [...units].map(([series, rows]) => [series.slice(meterSeries('').length), sumDecimals(rows.map(([, , , text]) => text))]),
    )
  })
}
