import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { app } from '../../src/app.ts'
import type { Bindings } from '../../src/db/context.ts'
import { MIGRATION } from '../../src/http/migration.ts'
import { changed, client, failed, unreadable } from '../helpers/api.ts'

/** The same D1 with another query in place of the table of its migrations. */
const withMigrations = (table: string) =>
  changed((session) => ({ prepare: (query) => session.prepare(query.replace('d1_migrations', table)) }))

const visit = async (deployed: Partial<Bindings> = {}) =>
  app.request('/health', {}, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET, ...deployed }, createExecutionContext())

describe('GET /health', () => {
  it('needs no token, and says what is deployed on which database', async () => {
    const response = await visit()
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        status: 'OK',
        name: 'Togai API on Workers',
        version: '0.2.0',
        revision: 'development',
        release: 'development',
        migration: MIGRATION,
      },
    ])
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    const deployed = { REVISION: 'abc1234', RELEASE: { id: 'a release', tag: 'v1', timestamp: '' } }
    expect(await (await visit(deployed)).json()).toMatchObject({ revision: 'abc1234', release: 'a release' })
  })

  it('answers 503 when the database is out of reach, which no message shows', async () => {
    const { status, body, headers } = await client(undefined, unreadable(failed('Network connection lost.'))).get('/health')
    expect([status, body.message, headers.get('Retry-After')]).toEqual([503, 'The database cannot be reached.', '5'])
  })

  it('answers 503 when the migrations are behind, or were never applied', async () => {
    const behind = `The database does not have the migration ${MIGRATION} yet.`
    for (const table of ["(SELECT 'earlier' AS name)", 'no_migrations'])
      expect(await client(undefined, withMigrations(table)).get('/health')).toMatchObject({ status: 503, body: { message: behind } })
  })

  it('asks the primary', async () => {
    const places: string[] = []
    await visit({ DB: changed((_, place) => (places.push(place), {})) })
    expect(new Set(places)).toEqual(new Set(['first-primary']))
  })
})
