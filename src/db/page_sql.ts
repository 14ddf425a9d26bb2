import { type Column, type Placeholder, type SQL, and, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Direction } from '../lib/page.ts'

/** The shape of a page of a list, from which its SQL is built. Each value is a placeholder. */
export interface PageShape {
  table: SQLiteTable
  /** Whether an index holds the rows in the order of the sort. */
  isIndexed: boolean
  key: SQL
  /** Whether no two rows of the table have the same key, whatever their organization and their parent. */
  isKeyUnique: boolean
  sort: readonly (readonly [column: SQL, direction: Direction])[]
  /** The values of the sort's columns in the last row of the page before. */
  after: readonly Placeholder[] | undefined
  /** The condition that every row of the list meets, apart from its status. */
  base: SQL
  statuses: readonly Placeholder[]
  searched: readonly SQL[]
  search: readonly [from: Placeholder, until: Placeholder] | undefined
  organizationId: Placeholder
  limit: Placeholder
}

/** The name of a column in SQL, without its table. */
export const nameOf = (column: Column): SQL => sql`${sql.identifier(column.name)}`

/** The `order by` of a page. */
export const orderOf = (sort: PageShape['sort']): SQL =>
  sql.join(
    sort.map(([column, direction]) => sql`${column} ${sql.raw(direction)}`),
    sql`, `,
  )

/** The most queries that D1 takes in one union. More of them become a union of unions. */
const MOST_IN_UNION = 5

const unionAll = (queries: readonly SQL[]): SQL => {
  if (queries.length <= MOST_IN_UNION) return sql.join([...queries], sql` union all `)
  const unions: SQL[] = []
  for (let at = 0; at < queries.length; at += MOST_IN_UNION)
    unions.push(sql`select * from (${unionAll(queries.slice(at, at + MOST_IN_UNION))})`)
  return unionAll(unions)
}

/**
 * Conditions that together select the rows after the last row of the page before. Of a sort in one direction there is one condition;
 * of `updated_at desc, id asc` there are two:
 *
 *     updated_at < ?
 *     updated_at = ? and id > ?
 */
const conditionsAfter = ({ sort, after }: PageShape): SQL[] => {
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

/** The index ranges that hold the rows of a page: one for each status and each condition of `conditionsAfter`. */
const rangesOf = (page: PageShape): SQL[] => {
  const starts = conditionsAfter(page)
  const bases = page.statuses.length ? page.statuses.map((status) => sql`${page.base} and status = ${status}`) : [page.base]
  return bases.flatMap((base) => starts.map((start) => sql`${base} and ${start}`))
}

/**
 * One range, read from an index in the order of the sort:
 *
 *     organization_id = ? and updated_at <= ? and status = ? and updated_at < ?
 */
const inIndexOrder = (range: SQL): SQL => range

/** The rows with some keys. Where rows of others may have the same keys, what every row of the list meets is asked of them again. */
const withKeys = ({ key, isKeyUnique, base }: PageShape, keys: SQL): SQL =>
  isKeyUnique ? sql`${key} in (${keys})` : sql`${base} and ${key} in (${keys})`

/**
 * Several ranges: the first rows of each are found in an index, and only those are sorted.
 *
 *     togai_account_id in (
 *       select * from (select togai_account_id from accounts where organization_id = ? and status = ? order by updated_at desc, id asc limit ?)
 *       union all
 *       select * from (select togai_account_id from accounts where organization_id = ? and status = ? order by updated_at desc, id asc limit ?)
 *     )
 */
const unionOfRanges = (page: PageShape, ranges: readonly SQL[]): SQL => {
  const { table, key, sort, limit } = page
  return withKeys(
    page,
    unionAll(
      ranges.map((range) => sql`select * from (select ${key} from ${table} where ${range} order by ${orderOf(sort)} limit ${limit})`),
    ),
  )
}

/** A search that matches at most this many rows sorts them all. One that matches more reads the list in its order until the page is full. */
const SORTED_AT_ONCE = 500

/** The most rows of the list that a search reads. If they do not fill the page, all matching rows are sorted after all. */
const WALKED_AT_MOST = 2000

/**
 * The rows that match a search. Few matches are sorted; if there are many, the list is read in its order and the matches are kept.
 *
 *     togai_customer_id in (
 *       with few as (select count(*) as n from (<matching rowids of each searched index> limit 501)),
 *       walked as (
 *         select togai_customer_id from (<ranges> order by updated_at desc, id asc limit (select iif(n <= 500, 0, 2000) from few))
 *         where <matches> limit ?
 *       )
 *       select togai_customer_id from walked
 *       union all
 *       select * from (
 *         select togai_customer_id from <all matching rowids> where <base, status, start> order by updated_at desc, id asc
 *         limit (0 if `walked` fills the page or has reached the end of the list, else the page's limit)
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
  const keys = sql`
    with few as materialized (select count(*) as n from (select * from (${found(sql`limit ${few} + 1`)}) limit ${few} + 1)),
    walked as materialized (
      select ${key} from (
        ${walk} order by ${order} limit (select iif(n <= ${few}, 0, ${many}) from few)
      ) where ${matches} limit ${limit}
    )
    select ${key} from walked union all select * from (
      select ${table}.${key} from (select distinct found_key from (${found(sql``)})) cross join ${table}
      where ${table}.rowid = found_key and ${base} and status in ${statuses} and (${sql.join(conditionsAfter(page), sql` or `)})
      order by ${order} limit (
        select case
          when count(*) = ${limit} then 0
          when (select n from few) <= ${few} then ${limit}
          when (select count(*) from (${walk} limit ${many})) < ${many} then 0
          else ${limit}
        end from walked
      )
    )`
  return withKeys(page, keys)
}

/** The condition that selects the rows of a page. Each range is read from its place in an index, so the last page of a list costs no more than the first. */
export const selectPage = (page: PageShape): SQL => {
  const ranges = rangesOf(page)
  const [only, ...others] = ranges
  if (page.search) return bySearch(page, page.search, ranges)
  return only && !others.length && page.isIndexed ? inIndexOrder(only) : unionOfRanges(page, ranges)
}
