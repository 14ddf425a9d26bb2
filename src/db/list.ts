import { fold } from '../lib/fold.ts'
import { type Column, type SQL, and, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Page } from '../lib/page.ts'

/** The rows that a list is over. */
export interface Listed {
  table: SQLiteTable
  /** The primary key. */
  key: Column
  organizationId: string
  /** What every row shown must be, beside its status. */
  where?: SQL | undefined
  /** The statuses shown; each has its own place in the indexes. */
  statuses: readonly string[]
  /** The column of each field that can be sorted by; all but the row's id hold milliseconds. */
  columns: Readonly<Record<string, Column>>
  /** The folded columns that a search looks in. */
  searched?: readonly Column[]
}

const name = (column: Column): SQL => sql`${sql.identifier(column.name)}`

/** Fewer found than this are sorted; of more, the list is walked in order until the page is full. */
const FEW = 500

/** As long as a search goes, text that begins with it is less than this. */
const LAST = '\u{10FFFF}'

/** The order of a page, for the rows that `pageKeys` names. */
export const pageOrder = (listed: Listed, page: Page): SQL =>
  sql.join(
    page.sort.map(([field, direction]) => sql`${listed.columns[field]} ${sql.raw(direction)}`),
    sql`, `,
  )

/**
 * The keys of a superset of a page's rows, one more than its size if there are as many: at most `limit` per index range.
 * Each range starts at its place in an index, however far the page is from the first.
 */
export const pageKeys = (listed: Listed, page: Page): SQL => {
  const { table, key, organizationId, statuses, searched = [] } = listed
  const limit = page.size + 1
  const columnOf = (field: string): SQL => name(listed.columns[field] as Column)
  const order = sql.join(
    page.sort.map(([field, direction]) => sql`${columnOf(field)} ${sql.raw(direction)}`),
    sql`, `,
  )
  const beyond = (at: number): SQL => {
    const [field, direction] = page.sort[at] as Page['sort'][number]
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

  const range = (status: string, start: SQL, matching: SQL, most: SQL): SQL =>
    sql`select * from (
      select ${name(key)} from ${table} where ${base} and status = ${status} and ${start} and ${matching} order by ${order} limit ${most}
    )`
  const walk = (matching: SQL, most: SQL): SQL[] =>
    statuses.flatMap((status) => starts.map((start) => range(status, start, matching, most)))
  if (page.search === undefined) return sql.join(walk(sql`true`, sql`${limit}`), sql` union all `)

  const folded = fold(page.search)
  const begins = (column: Column): SQL => sql`${name(column)} >= ${folded} and ${name(column)} < ${folded + LAST}`
  const matches = sql`(${sql.join(
    searched.map((column) => sql`(${begins(column)})`),
    sql` or `,
  )})`
  const found = (most: SQL): SQL =>
    sql.join(
      searched.map(
        (column) =>
          sql`select * from (select ${name(key)} from ${table} where organization_id = ${organizationId} and ${begins(column)} ${most})`,
      ),
      sql` union all `,
    )
  const among = sql`select * from (
    select ${table}.${name(key)} from (select distinct ${name(key)} as found_key from (${found(sql``)})) cross join ${table}
    where ${table}.${name(key)} = found_key and ${base} and status in ${statuses} and (${sql.join(starts, sql` or `)})
    order by ${order} limit (select iif(n <= ${FEW}, ${limit}, 0) from few)
  )`
  return sql`
    with few as materialized (select count(*) as n from (select * from (${found(sql`limit ${FEW + 1}`)}) limit ${FEW + 1}))
    ${sql.join([among, ...walk(matches, sql`(select iif(n <= ${FEW}, 0, ${limit}) from few)`)], sql` union all `)}`
}
