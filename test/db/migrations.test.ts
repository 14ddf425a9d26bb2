import { applyD1Migrations, createExecutionContext, createScheduledController, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { type AuditRow, verifyChain } from '../../src/access/audit/chain.ts'
import worker from '../../src/index.ts'
import { sha256 } from '../../src/lib/hash.ts'

/** Rows as they were sealed before values about a person entered the chain as digests. */
const seedOldLog = async (): Promise<void> => {
  await env.DB.prepare("INSERT INTO organizations (id, name, base_currency, created_at) VALUES ('org', 'org', 'USD', 0)").run()
  let before = ''
  for (let sequence = 1; sequence <= 3; sequence++) {
    const changes = JSON.stringify({ name: [null, `Name ${sequence}`], status: [null, 'ACTIVE'] })
    const row = [
      'org',
      sequence,
      sequence * 1000,
      'token',
      'ADMINISTRATOR',
      'createCustomer',
      'CUSTOMER',
      `c${sequence}`,
      'request',
      changes,
    ]
    before = await sha256(JSON.stringify([before, ...row]))
    await env.DB.prepare(`INSERT INTO audit_log VALUES (${'?, '.repeat(row.length)}?)`)
      .bind(...row, before)
      .run()
  }
  await env.DB.prepare("INSERT INTO audit_seals VALUES ('org', 3, 3000, ?)").bind(before).run()
}

const verify = async () => {
  const { results } = await env.DB.prepare(
    `SELECT organization_id AS organizationId, sequence, at, token_id AS tokenId, role, operation_id AS operationId, resource_type AS resourceType,
       resource_id AS resourceId, request_id AS requestId, changes, hash, salt, digests FROM audit_log ORDER BY sequence`,
  ).all<AuditRow>()
  const seal = await env.DB.prepare('SELECT organization_id AS organizationId, sequence, hash FROM audit_seals').first<{
    organizationId: string
    sequence: number
    hash: string
  }>()
  return { rows: results, verdict: await verifyChain(results, seal ?? undefined) }
}

it('an audit log that was sealed before is sealed anew with digests, and verifies', async () => {
  await reset()
  const at = env.MIGRATIONS.findIndex(({ name }) => name.startsWith('0005'))
  await applyD1Migrations(env.DB, env.MIGRATIONS.slice(0, at))
  await seedOldLog()
  await applyD1Migrations(env.DB, env.MIGRATIONS)
  const unsealed = await verify()
  expect(unsealed.verdict).toEqual({ sealed: 0, unsealed: 3, head: '', faults: [] })
  await worker.scheduled(createScheduledController(), { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, createExecutionContext())
  const { rows, verdict } = await verify()
  expect(verdict).toMatchObject({ sealed: 3, unsealed: 0, faults: [] })
  for (const { digests, salt } of rows)
    expect([JSON.parse(digests ?? ''), salt?.length]).toEqual([{ name: [null, expect.any(String)] }, 32])
})
