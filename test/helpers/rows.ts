import { env } from 'cloudflare:workers'

/** Every row of an organization as JSON, by its table. */
export type Rows = Readonly<Record<string, readonly string[]>>

let found: Promise<string[]> | undefined

/** The tables that have rows of organizations. */
const findTables = async (): Promise<string[]> => {
  const { results } = await env.DB.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf*'").all<{
    name: string
  }>()
  const columns = env.DB.prepare("SELECT count(*) AS n FROM pragma_table_info(?) WHERE name = 'organization_id'")
  const counts = await env.DB.batch<{ n: number }>(results.map(({ name }) => columns.bind(name)))
  return results.map(({ name }) => name).filter((_, index) => counts[index]?.results[0]?.n)
}

/** Reads every row of an organization, of all tables that have rows of organizations, or of some. */
export const readRows = async (organizationId: string, tables?: readonly string[]): Promise<Rows> => {
  const names = tables ?? (await (found ??= findTables()))
  const results = await env.DB.batch(
    names.map((name) => env.DB.prepare(`SELECT * FROM ${name} WHERE organization_id = ?`).bind(organizationId)),
  )
  return Object.fromEntries(
    names.map((name, index) => [name, (results[index]?.results ?? []).map((row) => JSON.stringify(row)).toSorted()]),
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
