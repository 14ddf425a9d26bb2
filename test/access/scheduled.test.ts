import { createExecutionContext, createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type AuditRow, type Seal, forgetPersonal, verifyChain } from '../../src/access/audit/chain.ts'
import { sealAuditLog } from '../../src/access/audit/seal.ts'
import { connect } from '../../src/db/client.ts'
import worker from '../../src/index.ts'
import { changed, client, failed, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { readRows } from '../helpers/rows.ts'

interface Entry {
  sequence: number
  at: string
  tokenId: string
  role: string
  operationId: string
  resourceType: string
  resourceId: string
  requestId: string
  changes: Record<string, { old: unknown; new: unknown }>
  hash?: string
}

type Get = ReturnType<typeof client>['get']

/** The whole log, the first entry first. */
const entries = async (get: Get, query = ''): Promise<Entry[]> => {
  const found: Entry[] = []
  let next: string | undefined
  do {
    const { body } = await get(`/audit_log?pageSize=100${query}${next ? `&nextToken=${encodeURIComponent(next)}` : ''}`)
    found.push(...(body.data as Entry[]))
    next = body.nextToken
  } while (next)
  return found.toReversed()
}

const scheduled = () =>
  worker.scheduled(createScheduledController(), { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, createExecutionContext())

const kept = async (id: string): Promise<{ rows: AuditRow[]; seal: Seal | undefined }> => {
  const { results } = await env.DB.prepare(
    `SELECT organization_id AS organizationId, sequence, at, token_id AS tokenId, role, operation_id AS operationId, resource_type AS resourceType,
       resource_id AS resourceId, request_id AS requestId, changes, hash, salt, digests
     FROM audit_log WHERE organization_id = ? ORDER BY rowid`,
  )
    .bind(id)
    .all<AuditRow>()
  const seal = await env.DB.prepare('SELECT organization_id AS organizationId, sequence, hash FROM audit_seals WHERE organization_id = ?')
    .bind(id)
    .first<Seal>()
  return { rows: results, seal: seal ?? undefined }
}
const verdict = async (id: string) => {
  const { rows, seal } = await kept(id)
  return verifyChain(rows, seal)
}

describe('sealing', () => {
  it('chains what was written, each organization by itself, and says what is not sealed yet', async () => {
    const [one, other] = [await organization(), await organization()]
    for (const { post } of [one, other]) for (const id of ['acme', 'other']) await post('/customers', customer(id))
    const { rows } = await kept(one.id)
    expect(await verdict(one.id)).toEqual({ sealed: 0, unsealed: rows.length, head: '', faults: [] })
    await scheduled()
    const sealed = await kept(one.id)
    expect(sealed.rows.every(({ hash }) => /^[\da-f]{64}$/.test(hash ?? ''))).toBe(true)
    expect(await verdict(one.id)).toEqual({ sealed: rows.length, unsealed: 0, head: sealed.rows.at(-1)?.hash, faults: [] })
    expect((await verdict(other.id)).faults).toEqual([])
    await one.patch('/customers/acme', { name: 'New name' })
    expect(await verdict(one.id)).toMatchObject({ sealed: rows.length, unsealed: 1, faults: [] })
    await scheduled()
    expect(await verdict(one.id)).toMatchObject({ sealed: rows.length + 1, unsealed: 0, faults: [] })
    expect((await kept(one.id)).rows.slice(0, -1)).toEqual(sealed.rows)
    expect((await entries(one.get)).at(-1)?.hash).toBe((await kept(one.id)).seal?.hash)
  })

  it('takes thousands of rows, and two that seal at the same moment agree', async () => {
    const apis = [await organization(), await organization()]
    for (const { post } of apis)
      for (let n = 0; n < 9; n++)
        await post('/aliases', { aliases: Array.from({ length: 100 }, (_, index) => ({ value: `alias ${n} ${index}` })) })
    await Promise.all([scheduled(), scheduled(), scheduled()])
    for (const { id } of apis) expect(await verdict(id)).toMatchObject({ sealed: 900, unsealed: 0, faults: [] })
  })

  it('seals rows of half a million characters a few at a time', async () => {
    const { id, post, patch } = await organization()
    await post('/customers', customer('acme'))
    for (let n = 0; n < 12; n++) {
      const metadata = Object.fromEntries(Array.from({ length: 4 }, (_, key) => [`${n} ${key}`, 'x'.repeat(60_000)]))
      expect((await patch('/accounts/acme%20main', { metadata })).status).toBe(200)
    }
    let batches = 0
    const counted = changed((session) => ({
      batch: (statements) => {
        batches++
        return session.batch(statements)
      },
    }))
    await sealAuditLog(connect(counted).primary())
    expect(batches).toBe(2)
    expect(await verdict(id)).toMatchObject({ sealed: 14, unsealed: 0, faults: [] })
  })

  it('that fails is named without the values that it is about', async () => {
    const broken = changed(() => ({
      batch: () => {
        throw failed('D1_ERROR: ALIAS_TAKEN ["ada@example.com"]: SQLITE_CONSTRAINT')
      },
    }))
    const run = () =>
      worker.scheduled(createScheduledController(), { DB: broken, SIGNING_SECRET: env.SIGNING_SECRET }, createExecutionContext())
    const error: unknown = await Promise.resolve(run()).catch((thrown: unknown) => thrown)
    expect((error as Error).message).toMatch(/^Error SQLITE_CONSTRAINT in [\w.$]*:\d+:\d+/)
    expect((error as Error).message).not.toContain('ada@')
  })

  it('that fails does not keep answers from being forgotten', async () => {
    const { id, call } = await organization()
    await call('POST', '/customers', customer('acme'), { 'Idempotency-Key': 'a key' })
    await env.DB.prepare('UPDATE idempotency_keys SET created_at = 0 WHERE organization_id = ?').bind(id).run()
    const broken = changed(() => ({
      batch: () => {
        throw failed('Network connection lost.')
      },
    }))
    await expect(
      worker.scheduled(createScheduledController(), { DB: broken, SIGNING_SECRET: env.SIGNING_SECRET }, createExecutionContext()),
    ).rejects.toThrow('lost')
    expect((await readRows(id, ['idempotency_keys']))['idempotency_keys']).toEqual([])
    await scheduled()
  })

  it('ends between any two batches without harm', async () => {
    const { id, post } = await organization()
    await post('/customers', customer('acme'))
    const failing = (after: boolean) =>
      changed((session) => ({
        batch: async (statements) => {
          if (after) await session.batch(statements)
          throw failed('Network connection lost.')
        },
      }))
    for (const after of [false, true]) {
      await expect(sealAuditLog(connect(failing(after)).primary())).rejects.toThrow('lost')
      await post('/customers', customer(`another ${after}`))
    }
    await scheduled()
    expect(await verdict(id)).toMatchObject({ sealed: 6, unsealed: 0, faults: [] })
  })

  it('cannot be undone by a statement: the rows are kept as they are', async () => {
    const { id, post } = await organization()
    await post('/customers', customer('acme'))
    await scheduled()
    for (const statement of [
      "UPDATE audit_log SET changes = '{}' WHERE organization_id = ?",
      "UPDATE audit_log SET salt = 'x' WHERE organization_id = ?",
      "UPDATE audit_log SET digests = '{}' WHERE organization_id = ?",
      "UPDATE audit_log SET hash = '' WHERE organization_id = ?",
      'UPDATE audit_log SET sequence = sequence + 1 WHERE organization_id = ?',
      'DELETE FROM audit_log WHERE organization_id = ?',
    ])
      await expect(env.DB.prepare(statement).bind(id).run()).rejects.toThrow('AUDIT_LOG_KEPT')
  })
})

describe('an answer that is kept under a key', () => {
  it('is forgotten after 30 days', async () => {
    const { id, call } = await organization()
    const made = Date.now()
    await call('POST', '/customers', customer('new'), { 'Idempotency-Key': 'a key' })
    const keptAfter = async (days: number) => {
      const controller = createScheduledController({ scheduledTime: new Date(made + days * 86_400_000) })
      await worker.scheduled(controller, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, createExecutionContext())
      return (await readRows(id, ['idempotency_keys']))['idempotency_keys']?.length
    }
    expect(await keptAfter(29)).toBe(1)
    expect(await keptAfter(31)).toBe(0)
  })
})

describe('values about a person', () => {
  it('are digested with the salt of their row, and can be forgotten without breaking the chain', async () => {
    const { id, get, post, patch } = await organization()
    await post('/customers', customer('acme'))
    await patch('/customers/acme', { name: 'Ada Byron' })
    await expect(
      env.DB.prepare("UPDATE audit_log SET changes = '{}', salt = NULL WHERE organization_id = ?").bind(id).run(),
    ).rejects.toThrow('AUDIT_LOG_KEPT')
    await scheduled()
    const { rows } = await kept(id)
    const [customerRow, accountRow, renamed] = rows as [AuditRow, AuditRow, AuditRow]
    expect(Object.keys(JSON.parse(customerRow.digests ?? '')).toSorted()).toEqual(['address', 'billingAddress', 'name', 'primaryEmail'])
    expect(JSON.parse(renamed.digests ?? '')).toEqual({
      name: [expect.stringMatching(/^[\da-f]{64}$/), expect.stringMatching(/^[\da-f]{64}$/)],
    })
    expect(new Set(rows.map(({ salt }) => salt)).size).toBe(3)
    for (const row of [customerRow, accountRow, renamed])
      await env.DB.prepare('UPDATE audit_log SET changes = ?, salt = NULL WHERE organization_id = ? AND sequence = ?')
        .bind(forgetPersonal(row), id, row.sequence)
        .run()
    expect(await verdict(id)).toMatchObject({ sealed: 3, unsealed: 0, faults: [] })
    const log = await entries(get)
    expect(JSON.stringify(log)).not.toMatch(/Ada|ACME|a@example/)
    expect(log[0]?.changes).toMatchObject({ status: { old: null, new: 'ACTIVE' }, name: { old: null, new: null } })
  })
})

describe('the outbox', () => {
  it('has a row for each change, in the order of the commits, and forgets them after a week', async () => {
    const { id, post, patch } = await organization()
    await post('/customers', customer('acme'))
    await patch('/customers/acme', { name: 'New name' })
    await post('/customers?dry_run=true', customer('other'))
    await post('/customers', customer('acme'))
    const read = async () =>
      await env.DB.prepare('SELECT operation_id, resource_type, resource_id FROM outbox WHERE organization_id = ? ORDER BY sequence')
        .bind(id)
        .raw()
    expect(await read()).toEqual([
      ['createCustomer', 'CUSTOMER', 'acme'],
      ['createCustomer', 'ACCOUNT', 'acme main'],
      ['updateCustomer', 'CUSTOMER', 'acme'],
    ])
    await env.DB.prepare('UPDATE outbox SET at = at - 8 * 86400000 WHERE organization_id = ? AND operation_id = ?')
      .bind(id, 'createCustomer')
      .run()
    await scheduled()
    expect(await read()).toEqual([['updateCustomer', 'CUSTOMER', 'acme']])
  })
})

describe('verifyChain finds', () => {
  beforeAll(async () => {
    for (const name of ['audit_log_kept', 'audit_log_unchanged', 'audit_log_sealed', 'audit_log_forgets'])
      await env.DB.prepare(`DROP TRIGGER ${name}`).run()
  })

  const ROW = 'WHERE organization_id = ?1 AND sequence = 4'
  const COLUMNS =
    'organization_id, sequence, at, token_id, role, operation_id, resource_type, resource_id, request_id, changes, hash, salt, digests'
  it.each([
    [
      'a field',
      `UPDATE audit_log SET changes = json_set(changes, '$.status[1]', 'DRAFT') ${ROW}`,
      ['row 4 was changed, or row 3 with its hash'],
    ],
    [
      'a value about a person',
      `UPDATE audit_log SET changes = json_set(changes, '$.name[1]', 'Another name') ${ROW}`,
      ['row 4 was changed: its values are not those of its digests'],
    ],
    [
      'a field that is forgotten with the values about a person',
      `UPDATE audit_log SET changes = json_set(changes, '$.name[1]', null, '$.status[1]', null), salt = null ${ROW}`,
      ['row 4 was changed, or row 3 with its hash'],
    ],
    [
      'a digest',
      `UPDATE audit_log SET digests = json_set(digests, '$.name[1]', 'x') ${ROW}`,
      ['row 4 was changed: its values are not those of its digests'],
    ],
    [
      'a digest of what is forgotten',
      `UPDATE audit_log SET digests = json_set(digests, '$.name[1]', 'x'), salt = null ${ROW}`,
      ['row 4 was changed, or row 3 with its hash'],
    ],
    ['a time', `UPDATE audit_log SET at = at + 1 ${ROW}`, ['row 4 was changed, or row 3 with its hash']],
    ['an actor', `UPDATE audit_log SET token_id = 'token.x' ${ROW}`, ['row 4 was changed, or row 3 with its hash']],
    [
      'a hash',
      `UPDATE audit_log SET hash = '${'0'.repeat(64)}' ${ROW}`,
      ['row 4 was changed, or row 3 with its hash', 'row 5 was changed, or row 4 with its hash'],
    ],
    ['a removed row', `DELETE FROM audit_log ${ROW}`, ['row 4 was removed']],
    ['removed rows', 'DELETE FROM audit_log WHERE organization_id = ?1 AND sequence BETWEEN 2 AND 4', ['rows 2 to 4 were removed']],
    ['a removed end', 'DELETE FROM audit_log WHERE organization_id = ?1 AND sequence > 6', ['rows 7 to 8 were removed']],
    ['a lost hash', `UPDATE audit_log SET hash = NULL ${ROW}`, ['row 4 was inserted: it has no hash, and rows after it have']],
    [
      'an inserted row',
      `INSERT INTO audit_log (${COLUMNS}) SELECT organization_id, sequence, at + 1, token_id, role, operation_id, resource_type, 'x', request_id, changes, hash, salt, digests FROM audit_log ${ROW}`,
      ['row 4 was inserted: there is another one of its number'],
    ],
    [
      'a removed seal',
      'DELETE FROM audit_seals WHERE organization_id = ?1',
      ['the seal was removed or set back: it ends at row 0, and row 8 has a hash'],
    ],
    [
      'a row behind a seal that was set back',
      'UPDATE audit_seals SET sequence = 2, hash = (SELECT hash FROM audit_log WHERE organization_id = ?1 AND sequence = 2) WHERE organization_id = ?1; UPDATE audit_log SET at = at + 1 WHERE organization_id = ?1 AND sequence = 4',
      ['row 4 was changed, or row 3 with its hash', 'the seal was removed or set back: it ends at row 2, and row 8 has a hash'],
    ],
    ['a seal', "UPDATE audit_seals SET hash = 'x' WHERE organization_id = ?1", ['row 8 was changed with its hash, or the seal was']],
  ] as [string, string, string[]][])('%s', async (_, statement, faults) => {
    const { id, post } = await organization()
    for (let n = 0; n < 4; n++) await post('/customers', customer(`c${n}`))
    await scheduled()
    expect((await verdict(id)).faults).toEqual([])
    for (const one of statement.split(';')) await env.DB.prepare(one).bind(id).run()
    expect((await verdict(id)).faults).toEqual(faults)
  })
})
