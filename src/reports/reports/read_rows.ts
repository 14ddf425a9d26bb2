import { type SQL, and, sql } from 'drizzle-orm'
import { selectRows } from '../../db/statements.ts'
import { FOREVER } from '../../lib/time.ts'
import type { Page, Reader, Reading } from './reading.ts'
import { textsOf, windowOf } from './reading.ts'
import { type Cell, type TableName, tableOf } from './tables.ts'

/** The most rows that a page looks at, of which those that can match are read. */
const PAGE = 2000

const DAY = 86_400_000

/** The SQL of a table of reports. Names come from here and from nowhere else; what callers send is bound. */
interface Source {
  from: SQL
  /** The same for the rows of one account, where the index of the order has those of all. */
  fromOfAccount?: SQL
  /** The SQL of each column, by table and column. */
  columns: Readonly<Record<string, SQL>>
  /** The place of a row in the order of reading, which an index has. */
  place: readonly SQL[]
  /** The condition of the rows behind a place. */
  isBehind: (place: readonly (string | number)[]) => SQL
  order: SQL
  /** The condition of the rows of an account and its customer. */
  isOf: (owner: NonNullable<Reading['owner']>) => SQL
  where?: SQL
  createdAt: SQL
}

const byId = { place: [sql`its.id`], order: sql`its.id`, isBehind: ([id]: readonly (string | number)[]) => sql`its.id > ${id}` }

const ACCOUNTS: Source = {
  ...byId,
  from: sql`accounts as its join customers as owner on owner.togai_customer_id = its.togai_customer_id`,
  columns: {
    'accounts.account_id': sql`its.id`,
    'accounts.customer_id': sql`its.customer_id`,
    'accounts.name': sql`its.name`,
    'accounts.invoice_currency': sql`its.invoice_currency`,
    'accounts.primary_email': sql`its.primary_email`,
    'accounts.created_at': sql`its.created_at`,
    'accounts.tags': sql`its.tags`,
    'customers.id': sql`owner.id`,
    'customers.name': sql`owner.name`,
  },
  isOf: ({ accountId }) => sql`its.id = ${accountId}`,
  createdAt: sql`its.created_at`,
}

const CUSTOMERS: Source = {
  ...byId,
  from: sql`customers as its`,
  columns: { 'customers.id': sql`its.id`, 'customers.name': sql`its.name` },
  isOf: ({ customerId }) => sql`its.id = ${customerId}`,
  createdAt: sql`its.created_at`,
}

const INVOICES: Source = {
  from: sql`invoices as its`,
  fromOfAccount: sql`invoices as its indexed by invoices_by_account`,
  columns: {
    'invoices.id': sql`its.id`,
    'invoices.owner_id': sql`its.owner_id`,
    'invoices.status': sql`its.status`,
    'invoices.class': sql`its.invoice_class`,
    'invoices.total_amount': sql`iif(its.status = 'DRAFT', null, its.total)`,
    'invoices.due_date': sql`min(its.invoice_at + its.net_term_days * ${sql.raw(String(DAY))}, ${sql.raw(String(FOREVER.until))})`,
    'invoices.created_at': sql`its.created_at`,
  },
  place: [sql`its.created_at`, sql`its.id`],
  order: sql`its.created_at desc, its.id`,
  isBehind: ([at, id]) => sql`its.created_at <= ${at} and (its.created_at < ${at} or its.id > ${id})`,
  isOf: ({ accountId }) => sql`its.account_id = ${accountId}`,
  where: sql`its.status <> 'GONE'`,
  createdAt: sql`its.created_at`,
}

const LICENSE_ENTRIES: Source = {
  from: sql`license_updates as its`,
  columns: {
    'license_entries.account_id': sql`its.account_id`,
    'license_entries.license_id': sql`its.license_id`,
    'license_entries.effective_from': sql`its.effective_from`,
    'license_entries.created_at': sql`its.created_at`,
    'license_entries.quantity': sql`its.value`,
  },
  place: [sql`its.created_at`, sql`its.position`, sql`its.id`],
  order: sql`its.created_at, its.position, its.id`,
  isBehind: ([at, position, id]) => sql`(its.created_at, its.position, its.id) > (${at}, ${position}, ${id})`,
  isOf: ({ accountId }) => sql`its.account_id = ${accountId}`,
  createdAt: sql`its.created_at`,
}

