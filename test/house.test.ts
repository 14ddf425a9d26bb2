import { env } from 'cloudflare:workers'
import { is } from 'drizzle-orm'
import { SQLiteTable, getTableConfig } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { conflicts } from '../src/conflicts.ts'
import { RESOURCES } from '../src/lib/resources.ts'
import { operations } from '../src/operations.ts'
import { steps } from '../src/steps.ts'
import { said } from './helpers/reference.ts'

describe('the conflicts in code', () => {
  /** What is raised to the Worker itself, or by nothing that a caller can do. */
  const OWN = new Set(['STALE', 'KEY_USED', 'AUDIT_LOG_KEPT'])

  it('have words for every code that a trigger raises, and no others', () => {
    const migrations = env.MIGRATIONS.flatMap(({ queries }) => queries).join('\n')
    const raised = new Set(Array.from(migrations.matchAll(/RAISE\(ABORT, '([A-Z_]+) /g), ([, code = '']) => code))
    const sources = Object.values(import.meta.glob<string>('../src/**/service.ts', { eager: true, query: '?raw', import: 'default' }))
    for (const [, code = ''] of sources.join('\n').matchAll(/refuseWhen\(\s*'([A-Z_]+)'/g)) raised.add(code)
    expect(Object.keys(conflicts).toSorted()).toEqual([...raised].filter((code) => !OWN.has(code)).toSorted())
  })
})

describe('the tables in code', () => {
  const files = import.meta.glob<Record<string, unknown>>('../src/**/table.ts', { eager: true })
  const tables = Object.values(files).flatMap((file) => Object.values(file).filter((value) => is(value, SQLiteTable)))

  it('are all there are', async () => {
    const { results } = await env.DB.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*' AND name <> 'd1_migrations'",
    ).all()
    expect(results.map(({ name }) => name).toSorted()).toEqual(tables.map((table) => getTableConfig(table).name).toSorted())
  })

  it.each(tables.map((table) => getTableConfig(table)))(
    '$name has the columns of the migrations',
    async ({ name, columns, primaryKeys }) => {
      const { results } = await env.DB.prepare(`SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY cid`).bind(name).all()
      const keys = primaryKeys.flatMap((key) => key.columns.map((column) => column.name))
      expect(
        columns.map((column) => ({
          name: column.name,
          type: column.getSQLType().toUpperCase(),
          notnull: Number(column.notNull),
          pk: column.primary ? 1 : keys.indexOf(column.name) + 1,
        })),
      ).toEqual(results)
      const strict = await env.DB.prepare('SELECT strict FROM pragma_table_list(?)').bind(name).first('strict')
      expect(strict).toBe(1)
    },
  )
})

describe('the operations in code', () => {
  const ids = operations.map(({ operationId }) => operationId)

  it('have each a name and a route of their own', () => {
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`)).size).toBe(ids.length)
  })

  it('have each a reference, whose example names operations that there are', () => {
    expect(Object.keys(said.reference).toSorted()).toEqual(ids.toSorted())
    for (const [operationId, { example }] of Object.entries(said.reference))
      for (const before of example.after ?? []) expect(ids, operationId).toContain(before)
  })
})

describe('the kinds in code', () => {
  it('of resources begin their ids each in their own way', () => {
    const prefixes = Object.values(RESOURCES).map(({ prefix }) => prefix)
    expect(new Set(prefixes).size).toBe(prefixes.length)
  })

  it('of what is due are done by one step each', () => {
    expect(new Set(steps.map(({ kind }) => kind)).size).toBe(steps.length)
  })
})
