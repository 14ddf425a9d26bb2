import { type Fault, refuseFaults } from '../../lib/errors.ts'
import type { QueryColumn, QueryFilter, QueryInput } from './schema.ts'
import { type Cell, TABLE_NAMES, type TableName, type ValueType, isTable, tableOf, typeOf } from './tables.ts'
import { type Comparable, EXPECTED, UNITS, type Unit, comparableOf, parseArg } from './values.ts'

const AGGREGATORS = ['sum', 'count', 'avg', 'min', 'max'] as const
export type Aggregator = (typeof AGGREGATORS)[number]

export const OPERATORS = ['gt', 'lt', 'gte', 'lte', 'eq', 'neq', 'in', 'nin'] as const
export type Operator = (typeof OPERATORS)[number]

/** What a list of texts can be asked for. */
const OPERATORS_OF_TEXTS: readonly Operator[] = ['eq', 'neq', 'in', 'nin']

/** What is made of a column of a row, or with an aggregator of the rows of a group. */
export interface Expression {
  /** The table and the column, as `accounts.name`. */
  column: string
  /** The functions, by the unit of date_trunc; abs has none. */
  functions: readonly (Unit | undefined)[]
  aggregator: Aggregator | undefined
  /** The type of the value before an aggregator, and of the result. */
  inner: ValueType
  type: ValueType
}

export interface Filter {
  expression: Expression
  operator: Operator
  args: readonly Cell[]
}

export interface Sorted {
  expression: Expression
  isDescending: boolean
  /** Only rows after these values are wanted. */
  after: Comparable | undefined
}

/** A query of which every name is known and every value is of its type. */
export interface Query {
  table: TableName
  selects: readonly (Expression & { header: string })[]
  /** The filters of rows, and those of groups. */
  filters: readonly Filter[]
  having: readonly Filter[]
  sort: readonly Sorted[]
  limit: number
  isGrouped: boolean
}

const list = (names: readonly string[]): string => names.join(', ')

const isOne = <Name extends string>(names: readonly Name[], name: string): name is Name => names.includes(name as Name)

/** Where a fault is. */
type Path = readonly PropertyKey[]

export const keyOf = ({ column, functions, aggregator }: Expression): string =>
  JSON.stringify([column, functions.map((unit) => unit ?? 'abs'), aggregator])

const known = <Item>(items: readonly (Item | undefined)[]): Item[] => items.filter((item) => item !== undefined)

