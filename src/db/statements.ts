import { type Column, Param, Placeholder, type SQL, getTableColumns, is, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { SQLiteSyncDialect, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Statement } from './client.ts'

/** Builds statements without executing them. */
export const builder = drizzle({} as D1Database)

type Of<Name extends string, Value> = Readonly<Record<Name, Value>>

/** Prepares a statement: its SQL is built at the first use, with a placeholder for each name, and then only the values change. */
export const prepare = <Name extends string>(names: readonly Name[], build: (at: Of<Name, Placeholder>) => Statement) => {
  let made: { sql: string; params: ((values: Of<string, unknown>) => unknown)[] } | undefined
  const make = () => {
    const query = build(Object.fromEntries(names.map((name) => [name, sql.placeholder(name)])) as unknown as Of<Name, Placeholder>).toSQL()
    const params = query.params.map((param) => {
      const value = is(param, Param) ? param.value : param
      return is(value, Placeholder) ? (values: Of<string, unknown>) => values[value.name] : () => param
    })
    return { sql: query.sql.replaceAll(/\s+/g, ' ').trim(), params }
  }
  return (values: Of<Name, unknown>): Statement => ({
    toSQL: () => {
      made ??= make()
      return { sql: made.sql, params: made.params.map((param) => param(values)) }
    },
  })
}

/** The column with the name of its table. Drizzle leaves this name out in a query on one table, even inside a subquery on another table. */
export const qualified = (column: Column): SQL => sql`${column.table}.${sql.identifier(column.name)}`

/** The SQL for each value of a row that is sent, by its name. */
type Values = Readonly<Record<string, SQL>>

/**
 * Makes the statements that insert any number of rows into a table with one parameter, as JSON: D1 takes 100 parameters a statement.
 * A column that only the database knows is computed from the values of its row; values beside the columns are named by `more`.
 */
export const insertInto = <
  Table extends SQLiteTable,
  Computed extends keyof Table['$inferSelect'] & string = never,
  More extends string = never,
>(
  table: Table,
  computed: Readonly<Record<Computed, (values: Values) => SQL>> = {} as Readonly<Record<Computed, (values: Values) => SQL>>,
  more: readonly More[] = [],
): ((rows: readonly (Omit<Table['$inferSelect'], Computed> & Readonly<Record<More, string | number | null>>)[]) => Statement) => {
  const columns = Object.entries<Column>(getTableColumns(table))
  const sent = [...columns.filter(([key]) => !(key in computed)), ...more.map((name) => [name, undefined] as const)]
  const insert = prepare(['sent'], (at) => {
    const values: Values = Object.fromEntries(sent.map(([key], index) => [key, sql`sent.value ->> ${sql.raw(String(index))}`]))
    const fields = columns.map(([key]) => computed[key as Computed]?.(values) ?? (values[key] as SQL))
    return builder.insert(table).select(sql`select ${sql.join(fields, sql`, `)} from json_each(${at.sent}) as sent`)
  })
  return (rows) =>
    insert({
      sent: JSON.stringify(
        rows.map((row: Readonly<Record<string, unknown>>) =>
          sent.map(([key, column]) => {
            const value = row[key]
            return value === null || !column ? value : column.mapToDriverValue(value)
          }),
        ),
      ),
    })
}

/** The type of rows with these columns. */
export type DecodedRow<Columns extends Of<string, Column>> = {
  [Key in keyof Columns]: Columns[Key]['_']['data'] | (Columns[Key]['_']['notNull'] extends true ? never : null)
}

/** The columns of a prepared query, each under its key, and the function that decodes their rows. */
export const selection = <Columns extends Of<string, Column>>(columns: Columns) => {
  const all = Object.entries(columns)
  const decoded = all.filter(([, { dataType }]) => dataType !== 'string' && dataType !== 'number')
  return {
    columns,
    selected: Object.fromEntries(all.map(([key, column]) => [key, sql`${column}`.as(key)])),
    read: (rows: readonly Record<string, unknown>[]): DecodedRow<Columns>[] => {
      for (const row of rows) for (const [key, column] of decoded) if (row[key] !== null) row[key] = column.mapFromDriverValue(row[key])
      return rows as DecodedRow<Columns>[]
    },
  }
}

const dialect = new SQLiteSyncDialect()

/** Makes a query from SQL, for a batch. */
export const selectRows = (query: SQL): Statement => ({ toSQL: () => dialect.sqlToQuery(query) })
