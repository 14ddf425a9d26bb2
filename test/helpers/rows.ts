import { env } from 'cloudflare:workers'

/** Every row of an organization as JSON, by its table. */
export type Rows = Readonly<Record<string, readonly string[]>>

/** A table that has rows of organizations. */
interface Table {
  name: string
  columns: readonly string[]
}

/** As many tables are read by one statement, which is a row with a column for each. */
const MOST_TABLES = 40

/** The tables that have rows of organizations. Where production has no need to find a table's rows by their organization, tests have an index. */
const findTables = async (): Promise<Table[]> => {
  const { results } = await env.DB.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf*'").all<{
    name: string
  }>()
  const columns = await env.DB.batch<{ name: string }>(
    results.map(({ name }) => env.DB.prepare('SELECT name FROM pragma_table_info(?) ORDER BY cid').bind(name)),
  )
  const tables = results
    .map(({ name }, index) => ({ name, columns: (columns[index]?.results ?? []).map((column) => column.name) }))
    .filter((table) => table.columns.includes('organization_id'))
  const plans = await env.DB.batch<{ detail: string }>(
    tables.map(({ name }) => env.DB.prepare(`EXPLAIN QUERY PLAN SELECT * FROM ${name} WHERE organization_id = ''`)),
  )
  const isScanned = (_: Table, index: number) => plans[index]?.results.some(({ detail }) => detail.startsWith('SCAN'))
  const missing = tables.filter(isScanned).map(({ name }) => `CREATE INDEX IF NOT EXISTS tests_${name} ON ${name} (organization_id)`)
  if (missing.length) await env.DB.batch(missing.map((sql) => env.DB.prepare(sql)))
  return tables
}

let found: Promise<Table[]> | undefined

/** A query of one row: of each table, the values of all rows of an organization. */
const queryOf = (tables: readonly Table[]): string => {
  const selected = tables.map(
    ({ name, columns }) =>
      `(SELECT json_group_array(json_array(${columns.map((column) => `"${column}"`).join()})) FROM ${name} WHERE organization_id = ?1) AS ${name}`,
  )
  return `SELECT ${selected.join()}`
}

/** Reads every row of an organization, of all tables that have rows of organizations, or of some. */
export const readRows = async (organizationId: string, names?: readonly string[]): Promise<Rows> => {
  const all = await (found ??= findTables())
  const tables = names?.map((name) => all.find((table) => table.name === name) ?? { name, columns: [] }) ?? all
  const queries = Array.from({ length: Math.ceil(tables.length / MOST_TABLES) }, (_, n) =>
    queryOf(tables.slice(n * MOST_TABLES, (n + 1) * MOST_TABLES)),
  )
  const results = await env.DB.batch<Record<string, string>>(queries.map((query) => env.DB.prepare(query).bind(organizationId)))
  const read: Record<string, string> = Object.assign({}, ...results.map((result) => result.results[0]))
  return Object.fromEntries(
    tables.map(({ name, columns }) => {
      const rows = JSON.parse(read[name] ?? '[]') as unknown[][]
      return [name, rows.map((row) => JSON.stringify(Object.fromEntries(columns.map((column, n) => [column, row[n]])))).toSorted()]
    }),
  )
}
/** How many rows of an organization each table has that has any. */
export const countRows = async (organizationId: string): Promise<Record<string, number>> => {
  const rows = Object.entries(await readRows(organizationId))
  return Object.fromEntries(rows.filter(([, { length }]) => length).map(([table, { length }]) => [table, length]))
}

const LONGEST_ROW = 140

/** Which rows came and went between two reads, in a line each. */
export const compareRows = (before: Rows, after: Rows): string[] =>
  Object.keys({ ...before, ...after }).flatMap((table) => {
    const [old, current] = [before[table] ?? [], after[table] ?? []]
    const shown = (sign: string, rows: readonly string[]) => rows.map((row) => `${sign} ${table} ${row.slice(0, LONGEST_ROW)}`)
    return [
      ...shown(
        '-',
        old.filter((row) => !current.includes(row)),
      ),
      ...shown(
        '+',
        current.filter((row) => !old.includes(row)),
      ),
    ]
  })

/** Copies the rows of a table of an organization, with ids of their own and what else must differ. */
export const multiplyRows = async (
  table: string,
  organizationId: string,
  times: number,
  set: Readonly<Record<string, string>>,
): Promise<void> => {
  const { results } = await env.DB.prepare('SELECT name FROM pragma_table_info(?) ORDER BY cid').bind(table).all<{ name: string }>()
  const values = results.map(({ name }) => (name === 'id' ? "its.id || '.' || value" : (set[name] ?? `its.${name}`)))
  await env.DB.prepare(
    `INSERT INTO ${table} SELECT ${values.join()} FROM json_each(?2) CROSS JOIN (
       SELECT * FROM ${table} WHERE organization_id = ?1 ORDER BY created_at LIMIT 1
     ) AS its`,
  )
    .bind(organizationId, JSON.stringify(Array.from({ length: times }, (_, index) => index)))
    .run()
}
