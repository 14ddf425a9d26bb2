import { env } from 'cloudflare:workers'
import { is } from 'drizzle-orm'
import { SQLiteTable, getTableConfig } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { conflicts } from '../src/conflicts.ts'
import { selectRows } from '../src/db/statements.ts'
import { isAuditOf } from '../src/erasure/erasures/subjects.ts'
import { MIGRATION } from '../src/http/migration.ts'
import { openApiDocument } from '../src/http/openapi.ts'
import { RESOURCES, hasPersonalId, personalFieldsOf } from '../src/lib/resources.ts'
import { operations } from '../src/operations.ts'
import { steps } from '../src/steps.ts'
import { readAfter } from './helpers/example.ts'
import { folderOf, folders, resourceOf } from './helpers/operations.ts'
import { described, said } from './helpers/reference.ts'

const { reference } = said

/** Holds that there is nothing in a list of names; the message says what is wrong with those that are. */
const expectNone = (names: Iterable<string>, wrong: string): void => expect([...names], wrong).toEqual([])

const without = (names: Iterable<string>, others: Iterable<string>): string[] => [...new Set(names).difference(new Set(others))]

const repeated = (names: readonly string[]): string[] => names.filter((name, index) => names.indexOf(name) < index)

describe('the conflicts in code', () => {
  /** What is raised to the Worker itself, or by nothing that a caller can do. */
  const OWN = ['STALE', 'KEY_USED', 'AUDIT_LOG_KEPT', 'DRY_RUN']

  const codesIn = (texts: readonly string[], form: RegExp) =>
    texts.flatMap((text) => Array.from(text.matchAll(form), ([, code = '']) => code))

  it('have words for every code that the database raises, and no others', () => {
    const migrations = env.MIGRATIONS.flatMap(({ queries }) => queries)
    const sources = Object.values(import.meta.glob<string>('../src/**/*.ts', { eager: true, query: '?raw', import: 'default' }))
    const raised = [...codesIn(migrations, /RAISE\(ABORT, '([A-Z_]+) /g), ...codesIn(sources, /refuseWhen\(\s*'([A-Z_]+)'/g)]
    expectNone(without(raised, [...Object.keys(conflicts), ...OWN]), 'no conflicts.ts of a domain has words for these')
    expectNone(without(Object.keys(conflicts), raised), 'these have words, and nothing raises them')
  })
})

describe('the migrations in code', () => {
  it('end with the one that the Worker expects', () => {
    expect(MIGRATION, 'run npm run generate').toBe(env.MIGRATIONS.at(-1)?.name)
  })

  it('are numbered one after the other', () => {
    const names = env.MIGRATIONS.map(({ name }) => name)
    expectNone(
      names.filter((name, index) => !name.startsWith(`${String(index + 1).padStart(4, '0')}_`)),
      'these migrations have another number than comes next',
    )
  })
})

describe('the tables in code', () => {
  const files = import.meta.glob<Record<string, unknown>>('../src/**/table.ts', { eager: true })
  const tables = Object.values(files).flatMap((file) => Object.values(file).filter((value) => is(value, SQLiteTable)))
  const names = tables.map((table) => getTableConfig(table).name)

  /** Of whose rows none is an organization's. */
  const OF_NONE = ['organizations']

  it('are all there are', async () => {
    const { results } = await env.DB.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*' AND name <> 'd1_migrations'",
    ).all<{ name: string }>()
    const migrated = results.map(({ name }) => name)
    expectNone(without(migrated, names), 'a migration makes these tables, and no table.ts has them')
    expectNone(without(names, migrated), 'a table.ts has these tables, and no migration makes them')
  })

  it('have rows of an organization each', () => {
    const isOwned = (table: SQLiteTable) => getTableConfig(table).columns.some(({ name, notNull }) => name === 'organization_id' && notNull)
    expectNone(
      without(names, [...tables.filter(isOwned).map((table) => getTableConfig(table).name), ...OF_NONE]),
      'these have no organization_id',
    )
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
  const named = (which: (operation: (typeof operations)[number]) => boolean) =>
    operations.filter(which).map(({ operationId }) => operationId)

  it('are listed', () => {
    expectNone(without(folderOf.keys(), ids), 'src/features.ts does not list the feature of these')
    expectNone(without(ids, folderOf.keys()), 'these are in no src/<domain>/<resource>/operations.ts')
  })

  it('have each a name and a route of their own', () => {
    expectNone(repeated(ids), 'two operations have this name')
    const routes = operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`)
    expectNone(repeated(routes), 'two operations have this route')
  })

  it('have each a reference', () => {
    expectNone(without(ids, Object.keys(reference)), 'no reference.ts says what these do, with an example')
    expectNone(without(Object.keys(reference), ids), 'a reference.ts says what these do, and there is no such operation')
  })

  it('have each an example that can be sent', () => {
    const PARTS = ['after', 'path', 'query', 'instead', 'otherwise', 'request', 'answer', 'other']
    const examples = described.map(({ operationId, writes }) => ({ operationId, writes, example: reference[operationId]?.example }))
    const names = (which: (one: (typeof examples)[number]) => boolean) => examples.filter(which).map(({ operationId }) => operationId)
    expectNone(
      without(
        ids,
        names(() => true),
      ),
      'the reference of these has no example',
    )
    expectNone(
      examples.flatMap(({ operationId, example }) => without(Object.keys(example ?? {}), PARTS).map((part) => `${operationId} ${part}`)),
      'an example has no such part',
    )
    expectNone(
      examples.flatMap(({ operationId, example }) =>
        without(
          (example?.after ?? []).map((entry) => readAfter(entry).operationId),
          ids,
        ).map((before) => `${operationId} after ${before}`),
      ),
      'no operation has this name',
    )
    expectNone(
      names(({ writes, example }) => writes && !example?.other),
      'these write, and their example has no `other` request',
    )
  })

  it('of v1 are deprecated', () => {
    const document = openApiDocument(described, said)['paths'] as Record<string, Record<string, { deprecated?: boolean }>>
    const isMarked = ({ path, method }: (typeof operations)[number]) => document[path]?.[method]?.deprecated === true
    expectNone(
      named((operation) => folderOf.get(operation.operationId)?.startsWith('v1/') === true && !isMarked(operation)),
      'these are not marked as deprecated in the document',
    )
  })

  it('that change a version have a read that shows it', () => {
    expectNone(
      named((operation) => operation.condition === 'version' && !resourceOf(operation)),
      'these have a condition on a version, and no tagged read has a path that theirs begins with',
    )
  })

  it('have a test of their own', () => {
    const files = Object.keys(import.meta.glob('./*/*.test.ts')).map((file) => file.slice('./'.length, -'.test.ts'.length))
    expectNone(without(folders, files), 'these folders of src have operations, and test has no file of that name')
  })
})

describe('the kinds in code', () => {
  it('of resources begin their ids each in their own way', () => {
    expectNone(repeated(Object.values(RESOURCES).map(({ prefix }) => prefix)), 'two kinds of src/lib/resources.ts have this prefix')
  })

  it('of resources that are about a person are erased from the audit log with the customer', () => {
    /** These are never about a customer, or have no entries in the audit log. */
    const others = ['WEBHOOK_ENDPOINT', 'NAMED_LICENSE_ENTRY']
    const { sql, params } = selectRows(isAuditOf({ organizationId: 'organization', customerId: 'customer' })).toSQL()
    const erased = [...Array.from(sql.matchAll(/when '(\w+)'/g), ([, kind = '']) => kind), ...params.map(String)]
    const personal = Object.keys(RESOURCES).filter((kind) => hasPersonalId(kind) || personalFieldsOf(kind).length)
    expectNone(without(personal, [...erased, ...others]), 'isAuditOf in src/erasure/erasures/subjects.ts leaves out this kind')
  })

  it('of what is due are done by one step each', () => {
    expectNone(repeated(steps.map(({ kind }) => kind)), 'two steps of src/steps.ts have this kind')
  })
})
