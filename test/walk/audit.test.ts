import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { RESOURCES } from '../../src/lib/resources.ts'
import { keepExampleTime, ready } from '../helpers/example.ts'
import { walkedCommits } from '../helpers/operations.ts'
import { compareRows, readRows } from '../helpers/rows.ts'

keepExampleTime()

const KEY = { 'Idempotency-Key': 'a key' }

interface Entry {
  sequence: number
  token_id: string
  role: string
  operation_id: string
  resource_type: string
  resource_id: string
  request_id: string
  changes: string
}

const readLog = async (organizationId: string): Promise<Entry[]> => {
  const { results } = await env.DB.prepare('SELECT * FROM audit_log WHERE organization_id = ? ORDER BY sequence')
    .bind(organizationId)
    .all<Entry & Record<string, unknown>>()
  return results
}

describe.each(walkedCommits)('$operationId', ({ operationId, status }) => {
  it('leaves a trace of each resource that it changes, in its own batch', async () => {
    const api = await ready(operationId)
    const before = await readLog(api.id)
    const answer = await api.call(...api.request(), KEY)
    expect([answer.status, answer.body.message]).toEqual([status, undefined])
    const added = (await readLog(api.id)).slice(before.length)
    expect(added.length, `${operationId} leaves nothing in the audit log: its draft has no changes`).toBeGreaterThan(0)
    for (const [index, entry] of added.entries()) {
      expect(entry).toMatchObject({
        sequence: before.length + index + 1,
        token_id: api.tokenId,
        role: 'ADMINISTRATOR',
        operation_id: operationId,
        request_id: answer.headers.get('X-Request-Id'),
      })
      expect(Object.keys(RESOURCES), `${operationId} changes a kind that src/lib/resources.ts does not have`).toContain(entry.resource_type)
      const changes = Object.values(JSON.parse(entry.changes) as Record<string, [old: unknown, current: unknown]>)
      expect(changes.length, `${operationId} says of a ${entry.resource_type} that nothing changed`).toBeGreaterThan(0)
      for (const [old, current] of changes) expect(old).not.toEqual(current)
    }
    const outbox = await env.DB.prepare('SELECT resource_type, resource_id FROM outbox WHERE organization_id = ? AND operation_id = ?')
      .bind(api.id, operationId)
      .all<Pick<Entry, 'resource_type' | 'resource_id'>>()
    expect(outbox.results).toEqual(added.map(({ resource_type, resource_id }) => ({ resource_type, resource_id })))
    await api.call(...api.request(), KEY)
    expect(await readLog(api.id)).toHaveLength(before.length + added.length)
  })

  it('is not made when its trace cannot be written', async () => {
    const api = await ready(operationId)
    const before = await readRows(api.id)
    const ours = `NEW.organization_id = '${api.id}'`
    await env.DB.prepare(`CREATE TRIGGER planted BEFORE INSERT ON audit_log WHEN ${ours} BEGIN SELECT RAISE(ABORT, 'PLANTED'); END`).run()
    try {
      expect((await api.call(...api.request(), KEY)).status).toBe(500)
    } finally {
      await env.DB.prepare('DROP TRIGGER planted').run()
    }
    expect(compareRows(before, await readRows(api.id))).toEqual([])
  })
})

it.runIf(walkedCommits.length === 0)('has nothing to walk in a domain that writes nothing', () => {
  expect(walkedCommits).toEqual([])
})
