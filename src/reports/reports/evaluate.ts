import { type Expression, type Filter, type Operator, type Query, type Sorted, keyOf } from './query.ts'
import type { Cell, ValueType } from './tables.ts'
import { type Comparable, applyFunction, comparableOf, compareValues } from './values.ts'

/** A row of a table: its values by table and column, as `accounts.name`. */
export type Row = Readonly<Record<string, Cell>>

/** What an expression makes of a row, before an aggregator. */
export const evaluate = ({ column, functions }: Pick<Expression, 'column' | 'functions'>, row: Row): Cell => {
  let cell = row[column] ?? null
  for (const unit of functions) cell = applyFunction(cell, unit)
  return cell
}

const HOLDS: Readonly<Record<Exclude<Operator, 'in' | 'nin'>, (order: number) => boolean>> = {
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
  eq: (order) => order === 0,
  neq: (order) => order !== 0,
}

/** Makes the test of a value. Nothing is equal to nothing else, and neither more nor less than anything. Of several texts one is enough. */
export const makeTest = ({ expression: { type }, operator, args }: Filter): ((cell: Cell) => boolean) => {
  const isNegated = operator === 'neq' || operator === 'nin'
  if (type === 'TEXTS') {
    const wanted = new Set(args as readonly string[])
    return (cell) => ((cell ?? []) as readonly string[]).some((text) => wanted.has(text)) !== isNegated
  }
  if (operator === 'in' || operator === 'nin') {
    const wanted = new Set(args)
    return (cell) => (cell !== null && wanted.has(cell)) !== isNegated
  }
  const holds = HOLDS[operator]
  const against = comparableOf(type, args[0] ?? null)
  return (cell) => (cell === null ? isNegated : holds(compareValues(comparableOf(type, cell), against)))
}

/** Makes the test of a row by filters, of which each must be met. */
export const makeRowTest = (filters: readonly Filter[]): ((row: Row) => boolean) => {
  const tests = filters.map((filter) => ({ expression: filter.expression, test: makeTest(filter) }))
  return (row) => tests.every(({ expression, test }) => test(evaluate(expression, row)))
}

/** The order in which results are, by the values of the sort. */
export const makeOrder =
  (sort: readonly Sorted[]) =>
  (one: readonly Comparable[], other: readonly Comparable[]): number => {
    for (const [index, { isDescending }] of sort.entries()) {
      const order = compareValues(one[index] ?? null, other[index] ?? null)
      if (order !== 0) return isDescending ? -order : order
    }
    return 0
  }

/** Whether a result is behind the values that were sought. */
export const makeSeek = (sort: readonly Sorted[]): ((keys: readonly Comparable[]) => boolean) => {
  if (sort.every(({ after }) => after === undefined)) return () => true
  const after = sort.map((one) => one.after ?? null)
  const order = makeOrder(sort)
  return (keys) => order(keys, after) > 0
}

/** Of what each result is made: what is selected, and by what it is sorted. */
export interface Shape {
  expressions: readonly Expression[]
  types: readonly ValueType[]
  /** The places of what is selected, and of the sort. */
  selected: readonly number[]
  sorted: readonly number[]
}

/** Lists what a query needs of a row or of a group, each once. */
export const shapeOf = ({ selects, sort, having }: Query): Shape => {
  const expressions: Expression[] = []
  const places = new Map<string, number>()
  const placeOf = (expression: Expression): number => {
    const key = keyOf(expression)
    const known = places.get(key) ?? expressions.push(expression) - 1
    places.set(key, known)
    return known
  }
  const selected = selects.map(placeOf)
  const sorted = sort.map(({ expression }) => placeOf(expression))
  for (const { expression } of having) placeOf(expression)
  return { expressions, types: expressions.map(({ type }) => type), selected, sorted }
}
