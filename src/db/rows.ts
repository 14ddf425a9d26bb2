import { type Column, type SQL, getTableColumns, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Session } from './client.ts'

/** The column with its table's name. In a query on one table drizzle leaves the name out, also inside a subquery on another. */
export const qualified = (column: Column): SQL => sql`${column.table}.${sql.identifier(column.name)}`

/** Inserts any number of rows with one parameter, as JSON: D1 takes 100 parameters a statement. */
export const insertRows = <Table extends SQLiteTable>(db: Session['db'], table: Table, rows: readonly Table['$inferSelect'][]) => {
  const columns = Object.entries(getTableColumns(table))
  const values = rows.map((row) =>
    columns.map(([key, column]) => {
      const value: unknown = row[key as keyof typeof row]
      return value === null ? null : column.mapToDriverValue(value)
    }),
  )
  const fields = sql.join(
    columns.map((_, index) => sql`value ->> ${sql.raw(String(index))}`),
    sql`, `,
  )
  return db.insert(table).select(sql`select ${fields} from json_each(${JSON.stringify(values)})`)
}
