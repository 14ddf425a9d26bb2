import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, describe, expect, it } from 'vitest'
import { app } from '../../src/app.ts'
import type { Bindings } from '../../src/db/context.ts'
import { MIGRATION } from '../../src/http/migration.ts'
import { changed, client, failed, unreadable } from '../helpers/api.ts'

const rename = (from: string, to: string) => env.DB.prepare(`ALTER TABLE ${from} RENAME TO ${to}`).run()

describe('GET /health', () => {
  it('needs no token, and says what is deployed on which database', async () => {
    const visit = async (deployed: Partial<Bindings> = {}) =>
      app.request('/health', {}, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET, ...deployed }, createExecutionContext())
    const response = await visit()
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        status: 'OK',
        name: 'Togai API on Workers',
        version: '0.1.0',
        revision: 'development',
        release: 'development',
        migration: MIGRATION,
      },
    ])
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    const deployed = { REVISION: 'abc1234', RELEASE: { id: 'a release', tag: 'v1', timestamp: '' } }
    expect(await (await visit(deployed)).json()).toMatchObject({ revision: 'abc1234', release: 'a release' })
  })

  it('expects the last of the migrations', () => {
    expect(env.MIGRATIONS.at(-1)?.name).toBe(MIGRATION)
  })

  it('answers 503 when the database is out of reach, which no message shows', async () => {
    const { status, body, headers } = await client(undefined, unreadable(failed('Network connection lost.'))).get('/health')
    expect([status, body.message, headers.get('Retry-After')]).toEqual([503, 'The database cannot be reached.', '5'])
  })

  it('answers 503 when the migrations are behind, or were never applied', async () => {
    const behind = `The database does not have the migration ${MIGRATION} yet.`
    await env.DB.prepare("UPDATE d1_migrations SET name = 'earlier' WHERE name = ?").bind(MIGRATION).run()
    expect(await client(undefined).get('/health')).toMatchObject({ status: 503, body: { message: behind } })
    await rename('d1_migrations', 'gone')
    expect(await client(undefined).get('/health')).toMatchObject({ status: 503, body: { message: behind } })
  })

  afterAll(async () => {
    await rename('gone', 'd1_migrations')
  })

  it('asks the primary', async () => {
    const places: string[] = []
    await client(
      undefined,
      changed((_, place) => (places.push(place), {})),
    ).get('/health')
    expect(new Set(places)).toEqual(new Set(['first-primary']))
  })
})
