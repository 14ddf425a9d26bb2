import { Big } from 'big.js'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

type NaiveCell = string | number | string[] | null
export type NaiveRow = Record<string, NaiveCell>
export type NaiveType = 'TEXT' | 'TIME' | 'NUMBER' | 'TEXTS'

/** The tables as the contract has them, each column with what its values are. */
export const NAIVE_TABLES: Record<string, Record<string, NaiveType>> = {
  accounts: {
    account_id: 'TEXT',
    customer_id: 'TEXT',
    name: 'TEXT',
    invoice_currency: 'TEXT',
    primary_email: 'TEXT',
    created_at: 'TIME',
    tags: 'TEXTS',
    'customers.id': 'TEXT',
    'customers.name': 'TEXT',
  },
  customers: { id: 'TEXT', name: 'TEXT' },
  events: { event_id: 'TEXT', account_id: 'TEXT', customer_id: 'TEXT', ingestion_status: 'TEXT', event_source_time: 'TIME' },
  usage: { account_id: 'TEXT', customer_id: 'TEXT', billable_id: 'TEXT', usage_units: 'NUMBER', event_time: 'TIME' },
  invoices: { id: 'TEXT', owner_id: 'TEXT', status: 'TEXT', class: 'TEXT', total_amount: 'NUMBER', due_date: 'TIME', created_at: 'TIME' },
  license_entries: { account_id: 'TEXT', license_id: 'TEXT', effective_from: 'TIME', created_at: 'TIME', quantity: 'NUMBER' },
}

export const nameOfColumn = (column: Loose): string =>
  column.dataSource === 'customers' && column.isJoined ? `customers.${column.columnName}` : column.columnName

const typeOf = (table: string, column: Loose): NaiveType => {
  const inner = NAIVE_TABLES[table]?.[nameOfColumn(column)] ?? 'TEXT'
  return ['sum', 'count', 'avg'].includes(column.aggregator) ? 'NUMBER' : inner
}

const plain = (big: Big): string => {
  const text = big.toFixed()
  return text === '-0' ? '0' : text
}

/** The beginning of the period in which an instant lies, by counting back. */
const truncated = (at: number, unit: string): number => {
  const date = new Date(at)
  date.setUTCMinutes(0, 0, 0)
  if (unit === 'hour') return date.getTime()
  date.setUTCHours(0)
  if (unit === 'week') while (date.getUTCDay() !== 1) date.setUTCDate(date.getUTCDate() - 1)
  if (unit === 'month' || unit === 'year') date.setUTCDate(1)
  if (unit === 'year') date.setUTCMonth(0)
  return date.getTime()
}

const valueOf = (column: Loose, row: NaiveRow): NaiveCell => {
  let value = row[nameOfColumn(column)] ?? null
  for (const { name, args } of column.functions ?? [])
    if (value !== null) value = name === 'abs' ? plain(new Big(value as string).abs()) : truncated(value as number, args[0])
  return value
}

const bytes = new TextEncoder()

/** Less than 0, 0 or more than 0, as the bytes of texts, instants or decimals are. Nothing comes first, and is as an empty text. */
export const compareNaively = (type: NaiveType, one: NaiveCell, other: NaiveCell): number => {
  if (type === 'NUMBER' || type === 'TIME') {
    if (one === null || other === null) return Number(one !== null) - Number(other !== null)
    return type === 'TIME' ? Number(one) - Number(other) : new Big(one as string).cmp(new Big(other as string))
  }
  const texts = [one, other].map((cell) => bytes.encode(cell === null ? '' : Array.isArray(cell) ? cell.join('; ') : String(cell)))
  const [left = new Uint8Array(), right = new Uint8Array()] = texts
  for (let at = 0; at < Math.min(left.length, right.length); at++) if (left[at] !== right[at]) return (left[at] ?? 0) - (right[at] ?? 0)
  return left.length - right.length
}

const readArg = (type: NaiveType, text: string): NaiveCell =>
  type === 'TIME' ? Date.parse(text) : type === 'NUMBER' ? plain(new Big(text)) : text

