import { ApiError } from '../../lib/errors.ts'
import { writeLine } from './csv.ts'
import { type Row, evaluate, makeOrder, makeRowTest, makeSeek, makeTest, shapeOf } from './evaluate.ts'
import { MOST_GROUPS, MOST_GROUP_BYTES, type Groups, collectGroups } from './groups.ts'
import { encodeLines } from './parts.ts'
import { type Query, keyOf } from './query.ts'
import { MOST_ROWS } from './schema.ts'
import type { Cell } from './tables.ts'
import { comparableOf, showCell } from './values.ts'

/** The most bytes of the rows of a report, with what they are sorted by, so that they can be sorted in the memory of a Worker. */
export const MOST_BYTES = 32 * 2 ** 20

/** A row as it is kept until the report is written: its line of the CSV, and the values of the sort. */
export type KeptRow = readonly [line: string, ...keys: Cell[]]

const tooMuch = (message: string): ApiError => new ApiError('UNPROCESSABLE', message)

const TOO_MANY_ROWS = tooMuch(
  `More than ${MOST_ROWS} rows match. Add filters, such as a shorter time or some accounts, take aggregators, or leave out the sort: then the first rows up to the limit are enough.`,
)
const TOO_MANY_GROUPS = tooMuch(
  `There are more than ${MOST_GROUPS} groups. Add filters, select fewer columns without an aggregator, or cut times to longer units.`,
)
const TOO_LARGE = tooMuch(`The rows come to more than ${MOST_BYTES / 2 ** 20} MB. Add filters, or select and sort by fewer columns.`)

const TOO_LARGE_GROUPS = tooMuch(
  `The groups come to more than ${MOST_GROUP_BYTES / 2 ** 20} MB. Add filters, or select fewer columns without an aggregator.`,
)

const encoder = new TextEncoder()

/** The bytes of a text in UTF-8. */
export const sizeOf = (text: string): number => encoder.encode(text).length

/** How a query makes rows of results. */
export const makeWriter = (query: Query) => {
  const shape = shapeOf(query)
  const seeks = makeSeek(query.sort)
  const keysOf = (result: readonly Cell[]): Cell[] => shape.sorted.map((place) => result[place] ?? null)
  const comparablesOf = (keys: readonly Cell[]) =>
    keys.map((key, index) => comparableOf(shape.types[shape.sorted[index] ?? 0] ?? 'TEXT', key))
  return {
    shape,
    header: writeLine(query.selects.map(({ header }) => header)),
    /** The row of a result. Undefined if it is not behind what was sought. */
    write: (result: readonly Cell[]): KeptRow | undefined => {
      const keys = keysOf(result)
      if (!seeks(comparablesOf(keys))) return undefined
      return [writeLine(shape.selected.map((place) => showCell(shape.types[place] ?? 'TEXT', result[place] ?? null))), ...keys]
    },
    /** The lines of rows in the order of the sort, up to the limit. Rows that are equal in it stay as they are. */
    sortLines: (rows: readonly KeptRow[]): string[] => {
      if (!query.sort.length) return rows.slice(0, query.limit).map(([line]) => line)
      const compare = makeOrder(query.sort)
      return rows
        .map(([line, ...keys]) => ({ line, keys: comparablesOf(keys) }))
        .toSorted((one, other) => compare(one.keys, other.keys))
        .slice(0, query.limit)
        .map(({ line }) => line)
    },
  }
}
export type Writer = ReturnType<typeof makeWriter>

/** What a report has collected, beside what a slice adds. */
export interface Collected {
  count: number
  bytes: number
}

/** Collects the rows of a slice, as they are. */
const collectRows = (query: Query, { count, bytes }: Collected) => {
  const { shape, write } = makeWriter(query)
  const isWanted = makeRowTest(query.filters)
  const rows: string[] = []
  let size = 0
  return {
    add: (row: Row): void => {
      if (!isWanted(row)) return
      const kept = write(shape.expressions.map((expression) => evaluate(expression, row)))
      if (!kept || (!query.sort.length && count + rows.length >= query.limit)) return
      const text = `${JSON.stringify(kept)}\n`
      rows.push(text)
      size += sizeOf(text)
      if (count + rows.length > MOST_ROWS) throw TOO_MANY_ROWS
      if (bytes + size > MOST_BYTES) throw TOO_LARGE
    },
    /** Whether no further rows are needed. */
    isEnough: () => !query.sort.length && count + rows.length >= query.limit,
    size: () => size,
    /** What the slice adds, a line for each row, and all that was collected with it. */
    keep: () => ({ content: rows.length ? encodeLines(rows) : undefined, collected: { count: count + rows.length, bytes: bytes + size } }),
  }
}

/** Collects the groups of all slices so far, of which `before` is the text. */
const collectAllGroups = (query: Query, before: string | undefined) => {
  const groups = collectGroups(shapeOf(query))
  if (before !== undefined) groups.restore(before)
  const isWanted = makeRowTest(query.filters)
  return {
    add: (row: Row): void => {
      if (!isWanted(row)) return
      groups.add(row)
      if (groups.size > MOST_GROUPS) throw TOO_MANY_GROUPS
      if (groups.bytes > MOST_GROUP_BYTES) throw TOO_LARGE_GROUPS
    },
    isEnough: () => false,
    size: () => 0,
    keep: () => {
      return { content: encodeLines(groups.keep()), collected: { count: groups.size, bytes: groups.bytes } }
    },
  }
}

/** Collects what a slice reads. `before` is the text of the groups so far. */
export const collect = (query: Query, collected: Collected, before: string | undefined) =>
  query.isGrouped ? collectAllGroups(query, before) : collectRows(query, collected)

/** The groups of which there is a text. */
export const restoreGroups = (writer: Writer, text: string | undefined): Groups => {
  const groups = collectGroups(writer.shape)
  if (text !== undefined) groups.restore(text)
  return groups
}

/** The rows of groups that meet their filters. The groups are taken, so that memory has room for the rows. */
export const rowsOfGroups = (query: Query, writer: Writer, groups: Groups): KeptRow[] => {
  const places = new Map(writer.shape.expressions.map((expression, place) => [keyOf(expression), place]))
  const tests = query.having.map((filter) => ({ place: places.get(keyOf(filter.expression)) ?? 0, test: makeTest(filter) }))
  const rows: KeptRow[] = []
  for (const result of groups.results()) {
    const row = tests.every(({ place, test }) => test(result[place] ?? null)) ? writer.write(result) : undefined
    if (row) rows.push(row)
  }
  return rows
}
