import { type Column, type Placeholder, SQL, and, is, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { fold } from '../lib/fold.ts'
import { type ListRules, type Sort, closePage, contextOf, openPage } from '../lib/page.ts'
import type { Statement } from './client.ts'
import type { Ctx } from './context.ts'
import { type PageShape, nameOf, orderOf, selectPage } from './page_sql.ts'
import { type DecodedRow, builder, prepare, selection } from './statements.ts'

/** A value of a prepared statement, by its name. */
type Placeholders = Readonly<Record<string, Placeholder>> & { readonly organizationId: Placeholder; readonly now: Placeholder }

type Columns = Readonly<Record<string, Column>>

/** SQL expressions that are read with the columns of a row. */
type Expressions = Readonly<Record<string, SQL<string> | SQL<number> | SQL<string | null>>>

type ExpressionValues<More extends Expressions> = { [Field in keyof More]: More[Field] extends SQL<infer Value> ? Value : never }

interface ListDefinition<Shown extends Columns, More extends Expressions> extends Omit<ListRules, 'sortable'> {
  table: SQLiteTable & { organizationId: Column }
  /** The primary key, or the last column of one, whose rows are told apart by what every row of the list meets. */
  key: Column
  /** The columns that are read. */
  columns: Shown
  /** SQL expressions of text or numbers that are read with the columns. `now` is among the values. */
  more?: (values: Placeholders) => More
  /** The column of each sort field. Columns that are not text hold milliseconds. */
  order: Columns
  /** The sort fields that a caller can choose. If left out, the order is fixed, and an index has it. */
  sortable?: readonly string[]
  /** The column of each filter. */
  filters?: Columns
  /** Filters that are the first millisecond of a column or an expression, or the first one after it. */
  bounds?: Readonly<Record<string, readonly [of: Column | SQL, side: 'FROM' | 'UNTIL']>>
  /** The condition of each filter that finds its few rows in another table. They are sorted. */
  elsewhere?: Readonly<Record<string, (values: Placeholders) => SQL>>
  /** The statuses that are shown when the query has no `status`. The indexes have the status before the sort fields. */
  statuses?: readonly string[]
  /** For a `status` of the query that stands for several statuses, those statuses. */
  statusesOf?: Readonly<Record<string, readonly string[]>>
  /**
   * If the indexes do not have the status before the sort fields: the statuses that few rows have, which an index has in the order of the
   * sort, and the filters, or values, that have an index of their own in this order.
   */
  few?: { statuses: readonly string[]; narrowedBy: readonly string[] }
  /** The columns, folded by `fold`, that a search looks in. */
  searched?: readonly Column[]
  /** A further condition that every row meets. */
  where?: (values: Placeholders) => SQL
}

/** The last code point. A text that begins with s is at least s, and less than s with this appended. */
const LAST_CODE_POINT = '\u{10FFFF}'

/** Names values by a prefix and their index, such as status0 and status1. */
const numberValues = (prefix: string, values: readonly unknown[]) =>
  Object.fromEntries(values.map((value, index) => [`${prefix}${index}`, value]))

/** A page of a list: its rows, the token of the next page if there is one, and the `context` of the answer. */
interface ListPage<Row> {
  rows: Row[]
  next: { nextToken?: string }
  context: ReturnType<typeof contextOf>
}

/**
 * Defines a list of the rows of a table, and returns the function that reads a page of it. The SQL is built once for each combination of
 * sort, filters and search. `values` are those that `where` and `more` need; `within` names the parent of the rows, such as an account
 * id, if each parent has a list of its own. Throws INVALID for a query that the list does not take.
 */
export const defineList = <Shown extends Columns, More extends Expressions>(definition: ListDefinition<Shown, More>) => {
  type Row = DecodedRow<Shown> & ExpressionValues<More>
  const {
    table,
    key,
    columns,
    more,
    order,
    sortable = [],
    filters = {},
    bounds = {},
    elsewhere = {},
    few,
    statuses = [],
    statusesOf = {},
    searched = [],
    where,
  } = definition
  const rules: ListRules = { ...definition, sortable }
  const { selected, read } = selection(columns)
  const keys = Object.fromEntries(
    Object.entries(order).map(([field, column]) => [field, Object.keys(columns).find((one) => columns[one] === column) ?? field]),
  )
  const inFew = few && sql.raw(`status in (${few.statuses.map((status) => `'${status}'`).join(', ')})`)
  const isText = (field: string): boolean => order[field]?.dataType === 'string'

  const build = (sort: Sort, sent: Readonly<Record<string, unknown>>, values: Placeholders, isFew: boolean): Statement => {
    const [first] = sort
    /** A row that changes while a client pages by ascending time would move to the end and be shown twice, so it is left out. */
    const unchanged =
      first && first[1] === 'ASC' && !isText(first[0]) ? sql`${nameOf(order[first[0]] as Column)} <= ${values['since']}` : undefined
    const given = Object.entries(filters).filter(([filter]) => filter in sent)
    const all = (of: string): Placeholder[] =>
      Object.keys(sent)
        .filter((one) => new RegExp(`^${of}\\d+$`).test(one))
        .map((one) => values[one] as Placeholder)
    const [after, [from, until], asked] = [all('after'), all('search'), all('status')]
    const foundElsewhere = Object.entries(elsewhere).filter(([filter]) => filter in sent)
    /** With a plus before it, a column is not looked for in an index. */
    const isChecked = few !== undefined && asked.length > 0
    const page: PageShape = {
      table,
      isIndexed: !sortable.length || sort.every(([, direction], at) => at === 0 || direction !== sort[at - 1]?.[1]),
      key: nameOf(key),
      isKeyUnique: key.primary,
      sort: sort.map(([field, direction]) => [nameOf(order[field] as Column), direction]),
      after: after.length ? after : undefined,
      base: and(
        foundElsewhere.length ? sql`+organization_id = ${values['organizationId']}` : sql`organization_id = ${values['organizationId']}`,
        ...foundElsewhere.map(([, condition]) => condition(values)),
        isFew ? inFew : undefined,
        isChecked ? sql`+status in ${asked}` : undefined,
        ...given.map(([filter, column]) => sql`${nameOf(column)} = ${values[filter]}`),
        ...Object.entries(bounds)
          .filter(([bound]) => bound in sent)
          .map(([bound, [of, side]]) => {
            const bounded = is(of, SQL) ? of : nameOf(of)
            return side === 'FROM'
              ? sql`${bounded} >= cast(${values[bound]} as integer)`
              : sql`${bounded} < cast(${values[bound]} as integer)`
          }),
        where?.(values),
        unchanged,
      ) as SQL,
      statuses: isChecked ? [] : asked,
      searched: searched.map(nameOf),
      search: from && until && [from, until],
      organizationId: values.organizationId,
      limit: values['limit'] as Placeholder,
    }
    const expressions = Object.entries<SQL>(more?.(values) ?? {}).map(([field, value]) => [field, value.as(field)])
    return builder
      .select({ ...selected, ...Object.fromEntries(expressions) })
      .from(table)
      .where(selectPage(page))
      .orderBy(orderOf(page.sort))
      .limit(page.limit)
  }

  const statementsByShape = new Map<string, (values: Readonly<Record<string, unknown>>) => Statement>()

  return async (
    ctx: Ctx,
    query: Parameters<typeof openPage>[2],
    values: Readonly<Record<string, string | number>> = {},
    within = '',
  ): Promise<ListPage<Row>> => {
    const page = await openPage(ctx, rules, query, within)
    const { status, ...filtered } = page.filters
    const search = page.search === undefined ? undefined : fold(page.search)
    const asked = status === undefined ? statuses : (statusesOf[status] ?? status.split(','))
    const isFew =
      few !== undefined &&
      asked.length > 0 &&
      asked.every((one) => few.statuses.includes(one)) &&
      !few.narrowedBy.some((name) => name in filtered || name in values)
    const sent: Readonly<Record<string, unknown>> = {
      ...filtered,
      ...values,
      ...numberValues('status', asked),
      ...numberValues('after', page.after ?? []),
      ...numberValues('search', search === undefined ? [] : [search, search + LAST_CODE_POINT]),
      organizationId: ctx.organizationId,
      now: ctx.now,
      since: page.since,
      limit: page.size + 1,
    }
    const shape = JSON.stringify([page.sort, Object.keys(sent), isFew])
    let statement = statementsByShape.get(shape)
    if (!statement)
      statementsByShape.set(shape, (statement = prepare(Object.keys(sent), (at) => build(page.sort, sent, at as Placeholders, isFew))))
    const rows = read(await ctx.session.rows(statement(sent))) as Row[]
    const valueOf = (row: Row, field: string) => row[keys[field] as keyof Row] as string | number
    const { visible, ...next } = await closePage(ctx, page, rows, valueOf, { within, ...(definition.token && { token: definition.token }) })
    return { rows: [...visible], next, context: contextOf(page) }
  }
}