const isMet = (type: NaiveType, operator: string, args: string[], value: NaiveCell): boolean => {
  const isNegated = operator === 'neq' || operator === 'nin'
  if (type === 'TEXTS') return args.some((arg) => ((value ?? []) as string[]).includes(arg)) !== isNegated
  if (value === null) return isNegated
  const orders = args.map((arg) => compareNaively(type, value, readArg(type, arg)))
  if (['eq', 'neq', 'in', 'nin'].includes(operator)) return orders.includes(0) !== isNegated
  const [order = 0] = orders
  return { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[operator] ?? false
}

const aggregated = (table: string, column: Loose, rows: NaiveRow[]): NaiveCell => {
  const values = rows.map((row) => valueOf(column, row)).filter((value) => value !== null)
  const sum = () => values.reduce<Big>((total, value) => total.plus(value as string), new Big(0))
  if (column.aggregator === 'count') return String(values.length)
  if (column.aggregator === 'sum') return plain(sum())
  if (column.aggregator === 'avg') return values.length ? plain(sum().div(values.length)) : null
  const type = NAIVE_TABLES[table]?.[nameOfColumn(column)] ?? 'TEXT'
  const sorted = values.toSorted((one, other) => compareNaively(type, one, other))
  return sorted.at(column.aggregator === 'min' ? 0 : -1) ?? null
}

const shown = (type: NaiveType, cell: NaiveCell): string => {
  if (cell === null) return ''
  if (type === 'TIME') return new Date(cell as number).toISOString()
  const text = Array.isArray(cell) ? cell.join('; ') : String(cell)
  return /^[=+\-@\t\r\n]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
}

/** All rows of a query before its limit, each with what it is sorted by. */
export const evaluateNaively = (query: Loose, rows: readonly NaiveRow[]): { cells: string[]; keys: NaiveCell[] }[] => {
  const table: string = query.baseDataSource
  const filters: Loose[] = query.queryFilters ?? []
  const columns: Loose[] = [...query.selects, ...query.sort.map((one: Loose) => one.column), ...filters.map(({ column }) => column)]
  const isGrouped = columns.some(({ aggregator }) => aggregator)
  const wanted = rows.filter((row) =>
    filters.every(({ column, operator, args }) => column.aggregator || isMet(typeOf(table, column), operator, args, valueOf(column, row))),
  )
  const results: ((column: Loose) => NaiveCell)[] = []
  if (isGrouped) {
    const by = query.selects.filter(({ aggregator }: Loose) => !aggregator)
    const groups = Map.groupBy(wanted, (row) => JSON.stringify(by.map((column: Loose) => valueOf(column, row))))
    if (!by.length && !groups.size) groups.set('[]', [])
    for (const its of groups.values())
      results.push((column) => (column.aggregator ? aggregated(table, column, its) : valueOf(column, its[0] ?? {})))
  } else for (const row of wanted) results.push((column) => valueOf(column, row))
  const order = (one: NaiveCell[], other: NaiveCell[]): number => {
    for (const [index, { column, sortOrder }] of query.sort.entries()) {
      const by = compareNaively(typeOf(table, column), one[index] ?? null, other[index] ?? null)
      if (by) return sortOrder === 'ASC' ? by : -by
    }
    return 0
  }
  const after: NaiveCell[] | undefined = query.seekValues?.length
    ? query.seekValues.map((text: string, index: number) => (text === '' ? null : readArg(typeOf(table, query.sort[index].column), text)))
    : undefined
  return results
    .filter((valueIn) =>
      filters.every(({ column, operator, args }) => !column.aggregator || isMet(typeOf(table, column), operator, args, valueIn(column))),
    )
    .map((valueIn) => ({
      cells: query.selects.map((column: Loose) => shown(typeOf(table, column), valueIn(column))),
      keys: query.sort.map(({ column }: Loose) => valueIn(column)),
    }))
    .filter(({ keys }) => !after || order(keys, after) > 0)
    .toSorted((one, other) => order(one.keys, other.keys))
}

Big.DP = 10
Big.RM = 1
