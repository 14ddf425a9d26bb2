import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { type Forgotten, type GroupQuery, type GroupRow, askAll, askEvents, eventLedgersIn } from '../../ledger/client.ts'
import type { EarningsAsked } from './earnings.ts'
import type { Names } from './names.ts'
import { GROUPINGS, type Plan, showGroup } from './plan.ts'
import type { MetricQuery } from './schema.ts'
import { type Part, type Split, splitLargest } from './series.ts'

/** The most points of an answer. */
export const MOST_POINTS = 100_000

/** What is wrong with a query whose answer, or what it takes to reckon it, is too large. */
export const tooManyPoints = (path: string): ApiError =>
  new ApiError(
    'UNPROCESSABLE',
    `${path}: with it the answer would hold more than ${MOST_POINTS} points. Filter it by fewer accounts, bring startTime and endTime closer together, or take a longer aggregationPeriod.`,
  )

/** The data that a request is answered from. */
export interface MetricsContext {
  ctx: Ctx
  names: Names
  from: number
  until: number
  /** The sums that were read from ledgers, by their question, so that queries with the same question share them. */
  asked: Map<string, Promise<GroupRow[]>>
  earnings: EarningsAsked
}

/** Refuses a time range whose events the ledgers do not have any more. */
export const refuseForgotten = <Answer extends object>({ from, until }: MetricsContext, answer: Answer | Forgotten): Answer => {
  if (!('forgotten' in answer)) return answer
  const ends = [...(answer.forgotten.includes(from) ? ['startTime'] : []), ...(answer.forgotten.includes(until) ? ['endTime'] : [])]
  throw new ApiError(
    'UNPROCESSABLE',
    ends
      .map((end) => `${end}: must be at the full hour, since the events of then are not kept any more, only what they add up to by hour`)
      .join('; '),
  )
}

const readRows = async (reading: MetricsContext, query: GroupQuery): Promise<GroupRow[]> => {
  const { ctx, names, from, until } = reading
  const ledgers = eventLedgersIn(ctx, names.generations, from, until)
  const all = await askAll(ledgers, (name) => askEvents(ctx, name, (ledger) => ledger.readGroups(query)))
  return all.flatMap((grouped) => refuseForgotten(reading, grouped).rows)
}

/** The question of a query to the event ledgers, without how it is grouped. */
export const questionOf = (
  { from, until, ctx }: MetricsContext,
  { name, aggregationPeriod: period }: MetricQuery,
  plan: Plan,
  most: number,
): GroupQuery => ({ from, until, period, kind: name === 'EVENTS' ? 'e' : 'm', ...plan, most, now: ctx.now })

/** The parts of rows of the event ledgers. */
export const partsOfRows = ({ name, groupBy }: MetricQuery, rows: readonly GroupRow[]): Part[] =>
  rows.map(([start, group, units, count]) => ({
    start,
    group: showGroup(groupBy, group),
    value: name === 'EVENTS' ? String(count) : units,
    records: count,
  }))

/** Reads the parts of a query about events or the units of meters. */
export const readSums = async (reading: MetricsContext, query: MetricQuery, plan: Plan, most: number): Promise<Part[]> => {
  const by = query.groupBy === undefined ? undefined : GROUPINGS[query.groupBy]
  const asked: GroupQuery = { ...questionOf(reading, query, plan, most), ...(by && { by }) }
  const question = JSON.stringify(asked)
  const answer = reading.asked.get(question) ?? readRows(reading, asked)
  reading.asked.set(question, answer)
  return partsOfRows(query, await answer)
}

/** Splits parts into those of the largest groups and the others. Refuses them if they are of more groups than were read. */
export const splitAll = (parts: readonly Part[], largestGroups: number, most: number, path: string): Split => {
  if (new Set(parts.map(({ group }) => group)).size > most) throw tooManyPoints(path)
  return splitLargest(parts, largestGroups)
}
