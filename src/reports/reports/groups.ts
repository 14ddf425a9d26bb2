import { type Decimal, ZERO, add, divide, formatDecimal, requireDecimal } from '../../lib/decimal.ts'
import { type Row, type Shape, evaluate } from './evaluate.ts'
import type { Expression } from './query.ts'
import type { Cell } from './tables.ts'
import { comparableOf, compareValues } from './values.ts'

/** The most groups of a report. */
export const MOST_GROUPS = 50_000

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

const take = (expression: Expression, seen: Seen, row: Row): void => {
  const cell = evaluate(expression, row)
  if (cell === null) return
  seen.count++
  const { aggregator } = expression
  if (aggregator === 'sum' || aggregator === 'avg') seen.sum = add(seen.sum, requireDecimal(cell as string))
  else if (aggregator !== 'count' && isBetter(expression, cell, seen.best)) seen.best = cell
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
  const open = (cells: readonly Cell[], key = JSON.stringify(cells)): Group => {
    const known = groups.get(key)
    if (known) return known
    const group = { cells, seen: aggregated.map((): Seen => ({ count: 0, sum: ZERO, best: null })) }
    groups.set(key, group)
    return group
  }
  return {
    add: (row: Row): void => {
      const { seen } = open(plain.map(({ expression }) => evaluate(expression, row)))
      for (const [index, { expression }] of aggregated.entries()) take(expression, seen[index] as Seen, row)
    },
    get size() {
      return groups.size
    },
    /** The groups as text, which `restore` reads. */
    keep: (): string =>
      JSON.stringify(
        Array.from(groups.values(), ({ cells, seen }): KeptGroup => [
          cells,
          seen.map(({ count, sum, best }) => [count, formatDecimal(sum), best]),
        ]),
      ),
    restore: (text: string): void => {
      for (const [cells, seen] of JSON.parse(text) as KeptGroup[]) {
        const group = open(cells)
        for (const [index, [count, sum, best]] of seen.entries())
          Object.assign(group.seen[index] as Seen, { count, sum: requireDecimal(sum), best })
      }
    },
    /** What the groups come to, each with a cell for each expression of the shape. Without anything to group by there is always one. */
    results: (): Cell[][] => {
      if (!plain.length) open([])
      return Array.from(groups.values(), ({ cells, seen }) => {
        const result: Cell[] = Array.from({ length: shape.expressions.length }, () => null)
        for (const [index, { place }] of plain.entries()) result[place] = cells[index] ?? null
        for (const [index, { expression, place }] of aggregated.entries()) result[place] = resultOf(expression, seen[index] as Seen)
        return result
      })
    },
  }
}
export type Groups = ReturnType<typeof collectGroups>
