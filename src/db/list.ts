import { type Column, type Placeholder, type SQL, and, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { fold } from '../lib/fold.ts'
import { type Direction, type ListRules, type Sort, closePage, contextOf, openPage } from '../lib/page.ts'
import type { Statement } from './client.ts'
import type { Ctx } from './context.ts'
import { type Decoded, builder, prepare, selection } from './statements.ts'

/** A value of a prepared statement, by its name. */
type Placeholders = Readonly<Record<string, Placeholder>> & { readonly organizationId: Placeholder; readonly now: Placeholder }

type Columns = Readonly<Record<string, Column>>

/** What is read beside a row's columns. */
type Beside = Readonly<Record<string, SQL<string> | SQL<number> | SQL<string | null>>>

type Values<More extends Beside> = { [Field in keyof More]: More[Field] extends SQL<infer Value> ? Value : never }

interface ListDefinition<Shown extends Columns, More extends Beside> extends Omit<ListRules, 'sortable'> {
  table: SQLiteTable & { organizationId: Column }
  /** The primary key. */
  key: Column
  /** What is read of each row. */
  columns: Shown
  /** What is read beside the columns: text, or numbers. `now` is among the values. */
  more?: (values: Placeholders) => More
  /** The column of each field that a row is sorted by; all but texts hold milliseconds. */
  order: Columns
  /** Of these fields, those that a caller can sort by. None when left out: then an index has the order. */
  sortable?: readonly string[]
  /** The column that each filter is compared with. */
  filters?: Columns
  /** The statuses shown unless the filter `status` names one; each has its own place in the indexes. */
  statuses?: readonly string[]
  /** The statuses that one which is asked for stands for, where that is more than itself. */
  statusesOf?: Readonly<Record<string, readonly string[]>>
  /** The folded columns that a search looks in. */
  searched?: readonly Column[]
  /** What every row shown must be besides. */
  where?: (values: Placeholders) => SQL
}

/** What the SQL of a page is made of: its shape, with a placeholder for each value. */
interface PageShape {
  table: SQLiteTable
  /** Whether an index holds the rows in the order of the sort. */
  isIndexed: boolean
  key: SQL
  sort: readonly (readonly [column: SQL, direction: Direction])[]
  /** The values of the sort's columns in the last row of the page before. */
  after: readonly Placeholder[] | undefined
  /** What every row shown must be, beside its status. */
  base: SQL
  statuses: readonly Placeholder[]
  searched: readonly SQL[]
  search: readonly [from: Placeholder, until: Placeholder] | undefined
  organizationId: Placeholder
  limit: Placeholder
}

const name = (column: Column): SQL => sql`${sql.identifier(column.name)}`

const orderOf = (sort: PageShape['sort']): SQL =>
  sql.join(
    sort.map(([column, direction]) => sql`${column} ${sql.raw(direction)}`),
    sql`, `,
  )

/** D1 takes so many queries in one union; of more, unions are made of unions. */
const MOST_IN_UNION = 5

const unionAll = (queries: readonly SQL[]): SQL => {
  if (queries.length <= MOST_IN_UNION) return sql.join([...queries], sql` union all `)
  const unions: SQL[] = []
  for (let at = 0; at < queries.length; at += MOST_IN_UNION)
    unions.push(sql`select * from (${unionAll(queries.slice(at, at + MOST_IN_UNION))})`)
  return unionAll(unions)
}

/** The places where a page starts after a row: after its place among equals, and after all its equals. */
const startsOf = ({ sort, after }: PageShape): SQL[] => {
  if (!after) return [sql`true`]
  const [first] = sort
  const beyond = sort.map(([column, direction], at) => sql`${column} ${sql.raw(direction === 'ASC' ? '>' : '<')} ${after[at]}`)
  if (sort.every(([, direction]) => direction === first?.[1]))
    return [
      sql`(${sql.join(
        sort.map(([column]) => column),
        sql`, `,
      )}) ${sql.raw(first?.[1] === 'ASC' ? '>' : '<')} (${sql.join([...after], sql`, `)})`,
    ]
  return sort.map((_, at) => and(...sort.slice(0, at).map(([column], n) => sql`${column} = ${after[n]}`), beyond[at]) as SQL)
}

/** The rows of each index range that a page is made of: a range a status and start. */
const rangesOf = (page: PageShape): SQL[] => {
  const starts = startsOf(page)
  const bases = page.statuses.length ? page.statuses.map((status) => sql`${page.base} and status = ${status}`) : [page.base]
  return bases.flatMap((base) => starts.map((start) => sql`${base} and ${start}`))
}

/**
 * One range, in the order of an index:
 *
 *     organization_id = ? and updated_at <= ? and status = ? and updated_at < ?
 */
const inIndexOrder = (range: SQL): SQL => range

/**
 * Several ranges: the first rows of each are found in an index, and only those are sorted.
 *
 *     togai_account_id in (
 *       select * from (select togai_account_id from accounts where organization_id = ? and status = ? order by updated_at desc, id asc limit ?)
 *       union all
 *       select * from (select togai_account_id from accounts where organization_id = ? and status = ? order by updated_at desc, id asc limit ?)
 *     )
 */
const unionOfRanges = ({ table, key, sort, limit }: PageShape, ranges: readonly SQL[]): SQL =>
  sql`${key} in (${unionAll(
    ranges.map((range) => sql`select * from (select ${key} from ${table} where ${range} order by ${orderOf(sort)} limit ${limit})`),
  )})`

/** Up to this many rows that a search finds are sorted at once; of more, the list is walked in order until the page is full. */
const SORTED_AT_ONCE = 500

/** This many rows are walked; when they do not fill the page, all that the search finds are sorted after all. */
const WALKED_AT_MOST = 2000

/**
 * The rows that a search finds, by whichever is shorter: to sort all that begin with the text, or to walk the list and keep those that do.
 *
 *     togai_customer_id in (
 *       with few as (select count(*) as n from (<rowids found in each searched index> limit 501)),
 *       walked as (
 *         select togai_customer_id from (<ranges> order by updated_at desc, id asc limit (select iif(n <= 500, 0, 2000) from few))
 *         where <matches> limit ?
 *       )
 *       select togai_customer_id from walked
 *       union all
 *       select * from (
 *         select togai_customer_id from <all found> where <base, status, start> order by updated_at desc, id asc
 *         limit (0 where the walk has filled the page or come to the end of the list, else the page's)
 *       )
 *     )
 */
const bySearch = (page: PageShape, [from, until]: NonNullable<PageShape['search']>, ranges: readonly SQL[]): SQL => {
  const { table, key, sort, searched, base, statuses, organizationId, limit } = page
  const begins = (column: SQL): SQL => sql`${column} >= ${from} and ${column} < ${until}`
  const matches = sql`(${sql.join(
    searched.map((column) => sql`(${begins(column)})`),
    sql` or `,
  )})`
  const found = (most: SQL): SQL =>
    unionAll(
      searched.map(
        (column) =>
          sql`select * from (select rowid as found_key from ${table} where organization_id = ${organizationId} and ${begins(column)} ${most})`,
      ),
    )
  const needed = sql.join([...sort.map(([column]) => column), ...searched], sql`, `)
  const walk = unionAll(ranges.map((range) => sql`select ${key}, ${needed} from ${table} where ${range}`))
  const [few, many] = [sql.raw(String(SORTED_AT_ONCE)), sql.raw(String(WALKED_AT_MOST))]
  const order = orderOf(sort)
  return sql`${key} in (
    with few as materialized (select count(*) as n from (select * from (${found(sql`limit ${few} + 1`)}) limit ${few} + 1)),
    walked as materialized (
      select ${key} from (
        ${walk} order by ${order} limit (select iif(n <= ${few}, 0, ${many}) from few)
      ) where ${matches} limit ${limit}
    )
    select ${key} from walked union all select * from (
      select ${table}.${key} from (select distinct found_key from (${found(sql``)})) cross join ${table}
      where ${table}.rowid = found_key and ${base} and status in ${statuses} and (${sql.join(startsOf(page), sql` or `)})
      order by ${order} limit (
        select case
          when count(*) = ${limit} then 0
          when (select n from few) <= ${few} then ${limit}
          when (select count(*) from (${walk} limit ${many})) < ${many} then 0
          else ${limit}
        end from walked
      )
    )
  )`
}

/** What the rows of a page are. Each range starts at its place in an index, however far the page is from the first. */
const isOnPage = (page: PageShape): SQL => {
  const ranges = rangesOf(page)
  const [only, ...others] = ranges
  if (page.search) return bySearch(page, page.search, ranges)
  return only && !others.length && page.isIndexed ? inIndexOrder(only) : unionOfRanges(page, ranges)
}

/** Text that begins with a search is less than it with this behind. */
const LAST = '\u{10FFFF}'

/** Values under a name with their number. */
const numbered = (of: string, values: readonly unknown[]) => Object.fromEntries(values.map((value, index) => [`${of}${index}`, value]))

/** A page of a list: the rows that it shows, the token of the next page if there is one, and what an answer says of it. */
export interface Listed<Row> {
  rows: Row[]
  next: { nextToken?: string }
  context: ReturnType<typeof contextOf>
}

/**
 * A list of the rows of a table, whose SQL is made once for each shape of a page: what it is sorted by, filtered by and searched for.
 * `values` are those of `where` and `more`; `within` names what the list is of, where there is one for each of many.
 */
export const defineList = <Shown extends Columns, More extends Beside>(definition: ListDefinition<Shown, More>) => {
  type Row = Decoded<Shown> & Values<More>
  const { table, key, columns, more, order, sortable = [], filters = {}, statuses = [], statusesOf = {}, searched = [], where } = definition
  const rules: ListRules = { ...definition, sortable }
  const { selected, read } = selection(columns)
  const keys = Object.fromEntries(
    Object.entries(order).map(([field, column]) => [field, Object.keys(columns).find((one) => columns[one] === column) ?? field]),
  )
  const isText = (field: string): boolean => order[field]?.dataType === 'string'

  const build = (sort: Sort, sent: Readonly<Record<string, unknown>>, values: Placeholders): Statement => {
    const [first] = sort
    /** What changes during an ascending walk by time moves to its end, and would be shown again there. */
    const settled =
      first && first[1] === 'ASC' && !isText(first[0]) ? sql`${name(order[first[0]] as Column)} <= ${values['since']}` : undefined
    const given = Object.entries(filters).filter(([filter]) => filter in sent)
    const all = (of: string): Placeholder[] =>
      Object.keys(sent)
        .filter((one) => new RegExp(`^${of}\\d+$`).test(one))
        .map((one) => values[one] as Placeholder)
    const [after, [from, until]] = [all('after'), all('search')]
    const page: PageShape = {
      table,
      isIndexed: !sortable.length || sort.every(([, direction], at) => at === 0 || direction !== sort[at - 1]?.[1]),
      key: name(key),
      sort: sort.map(([field, direction]) => [name(order[field] as Column), direction]),
      after: after.length ? after : undefined,
      base: and(
        sql`organization_id = ${values['organizationId']}`,
        ...given.map(([filter, column]) => sql`${name(column)} = ${values[filter]}`),
        where?.(values),
        settled,
      ) as SQL,
      statuses: all('status'),
      searched: searched.map(name),
      search: from && until && [from, until],
      organizationId: values.organizationId,
      limit: values['limit'] as Placeholder,
    }
    const beside = Object.entries<SQL>(more?.(values) ?? {}).map(([field, value]) => [field, value.as(field)])
    return builder
      .select({ ...selected, ...Object.fromEntries(beside) })
      .from(table)
      .where(isOnPage(page))
      .orderBy(orderOf(page.sort))
      .limit(page.limit)
  }

  const made = new Map<string, (values: Readonly<Record<string, unknown>>) => Statement>()

  return async (
    ctx: Ctx,
    query: Parameters<typeof openPage>[2],
    values: Readonly<Record<string, string | number>> = {},
    within = '',
  ): Promise<Listed<Row>> => {
    const page = await openPage(ctx, rules, query, within)
    const { status, ...filtered } = page.filters
    const search = page.search === undefined ? undefined : fold(page.search)
    const sent: Readonly<Record<string, unknown>> = {
      ...filtered,
      ...values,
      ...numbered('status', status === undefined ? statuses : (statusesOf[status] ?? [status])),
      ...numbered('after', page.after ?? []),
      ...numbered('search', search === undefined ? [] : [search, search + LAST]),
      organizationId: ctx.organizationId,
      now: ctx.now,
      since: page.since,
      limit: page.size + 1,
    }
    const shape = JSON.stringify([page.sort, Object.keys(sent)])
    let statement = made.get(shape)
    if (!statement) made.set(shape, (statement = prepare(Object.keys(sent), (at) => build(page.sort, sent, at as Placeholders))))
    const rows = read(await ctx.session.rows(statement(sent))) as Row[]
    const valueOf = (row: Row, field: string) => row[keys[field] as keyof Row] as string | number
    const { visible, ...next } = await closePage(ctx, page, rows, valueOf, { within })
    return { rows: [...visible], next, context: contextOf(page) }
  }
}