/** Reads a query that callers have sent. Throws one refusal with all of its faults, each of which says what is possible. `root` is the path of the query. */
export const readQuery = (input: QueryInput, root: Path = ['queryInput']): Query => {
  const faults: Fault[] = []
  const fault = (path: Path, message: string): undefined => void faults.push({ path: [...root, ...path], message })

  const { baseDataSource } = input
  if (!isTable(baseDataSource)) {
    fault(['baseDataSource'], `must be ${TABLE_NAMES.join(' or ')}`)
    refuseFaults('INVALID', faults)
    throw new Error('A table that is not known was not refused')
  }
  const table = baseDataSource
  const tables: readonly TableName[] = [table, ...((tableOf(table).relations ?? []) as TableName[])]

  const readFunctions = (path: Path, { functions = [] }: QueryColumn, type: ValueType): (Unit | undefined)[] | undefined => {
    let isRight = true
    const read = functions.map(({ name, args }, index) => {
      const at = [...path, 'functions', index]
      const no = (where: Path, message: string) => {
        isRight = false
        return fault([...at, ...where], message)
      }
      if (name === 'abs') {
        if (type !== 'NUMBER') return no(['name'], 'takes numbers only, and this column has none')
        return args.length ? no(['args'], 'must be empty for abs') : undefined
      }
      if (name !== 'date_trunc') return no(['name'], 'must be date_trunc or abs')
      if (type !== 'TIME') return no(['name'], 'takes times only, and this column has none')
      const [unit = ''] = args
      if (args.length === 1 && isOne(UNITS, unit)) return unit
      return no(['args'], `must hold one of ${list(UNITS)}`)
    })
    return isRight ? read : undefined
  }

  const readAggregator = (path: Path, aggregator: string | undefined, type: ValueType): Aggregator | 'WRONG' | undefined => {
    if (aggregator === undefined) return undefined
    const possible = AGGREGATORS.filter((one) => (one === 'sum' || one === 'avg' ? type === 'NUMBER' : one === 'count' || type !== 'TEXTS'))
    if (isOne(possible, aggregator)) return aggregator
    fault([...path, 'aggregator'], `must be ${possible.join(' or ')} for this column`)
    return 'WRONG'
  }

  const readColumn = (path: Path, column: QueryColumn): Expression | undefined => {
    const { columnName, dataSource = table } = column
    if (!isOne(tables, dataSource)) return fault([...path, 'dataSource'], `must be ${tables.join(' or ')}`)
    const inner = typeOf(dataSource, columnName)
    if (!inner) return fault([...path, 'columnName'], `must be one of ${list(Object.keys(tableOf(dataSource).columns))}`)
    const functions = readFunctions(path, column, inner)
    const aggregator = readAggregator(path, column.aggregator, inner)
    if (!functions || aggregator === 'WRONG') return undefined
    const isNumber = aggregator === 'sum' || aggregator === 'count' || aggregator === 'avg'
    return { column: `${dataSource}.${columnName}`, functions, aggregator, inner, type: isNumber ? 'NUMBER' : inner }
  }

  const readFilter = (path: Path, { column, operator, args }: QueryFilter): Filter | undefined => {
    const expression = readColumn([...path, 'column'], column)
    const possible = expression?.type === 'TEXTS' ? OPERATORS_OF_TEXTS : OPERATORS
    if (!isOne(possible, operator)) return fault([...path, 'operator'], `must be ${possible.join(' or ')}`)
    if (operator !== 'in' && operator !== 'nin' && args.length !== 1) return fault([...path, 'args'], `must hold one text for ${operator}`)
    if (!expression) return undefined
    const { type } = expression
    const parsed = args.map((text) => parseArg(type, text))
    for (const [index, arg] of parsed.entries()) if (arg === undefined) fault([...path, 'args', index], `must be ${EXPECTED[type]}`)
    return { expression, operator, args: parsed.filter((arg) => arg !== undefined) }
  }

  const selects = input.selects.map((column, index) => {
    const expression = readColumn(['selects', index], column)
    const { alias, columnName, aggregator } = column
    return expression && { ...expression, header: alias ?? (aggregator === undefined ? columnName : `${aggregator}_${columnName}`) }
  })
  const headers = new Map<string, number>()
  for (const [index, select] of selects.entries()) {
    if (!select) continue
    const first = headers.get(select.header)
    if (first === undefined) headers.set(select.header, index)
    else fault(['selects', index, 'alias'], `must be given, and differ from the name of selects[${first}]`)
  }

  const filters = (input.queryFilters ?? []).map((filter, index) => readFilter(['queryFilters', index], filter))
  const isGrouped = [
    ...input.selects,
    ...input.sort.map(({ column }) => column),
    ...(input.queryFilters ?? []).map(({ column }) => column),
  ].some(({ aggregator }) => aggregator !== undefined)
  const selected = new Set(selects.flatMap((select) => (select ? [keyOf(select)] : [])))

  const { seekValues } = input
  if (seekValues?.length && seekValues.length !== input.sort.length)
    fault(['seekValues'], `must hold one text for each entry of sort, which has ${input.sort.length}`)
  const readAfter = (index: number, type: ValueType): Comparable | undefined => {
    const text = seekValues?.[index]
    if (text === undefined) return undefined
    if (text === '') return comparableOf(type, null)
    const cell = parseArg(type, text)
    if (cell === undefined) return fault(['seekValues', index], `must be ${EXPECTED[type]}`)
    return type === 'TEXTS' ? (cell as string) : comparableOf(type, cell)
  }

  const sort = input.sort.map(({ column, sortOrder }, index): Sorted | undefined => {
    const path = ['sort', index]
    const expression = readColumn([...path, 'column'], column)
    if (sortOrder !== 'ASC' && sortOrder !== 'DESC') fault([...path, 'sortOrder'], 'must be ASC or DESC')
    if (!expression) return undefined
    if (isGrouped && expression.aggregator === undefined && !selected.has(keyOf(expression)))
      fault([...path, 'column'], 'must be selected with the same functions, or have an aggregator, since rows are grouped')
    return { expression, isDescending: sortOrder === 'DESC', after: readAfter(index, expression.type) }
  })

  refuseFaults('INVALID', faults)
  const [ofGroups, ofRows] = [
    known(filters).filter(({ expression }) => expression.aggregator),
    known(filters).filter(({ expression }) => !expression.aggregator),
  ]
  return { table, selects: known(selects), filters: ofRows, having: ofGroups, sort: known(sort), limit: input.limit, isGrouped }
}
