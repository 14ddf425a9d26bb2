import { fold } from '../lib/fold.ts'
import { type Column, type Placeholder, type SQL, and, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Page } from '../lib/page.ts'
import type { Statement } from './client.ts'
import { prepare } from './prepared.ts'

/** The rows that a list is over. */
export interface Listed {
  table: SQLiteTable
  /** The primary key. */
  key: Column
  organizationId: unknown
  /** What every row shown must be, beside its status. */
  where?: SQL | undefined
  /** The statuses shown; each has its own place in the indexes. */
  statuses: readonly unknown[]
  /** The column of each field that can be sorted by; all but the row's id hold milliseconds. */
  columns: Readonly<Record<string, Column>>
  /** The folded columns that a search looks in. */
  searched?: readonly Column[]
}

/** What a page depends on, as values or as placeholders for them. */
export interface Asked {
  sort: Page['sort']
  after: readonly unknown[] | undefined
  since: unknown
  /** One more than the page shows. */
  limit: unknown
  /** Between which a folded column is that a search finds. */
  search: readonly [from: unknown, until: unknown] | undefined
}

/** As long as a search goes, text that begins with it is less than this. */
const LAST = '\u{10FFFF}'

export const askedOf = ({ sort, after, since, size, search }: Page): Asked => {
  const folded = search === undefined ? undefined : fold(search)
  return { sort, after, since, limit: size + 1, search: folded === undefined ? undefined : [folded, folded + LAST] }
}

const name = (column: Column): SQL => sql`${sql.identifier(column.name)}`

/** As many found are sorted at once; of more, the list is walked in order until the page is full. */
const FEW = 500

/** As many rows are walked; when they do not fill the page, all that are found are sorted after all. */
const MANY = 2000

/** The order of a page. */
export const pageOrder = (listed: Pick<Listed, 'columns'>, page: Pick<Asked, 'sort'>): SQL =>
  sql.join(
    page.sort.map(([field, direction]) => sql`${listed.columns[field]} ${sql.raw(direction)}`),
    sql`, `,
  )

/**
 * What the rows of a page are, and at most some others: as many as `limit` of each index range. Each range starts at its place in
 * an index, however far the page is from the first.
 */
export const isOnPage = (listed: Listed, page: Asked): SQL => {
  const { table, key, organizationId, statuses, searched = [] } = listed
  const { limit, search } = page
  const columnOf = (field: string): SQL => name(listed.columns[field] as Column)
  const order = sql.join(
    page.sort.map(([field, direction]) => sql`${columnOf(field)} ${sql.raw(direction)}`),
    sql`, `,
  )
  const beyond = (at: number): SQL => {
    const [field, direction] = page.sort[at] as Asked['sort'][number]
    return sql`${columnOf(field)} ${sql.raw(direction === 'ASC' ? '>' : '<')} ${page.after?.[at]}`
  }
  /** The page starts after a row: after its place among equals, and after all its equals. */
  const starts: SQL[] = page.after
    ? page.sort.map(
        (_, at) => and(...page.sort.slice(0, at).map(([field], n) => sql`${columnOf(field)} = ${page.after?.[n]}`), beyond(at)) as SQL,
      )
    : [sql`true`]
  const [first] = page.sort
  const ascending = first && first[1] === 'ASC' && page.sort.length > 1
  /** What changes during an ascending walk by time moves to its end, and would be shown again there. */
  const settled = ascending ? sql`${columnOf(first[0])} <= ${page.since}` : sql`true`
  const base = and(sql`organization_id = ${organizationId}`, listed.where, settled) as SQL

  const places = statuses.flatMap((status) => starts.map((start) => sql`${base} and status = ${status} and ${start}`))
  const [only, ...others] = places
  /** What an index holds: of fields in turns up and down. What must be sorted is sorted by its keys alone. */
  const isInOrder = page.sort.every(([, direction], at) => at === 0 || direction !== page.sort[at - 1]?.[1])
  if (search === undefined && isInOrder && only && !others.length) return only
  const among = (keys: SQL): SQL => sql`${name(key)} in (${keys})`
  if (search === undefined)
    return among(
      sql.join(
        places.map((place) => sql`select * from (select ${name(key)} from ${table} where ${place} order by ${order} limit ${limit})`),
        sql` union all `,
      ),
    )

  const begins = (column: Column): SQL => sql`${name(column)} >= ${search[0]} and ${name(column)} < ${search[1]}`
  const matches = sql`(${sql.join(
    searched.map((column) => sql`(${begins(column)})`),
    sql` or `,
  )})`
  const found = (most: SQL): SQL =>
    sql.join(
      searched.map(
        (column) =>
          sql`select * from (select rowid as found_key from ${table} where organization_id = ${organizationId} and ${begins(column)} ${most})`,
      ),
      sql` union all `,
    )
  const needed = [...page.sort.map(([field]) => columnOf(field)), ...searched.map(name)]
  const ranges = sql.join(
    places.map((place) => sql`select ${name(key)}, ${sql.join(needed, sql`, `)} from ${table} where ${place}`),
    sql` union all `,
  )
  const [few, many] = [sql.raw(String(FEW)), sql.raw(String(MANY))]
  const counted = found(sql`limit ${few} + 1`)
  return among(sql`
    with few as materialized (select count(*) as n from (select * from (${counted}) limit ${few} + 1)),
    walked as materialized (
      select ${name(key)} from (
        ${ranges} order by ${order} limit (select iif(n <= ${few}, 0, ${many}) from few)
      ) where ${matches} limit ${limit}
    )
    select ${name(key)} from walked union all select * from (
      select ${table}.${name(key)} from (select distinct found_key from (${found(sql``)})) cross join ${table}
      where ${table}.rowid = found_key and ${base} and status in ${statuses} and (${sql.join(starts, sql` or `)})
      order by ${order} limit (
        select case
          when count(*) = ${limit} then 0
          when (select n from few) <= ${few} then ${limit}
          when (select count(*) from (${ranges} limit ${many})) < ${many} then 0
          else ${limit}
        end from walked
      )
    )`)
}

/** Values under a name with their number. */
const each = (of: string, sent: readonly unknown[]) => Object.fromEntries(sent.map((value, index) => [`${of}${index}`, value]))

/**
 * A list whose SQL is made once for each shape of a page: what it is sorted by, filtered by and searched for. `build` sees the shape
 * only, and a placeholder for each filter and each value that goes with it.
 */
export const prepareList = <Name extends string>(
  build: (asked: Asked, at: Readonly<Record<Name, Placeholder>> & Readonly<Record<string, Placeholder | undefined>>) => Statement,
) => {
  const made = new Map<string, (values: Readonly<Record<string, unknown>>) => Statement>()
  return (page: Page, values: Readonly<Record<Name, unknown>>): Statement => {
    const { sort, after = [], since, limit, search = [] } = askedOf(page)
    const sent: Readonly<Record<string, unknown>> = {
      ...page.filters,
      ...values,
      since,
      limit,
      ...each('after', after),
      ...each('search', search),
    }
    const shape = JSON.stringify([sort, Object.keys(sent)])
    let list = made.get(shape)
    if (!list) {
      list = prepare(Object.keys(sent), (at) =>
        build(
          {
            sort,
            after: after.length ? after.map((_, index) => at[`after${index}`]) : undefined,
            since: at['since'],
            limit: at['limit'],
            search: search.length ? [at['search0'], at['search1']] : undefined,
          },
          at as Parameters<typeof build>[1],
        ),
      )
      made.set(shape, list)
    }
    return list(sent)
  }
}
