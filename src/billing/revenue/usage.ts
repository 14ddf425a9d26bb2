import type { Ctx } from '../../db/context.ts'
import { type KindedGeneration, type PartsQuery, accountKey, askAll, askEvents, eventLedgersIn, meterSeries } from '../../ledger/client.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { ApiError } from '../../lib/errors.ts'
import type { UsagePart } from '../../rating/revenue.ts'
import type { BegunCycle } from './cycles.ts'

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
