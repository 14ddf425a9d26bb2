import { type Column, Param, Placeholder, getTableColumns, is, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Statement } from './client.ts'

/** Builds statements, and asks none. */
export const builder = drizzle({} as D1Database)

type Of<Name extends string, Value> = Readonly<Record<Name, Value>>

/** A statement whose SQL is made once, when it is first asked for, with a placeholder for each of the names; then it takes the values. */
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

/** Makes the statements that insert a row into a table, of all its columns. */
export const insertInto = <Table extends SQLiteTable>(table: Table): ((row: Table['$inferSelect']) => Statement) => {
  const columns = Object.entries<Column>(getTableColumns(table))
  const insert = prepare(
    columns.map(([key]) => key),
    (at) => builder.insert(table).values(at as Table['$inferInsert']),
  )
  return (row) => {
    const values: Record<string, unknown> = {}
    for (const [key, column] of columns) {
      const value: unknown = row[key as keyof typeof row]
      values[key] = value === null ? null : column.mapToDriverValue(value)
    }
    return insert(values)
  }
}

type Read<Columns extends Of<string, Column>> = {
  [Key in keyof Columns]: Columns[Key]['_']['data'] | (Columns[Key]['_']['notNull'] extends true ? never : null)
}

/** Columns as a prepared query selects them, each under its key, and what D1's rows of them hold. */
export const selection = <Columns extends Of<string, Column>>(columns: Columns) => {
  const all = Object.entries(columns)
  const decoded = all.filter(([, { dataType }]) => dataType !== 'string' && dataType !== 'number')
  return {
    selected: Object.fromEntries(all.map(([key, column]) => [key, sql`${column}`.as(key)])),
    read: (rows: readonly Record<string, unknown>[]): Read<Columns>[] => {
      for (const row of rows) for (const [key, column] of decoded) if (row[key] !== null) row[key] = column.mapFromDriverValue(row[key])
      return rows as Read<Columns>[]
    },
  }
}