/** The tables of which rows are in the database, beside those of ledgers. */
export type StoredTable = Extract<TableName, 'accounts' | 'customers' | 'invoices' | 'license_entries'>

const SOURCES: Readonly<Record<StoredTable, Source>> = {
  accounts: ACCOUNTS,
  customers: CUSTOMERS,
  invoices: INVOICES,
  license_entries: LICENSE_ENTRIES,
}

const typeOfColumn = (column: string) => {
  const [table = '', name = ''] = column.split('.')
  return tableOf(table as TableName).columns[name]
}

/** The filters of texts and times, so that rows that cannot match are not read. Each is looked at again afterwards. */
const canMatch = ({ query }: Reading, columns: readonly string[]): SQL =>
  and(
    sql`true`,
    ...columns.flatMap((column, index) => {
      const name = sql.raw(`c${index}`)
      const type = typeOfColumn(column)
      if (type === 'TEXT') {
        const texts = textsOf(query, column)
        return texts ? [sql`${name} in (select value from json_each(${JSON.stringify(texts)}))`] : []
      }
      if (type !== 'TIME') return []
      const { from, until } = windowOf(query, column)
      return [...(from > FOREVER.from ? [sql`${name} >= ${from}`] : []), ...(until <= FOREVER.until ? [sql`${name} < ${until}`] : [])]
    }),
  ) as SQL

/** Expressions with names of their own, by which the rest of a query calls them. */
const named = (expressions: readonly SQL[], prefix: string) =>
  sql.join(
    expressions.map((expression, index) => sql`${expression} as ${sql.raw(`${prefix}${index}`)}`),
    sql`, `,
  )

/**
 * Reads the next rows of a table in the order of an index, and from where to go on.
 *
 *     with page as materialized (select its.created_at as p0, …, its.total as c0, … from invoices as its where … order by … limit 2000)
 *     select * from page where c1 in (select value from json_each(?)) and c2 >= ?
 */
export const readStoredRows: Reader = async (reading, cursor): Promise<Page> => {
  const { ctx, query, begunAt, owner } = reading
  const { from, fromOfAccount = from, columns, place, isBehind, order, isOf, where, createdAt } = SOURCES[query.table as StoredTable]
  const names = Object.keys(columns)
  const places = sql.raw(place.map((_, index) => `p${index}`).join(', '))
  const page = sql`
    select ${named(place, 'p')}, ${named(Object.values(columns), 'c')} from ${owner ? fromOfAccount : from}
    where its.organization_id = ${ctx.organizationId} and ${createdAt} <= ${begunAt}
      ${where ? sql`and ${where}` : sql``} ${owner ? sql`and ${isOf(owner)}` : sql``}
      ${cursor === null ? sql`` : sql`and ${isBehind(cursor as (string | number)[])}`}
    order by ${order} limit ${PAGE}`
  const [found, ends] = await ctx.session.batch<Record<string, string | number | null>>([
    selectRows(sql`with page as materialized (${page}) select * from page where ${canMatch(reading, names)}`),
    selectRows(sql`with page as materialized (${page}) select ${places} from page limit 1 offset ${PAGE - 1}`),
  ])
  const [last] = ends?.results ?? []
  return {
    rows: (found?.results ?? []).map((row) =>
      Object.fromEntries(
        names.map((name, index): [string, Cell] => {
          const cell = row[`c${index}`] ?? null
          return [name, typeOfColumn(name) === 'TEXTS' && cell !== null ? (JSON.parse(String(cell)) as string[]) : cell]
        }),
      ),
    ),
    next: last ? place.map((_, index) => last[`p${index}`]) : null,
  }
}
