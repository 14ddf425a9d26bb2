import { expect } from 'vitest'
import type { Ctx } from '../../src/db/context.ts'
import {
  type EventRow,
  type RuleSet,
  accountKey,
  askEvents,
  ledgerName,
  newReference,
  slotOf,
  totalsOf,
  unknownKey,
} from '../../src/ledger/client.ts'
import { type Answer, ledgers } from './api.ts'

type Posts = { post: (path: string, body?: unknown) => Promise<Answer> }

export type Point = Record<string, unknown>

/** Asks for metrics. */
export const ask = ({ post }: Posts, startTime: string, endTime: string, ...queries: Point[]): Promise<Answer> =>
  post('/metrics', {
    startTime,
    endTime,
    metricQueries: queries.map((query, index) => ({ id: `q${index}`, aggregationPeriod: 'DAY', ...query })),
  })

/** The data that one query is answered. */
export const dataOf = async (api: Posts, startTime: string, endTime: string, query: Point): Promise<Series[]> => {
  const answer = await ask(api, startTime, endTime, query)
  expect(answer).toMatchObject({ status: 200, body: { results: [{ id: 'q0', name: query['name'] }] } })
  return answer.body.results[0].data
}

export interface Series {
  groupedBy?: { fieldName: string; fieldValue: string }
  timestamps: string[]
  metricValues: number[]
}

/** The values of the one series without a group. */
export const valuesOf = (data: Series[]): number[] => {
  expect(data).toHaveLength(1)
  expect(data[0]).not.toHaveProperty('groupedBy')
  return data[0]?.metricValues ?? []
}

/** The values of each group. */
export const groupsOf = (data: Series[]): Record<string, number[]> =>
  Object.fromEntries(data.map(({ groupedBy, metricValues }) => [groupedBy?.fieldValue ?? '', metricValues]))

/** An event as it is put into a ledger, past the front door. */
export interface Planted {
  id: string
  time: number
  /** The id of an account, or after ? a name that no account has. */
  account: string
  customer?: string
  schema: string
  status: number
  units?: (string | null)[]
}

const ctx = { ledgers } as Pick<Ctx, 'ledgers'>

/** Where an event is kept. */
type Home = (id: string) => string

export const homeIn =
  (organizationId: string, count = 4, generation = 1): Home =>
  (id) =>
    ledgerName(organizationId, 'event', generation, slotOf(id) % count)

const keyOf = (account: string): string => (account.startsWith('?') ? unknownKey(account.slice(1)) : accountKey(account))

/** Puts events into ledgers, metered by `meters`. */
export const plantEvents = async (homeOf: Home, events: readonly Planted[], meters: readonly string[] = []): Promise<void> => {
  const ruleSets: Record<string, RuleSet> = { rules: { schema: ['any', 1], meters: meters.map((id) => [id, 1, id]) } }
  for (const [name, those] of Map.groupBy(events, ({ id }) => homeOf(id))) {
    const rows = those.map(({ id, time, account, schema, status, units }): EventRow => [
      id,
      newReference(id, time),
      time,
      keyOf(account),
      schema,
      status,
      units ? 'rules' : null,
      units ?? null,
      { id },
      null,
      null,
    ])
    const customers = Object.fromEntries(those.flatMap(({ account, customer }) => (customer ? [[accountKey(account), customer]] : [])))
    const recorded = await askEvents(ctx, name, (ledger) =>
      ledger.record({
        head: { version: 1_000_000, accounts: {}, customers, ruleSets, createdAt: Date.now(), source: 0, count: rows.length },
        rows: [JSON.stringify(rows)],
        totals: JSON.stringify(totalsOf(rows, ruleSets)),
        ids: JSON.stringify(rows.map(([id]) => id)),
        first: Math.min(...those.map(({ time }) => time)),
        hasRepeats: false,
      }),
    )
    expect(recorded).toMatchObject({ repeats: [] })
  }
}

/** Reverts an event, as a correction does. */
export const revertEvent = async (homeOf: Home, id: string): Promise<void> => {
  const [event] = await askEvents(ctx, homeOf(id), (ledger) => ledger.listEvents({ ids: [id], limit: 1 }))
  const reverted = await askEvents(ctx, homeOf(id), (ledger) => ledger.revert([id, event?.reference ?? ''], { refused: [], kept: [] }))
  expect(reverted).toMatchObject({ outcome: 'REVERTED' })
}

/** Holds the largest groups of a query, and what all others add up to, against the series of all groups. */
export const holdLargest = (all: readonly Series[], { data, rest }: { data: Series[]; rest: Series }, most: number): void => {
  const sumOf = ({ metricValues }: Series): number => metricValues.reduce((one, other) => one + other, 0)
  const nameOf = ({ groupedBy }: Series): string => groupedBy?.fieldValue ?? ''
  const ranked = all.toSorted((one, other) => sumOf(other) - sumOf(one) || (nameOf(one) < nameOf(other) ? -1 : 1))
  expect(data).toEqual(ranked.slice(0, most))
  expect(sumOf(rest)).toBeCloseTo(
    ranked.slice(most).reduce((sum, series) => sum + sumOf(series), 0),
    9,
  )
  for (const [index, timestamp] of rest.timestamps.entries()) {
    const valueOf = ({ timestamps, metricValues }: Series): number => metricValues[timestamps.indexOf(timestamp)] ?? 0
    const others = ranked.slice(most).reduce((sum, series) => sum + valueOf(series), 0)
    expect(rest.metricValues[index]).toBeCloseTo(others, 9)
  }
}
