import type { Ctx } from '../../db/context.ts'
import type { KindedGeneration } from '../../ledger/client.ts'
import { FOREVER } from '../../lib/time.ts'
import type { Row } from './evaluate.ts'
import type { Query } from './query.ts'

/** What a report is read for. */
export interface Reading {
  ctx: Ctx
  query: Query
  /** When the report began, in milliseconds: what is made later is left out. */
  begunAt: number
  /** The account and its customer, of which alone there are rows. */
  owner: { accountId: string; customerId: string } | undefined
  /** The generations of ledgers. */
  generations: () => Promise<readonly KindedGeneration[]>
}

/** Rows of a table, and from where the reading goes on. Null when there are no more. */
export interface Page {
  rows: readonly Row[]
  next: unknown
}

/** Reads the next rows of a table. The cursor is what the page before said, and null at first. */
export type Reader = (reading: Reading, cursor: unknown) => Promise<Page>

/** The filters of a column as it is, which the place that is read can look at. All others are only looked at afterwards. */
const filtersOf = ({ filters }: Query, column: string) =>
  filters.filter(({ expression }) => expression.column === column && !expression.functions.length)

/** The texts of which a column must be one. Undefined if it can be any. */
export const textsOf = (query: Query, column: string): readonly string[] | undefined => {
  const lists = filtersOf(query, column).flatMap(({ operator, args }) =>
    operator === 'eq' || operator === 'in' ? [new Set(args as string[])] : [],
  )
  const [first, ...others] = lists
  return first && [...others.reduce((all, one) => all.intersection(one), first)]
}

/** The time in which a column must lie, from `from` until before `until` (milliseconds). */
export const windowOf = (query: Query, column: string): { from: number; until: number } => {
  let [from, until]: [number, number] = [FOREVER.from, FOREVER.until + 1]
  for (const { operator, args } of filtersOf(query, column)) {
    const at = args[0] as number
    if (operator === 'gte' || operator === 'eq') from = Math.max(from, at)
    if (operator === 'gt') from = Math.max(from, at + 1)
    if (operator === 'lt') until = Math.min(until, at)
    if (operator === 'lte' || operator === 'eq') until = Math.min(until, at + 1)
  }
  return { from, until }
}

/** Whether a query asks for a column, also in a filter or a sort. */
export const needs = ({ selects, filters, having, sort }: Query, column: string): boolean =>
  [...selects, ...[...filters, ...having, ...sort].map(({ expression }) => expression)].some((one) => one.column === column)
