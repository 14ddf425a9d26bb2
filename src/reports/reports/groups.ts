import { type Decimal, ZERO, add, divide, formatDecimal, requireDecimal } from '../../lib/decimal.ts'
import { type Row, type Shape, evaluate } from './evaluate.ts'
import { linesIn } from './parts.ts'
import type { Expression } from './query.ts'
import type { Cell } from './tables.ts'
import { comparableOf, compareValues } from './values.ts'

/** The most groups of a report. */
export const MOST_GROUPS = 50_000

/** The most bytes of groups, which are in the memory of a Worker twice while they are read, and a third time as text. */
export const MOST_GROUP_BYTES = 8 * 2 ** 20

/** About how many bytes what an aggregator has seen takes, beside a text. */
const SIZE_OF_SEEN = 32

/** To how many places an average is given, rounded half up. */
const PLACES_OF_AVERAGE = 10

/** What an aggregator has seen: how many values, their sum, and the least or the greatest. */
interface Seen {
  count: number
  sum: Decimal
  best: Cell
}

interface Group {
  /** What is selected without an aggregator, by its place. */
  cells: readonly Cell[]
  seen: readonly Seen[]
}

/** A group as text: its cells, and what each aggregator has seen. */
type KeptGroup = [cells: readonly Cell[], seen: [count: number, sum: string, best: Cell][]]

const isBetter = ({ aggregator, inner }: Expression, cell: Cell, best: Cell): boolean => {
  if (best === null) return true
  const order = compareValues(comparableOf(inner, cell), comparableOf(inner, best))
  return aggregator === 'min' ? order < 0 : order > 0
}

const lengthOf = (cell: Cell): number => (typeof cell === 'string' ? cell.length : 0)

/** Takes a row, and gives by how much what was seen has grown. */
const take = (expression: Expression, seen: Seen, row: Row): number => {
  const cell = evaluate(expression, row)
  if (cell === null) return 0
  seen.count++
  const { aggregator } = expression
  if (aggregator === 'sum' || aggregator === 'avg') seen.sum = add(seen.sum, requireDecimal(cell as string))
  else if (aggregator !== 'count' && isBetter(expression, cell, seen.best)) {
    const grown = lengthOf(cell) - lengthOf(seen.best)
    seen.best = cell
    return grown
  }
  return 0
}

const resultOf = ({ aggregator }: Expression, { count, sum, best }: Seen): Cell => {
  if (aggregator === 'count') return String(count)
  if (aggregator === 'sum') return formatDecimal(sum)
  if (aggregator === 'avg') return count ? formatDecimal(divide(sum, requireDecimal(String(count)), PLACES_OF_AVERAGE)) : null
  return best
}

const placesOf = ({ expressions }: Shape) => {
  const all = expressions.map((expression, place) => ({ expression, place }))
  return {
    plain: all.filter(({ expression }) => !expression.aggregator),
    aggregated: all.filter(({ expression }) => expression.aggregator),
  }
}

/** The groups of a report, which grow row by row. */
export const collectGroups = (shape: Shape) => {
  const groups = new Map<string, Group>()
  const { plain, aggregated } = placesOf(shape)
  let bytes = 0
  const open = (cells: readonly Cell[], key = JSON.stringify(cells)): Group => {
    const known = groups.get(key)
    if (known) return known
    const group = { cells, seen: aggregated.map((): Seen => ({ count: 0, sum: ZERO, best: null })) }
    groups.set(key, group)
    bytes += key.length + aggregated.length * SIZE_OF_SEEN
    return group
  }
  return {
    add: (row: Row): void => {
      const { seen } = open(plain.map(({ expression }) => evaluate(expression, row)))
      for (const [index, { expression }] of aggregated.entries()) bytes += take(expression, seen[index] as Seen, row)
    },
    get size() {
      return groups.size
    },
    /** About how many bytes they take. */
    get bytes() {
      return bytes
    },
    /** The groups, each as a line of text, which `restore` reads. */
    keep: function* (): Iterable<string> {
      for (const { cells, seen } of groups.values()) {
        const kept: KeptGroup = [cells, seen.map(({ count, sum, best }) => [count, formatDecimal(sum), best])]
        yield `${JSON.stringify(kept)}\n`
      }
    },
    restore: (text: string): void => {
      for (const line of linesIn(text)) {
        const [cells, seen] = JSON.parse(line) as KeptGroup
        const group = open(cells)
        for (const [index, [count, sum, best]] of seen.entries()) {
          Object.assign(group.seen[index] as Seen, { count, sum: sum === '0' ? ZERO : requireDecimal(sum), best })
          bytes += lengthOf(best)
        }
      }
    },
    /** Takes what the groups come to, each with a cell for each expression of the shape. Without anything to group by there is always one. */
    results: function* (): Iterable<Cell[]> {
      if (!plain.length) open([])
      for (const [key, { cells, seen }] of groups) {
        const result: Cell[] = Array.from({ length: shape.expressions.length }, () => null)
        for (const [index, { place }] of plain.entries()) result[place] = cells[index] ?? null
        for (const [index, { expression, place }] of aggregated.entries()) result[place] = resultOf(expression, seen[index] as Seen)
        groups.delete(key)
        yield result
      }
    },
  }
}
export type Groups = ReturnType<typeof collectGroups>
