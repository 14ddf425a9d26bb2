import { createExecutionContext, createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AuditRow, type Seal, verifyChain } from '../../src/access/audit/chain.ts'
import worker from '../../src/index.ts'
import { doDueOf } from '../../src/access/due/service.ts'
import { connect } from '../../src/db/client.ts'
import { erasureSteps } from '../../src/erasure/steps.ts'
import { changed, client, organization, writesIn } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { LATE, archivePerson, findMark, made, withPerson } from '../helpers/person.ts'
import { doDue, system } from '../helpers/ledgers.ts'
import { run } from '../helpers/webhooks.ts'
import { doReports, fetchLink, make, query } from '../helpers/reports.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const setTime = (time: string): void => {
  vi.setSystemTime(Date.parse(time))
}

const verdictOf = async (id: string) => {
  const { results } = await env.DB.prepare(
    `SELECT organization_id AS organizationId, sequence, at, token_id AS tokenId, role, operation_id AS operationId, resource_type AS resourceType,
       resource_id AS resourceId, request_id AS requestId, changes, hash, salt, digests
     FROM audit_log WHERE organization_id = ? ORDER BY at, sequence`,
  )
    .bind(id)
    .all<AuditRow>()
  const seal = await env.DB.prepare('SELECT organization_id AS organizationId, sequence, hash FROM audit_seals WHERE organization_id = ?')
    .bind(id)
    .first<Seal>()
  return verifyChain(results, seal ?? undefined)
}

/** Seals the audit log, as the cron does. */
const seal = () =>
  worker.scheduled(
    createScheduledController({ scheduledTime: new Date() }),
    { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET },
    createExecutionContext(),
  )

/** Every place that has something of the person before. */
const MARKED = [
  'account ledger: license_action',
  'account_aliases',
  'accounts',
  'alerts',
  'aliases',
  'audit_log',
  'bucket',
  'contacts',
  'credits',
  'customers',
  'event ledger: account',
  'event ledger: event',
  'event ledger: listing',
  'event ledger: past',
  'event ledger: sum_day',
  'event ledger: sum_hour',
  'event ledger: timeline',
  'event ledger: unprocessed',
  'event ledger: waiting',
  'files',
  'idempotency_keys',
  'invoice_groups',
  'invoices',
  'jobs',
  'license_updates',
  'payments',
  'reports',
  'settings',
  'webhook_events',
]

type Person = Awaited<ReturnType<typeof withPerson>>

const setting = { id: 'own', value: 'own', namespace: 'USER', name: 'Own', dataType: 'STRING' }

const JUNE = { startTime: '2024-06-01T00:00:00Z', endTime: '2024-07-01T00:00:00Z' }

/** What the organization adds up to: usage, revenue and numbers of events; its invoices without names, and what their verification says. */
const countsOf = async ({ get, post }: Person): Promise<Loose> => {
  const { data } = await made(get('/invoices?pageSize=50'))
  const invoices = await Promise.all(data.map(async ({ id }: Loose) => made(get(`/invoices/${id}`))))
  return {
    metrics: await made(
      post('/metrics', {
        ...JUNE,
        metricQueries: [
          { id: 'usage', name: 'USAGE', aggregationPeriod: 'DAY', groupBy: 'ACCOUNT_ID' },
          { id: 'revenue', name: 'REVENUE', aggregationPeriod: 'DAY', groupBy: 'ACCOUNT_ID' },
          { id: 'events', name: 'EVENTS', aggregationPeriod: 'DAY', groupBy: 'EVENT_STATUS' },
        ],
      }),
    ),
    invoices: invoices.map(({ pdfUrl: _pdfUrl, ...invoice }) => invoice),
    licenses: (await made(get('/named_license_updates?pageSize=50'))).data.map(({ name: _name, ...entry }: Loose) => entry),
    verified: await made(get('/invoice_verifications')),
  }
}

const withArchivedPerson = async (): Promise<Person> => {
  const api = await withPerson(setTime)
  await archivePerson(api, setTime)
  return api
}

const erasureOf = async ({ get }: Pick<Person, 'get'>): Promise<Loose> => (await made(get('/erasures?customer_id=gone'))).data[0]

/** Does one slice. */
const doOne = (id: string, d1 = env.DB) => {
  let asked = 0
  return doDueOf({ ...system(id, Date.now() + 1000), session: connect(d1).primary() }, erasureSteps, () => asked++ >= 3)
}

/** Does one slice, and dies before its commit. */
const killed = async (id: string): Promise<void> => {
  const d1 = changed((session) => ({
    batch: (statements) => (writesIn(statements) ? Promise.reject(new Error('killed')) : session.batch(statements)),
  }))
  const { errors } = await doOne(id, d1)
  if (errors[0]) throw errors[0]
}

describe('eraseCustomer', () => {
  it('leaves nothing of a person but in invoices that were issued, and nothing that counts becomes another', async () => {
    const api = await withArchivedPerson()
    const { id, get, post, call } = api
    await seal()
    const before = await countsOf(api)
    expect(before.verified.data.length).toBe(before.invoices.length)
    expect(before.invoices.filter(({ metadata }: Loose) => metadata?.purchaseId)).toHaveLength(1)
    expect(before.verified.data.flatMap(({ differences }: Loose) => differences)).toEqual([])
    expect(await findMark(api)).toEqual(MARKED)
    const dry = await made(post('/customers/gone/erase?dry_run=true'))
    expect(await findMark(api)).toEqual(MARKED)
    expect(await made(post('/customers/gone/erase'))).toMatchObject({
      number: 1,
      status: 'IN_PROGRESS',
      erased: { customers: 1, contacts: 1 },
    })
    expect((await doDue(id)).errors).toEqual([])
    expect(await findMark(api)).toEqual(['invoices'])
    const { erased, status } = await erasureOf(api)
    expect(status).toBe('COMPLETED')
    expect(erased).toEqual({ customers: 1, ...Object.fromEntries(Object.entries(dry.found).filter(([, count]) => count)) })
    await seal()
    expect(await verdictOf(id)).toMatchObject({ unsealed: 0, faults: [] })
    expect(await countsOf(api)).toEqual(before)

    expect(await made(get('/customers/gone'))).toMatchObject({
      name: 'Erased',
      primaryEmail: 'erased@erased.invalid',
      address: {},
      status: 'ARCHIVED',
    })
    expect(await made(get('/accounts/gone%20main'))).toMatchObject({ name: 'Erased', status: 'ARCHIVED', aliases: [], settings: [] })
    const log = (await made(get('/audit_log?resource_type=CUSTOMER&resource_id=gone&pageSize=100'))).data
    expect(log.filter(({ operationId }: Loose) => operationId === 'eraseCustomer')).toMatchObject([
      { tokenId: api.tokenId, changes: { erasure: { new: 1 } } },
    ])
    expect(log[0]).toMatchObject({ tokenId: 'system', changes: { erased: { new: erased } } })

    const again = await call('PATCH', '/customers/gone', LATE, { 'Idempotency-Key': 'late' })
    expect([again.status, again.body.message]).toEqual([409, expect.stringContaining('was erased with the customer')])
    expect((await post('/customers/gone/restore')).body.message).toBe('The customer "gone" was erased, and cannot be restored')
    expect((await post('/accounts/gone%20main/restore')).status).toBe(409)
  })

  it('knows events again that are sent again, and keeps nothing of them; others are unknown', async () => {
    const api = await withArchivedPerson()
    const { id, get, post } = api
    await made(post('/customers/gone/erase'))
    await doDue(id)
    const event = (its: string, accountId: string) => ({
      id: its,
      schemaName: 'rides',
      timestamp: '2024-06-12T10:00:00Z',
      accountId,
      attributes: [{ name: 'distance', value: '2.25' }],
      dimensions: { city: 'Quixotica city' },
    })
    await made(post('/ingest', { event: event('by alias', 'Quixotica@example.net') }))
    const { events } = await made(get('/events/by%20alias'))
    expect(events.map(({ ingestionStatus }: Loose) => ingestionStatus.status).toSorted()).toEqual([
      'INGESTION_COMPLETED_EVENT_METERED',
      'INGESTION_FAILED_DUPLICATE_EVENT',
    ])
    expect(await findMark(api)).toEqual(['invoices'])
    await made(post('/ingest', { event: event('new', 'Quixotica@example.net') }))
    expect((await made(get('/events/new'))).events[0].ingestionStatus.status).toBe('INGESTION_FAILED_ACCOUNT_NOT_FOUND')

    await made(post('/ingest', { event: event('by its id', 'gone main') }))
    expect(await made(post('/customers/gone/erase'))).toMatchObject({ number: 2, status: 'IN_PROGRESS' })
    await doDue(id)
    expect((await erasureOf(api)).erased).toMatchObject({ events: 1, accounts: 2 })
    expect((await made(get('/events/by%20its%20id'))).events[0].eventPayload).toMatchObject({ attributes: [], dimensions: {} })
  })

  it('goes on where it was killed, after each slice, and is begun once by many at once', async () => {
    const api = await withArchivedPerson()
    const { id, post } = api
    const answers = await Promise.all(Array.from({ length: 5 }, () => post('/customers/gone/erase')))
    expect(answers.map(({ status, body }) => [status, body.number])).toEqual(answers.map(() => [202, 1]))
    let [slices, kills] = [0, 0]
    for (; (await erasureOf(api)).status !== 'COMPLETED'; slices++) {
      const before = await erasureOf(api)
      await killed(id).catch(() => kills++)
      expect(await erasureOf(api)).toEqual(before)
      await doOne(id)
      expect(slices).toBeLessThan(60)
    }
    expect(slices).toBeGreaterThan(8)
    expect(kills).toBe(slices)
    await doDue(id)
    expect(await findMark(api)).toEqual(['invoices'])
    await seal()
    expect(await verdictOf(id)).toMatchObject({ unsealed: 0, faults: [] })
  })

  it('waits for what is owed, and is refused to others', async () => {
    const [api, other] = [await withPerson(setTime), await organization()]
    const { post, call } = api
    const said = async () => {
      const { status, body } = await post('/customers/gone/erase')
      return [status, body.message]
    }
    expect(await said()).toEqual([409, 'The customer "gone" is not archived. Archive its accounts and then the customer first'])
    for (const account of ['gone%20main', 'gone%20side']) await made(call('DELETE', `/accounts/${account}`))
    setTime('2024-08-10T00:00:00Z')
    await doDue(api.id)
    await made(call('DELETE', '/customers/gone'))
    expect(await said()).toEqual([
      409,
      expect.stringMatching(/^The invoice "inv\..*" of the customer "gone" is DUE\. Erase the customer when/),
    ])
    expect((await post('/customers/gone/erase?dry_run=true')).status).toBe(409)
    expect((await other.post('/customers/gone/erase')).body.message).toBe('The customer "gone" does not exist.')
    expect((await made(other.get('/erasures'))).data).toEqual([])
    for (const role of ['DEVELOPER', 'ANALYST']) {
      const { token } = await made(post('/tokens', { name: role, role }))
      expect((await client(token).post('/customers/gone/erase')).status).toBe(403)
    }
  })

  it('leaves an alias to another customer who had it too', async () => {
    const api = await withPerson(setTime)
    const { id, post, get } = api
    await made(post('/accounts/gone%20main/add_aliases', { aliases: ['shared'] }))
    setTime('2024-07-05T00:00:00Z')
    await made(post('/accounts/gone%20main/remove_aliases', { aliases: ['shared'] }))
    await made(post('/customers', { ...customer('next'), account: { id: 'next main', name: 'Next account', aliases: ['shared'] } }))
    await archivePerson(api, setTime)
    await made(post('/customers/gone/erase'))
    await doDue(id)
    expect((await made(get('/accounts/next%20main'))).aliases).toEqual([{ alias: 'shared', status: 'ACTIVE' }])
    expect((await made(get('/aliases/shared'))).value).toBe('shared')
    /** What ledgers and endpoints are told of the other customer is there for a while. */
    const places = new Set(await findMark(api, 'shared')).difference(new Set(['event ledger: told', 'webhook_events']))
    expect([...places]).toEqual(['account_aliases', 'aliases', 'audit_log'])
  })

  it('leaves what is of another customer, who has the same ids for other things', async () => {
    const api = await withPerson(setTime)
    const { id, call, get, post } = api
    const next = { ...customer('gone main'), account: { id: 'gone', name: 'Next account' } }
    const sent = [
      ['/customers', next],
      ['/settings', { ...setting, entityId: 'gone', entityType: 'ACCOUNT' }],
      ['/settings', { ...setting, entityId: 'gone main', entityType: 'CUSTOMER' }],
    ] as const
    const send = () =>
      Promise.all(sent.map(([path, body], index) => made(call('POST', path, body, { 'Idempotency-Key': `next ${index}` }))))
    await made(call('POST', ...sent[0], { 'Idempotency-Key': 'next 0' }))
    const answers = await send()
    await run()
    const { fileId } = await make(api, query('accounts', ['account_id', 'name']), { name: 'Next report', account_id: 'gone' })
    await archivePerson(api, setTime)
    const told = async (): Promise<string[]> => {
      const { results } = await env.DB.prepare(
        "SELECT body FROM webhook_events WHERE organization_id = ? AND (resource_type, resource_id) IN (('ACCOUNT', 'gone'), ('CUSTOMER', 'gone main')) ORDER BY resource_type",
      )
        .bind(id)
        .all<{ body: string }>()
      return results.map(({ body }) => body)
    }
    const before = await told()
    expect(before.map((body) => JSON.parse(body).data.name)).toEqual(['Next account', 'ACME Enterprise'])
    await made(post('/customers/gone/erase'))
    await doDue(id)
    expect((await erasureOf(api)).status).toBe('COMPLETED')
    expect(await findMark(api)).toEqual(['invoices'])
    expect(await told()).toEqual(before)
    expect(await send()).toEqual(answers)
    const link = await made(get(`/files/${fileId}/download_url`))
    expect(await (await fetchLink(link.downloadUrl)).text()).toContain('Next account')
  })

  it('deletes the files of reports that have read something before it was erased, and waits for those that are being made', async () => {
    const api = await withArchivedPerson()
    const { id, post } = api
    await made(post('/customers/gone/erase'))
    const placeOf = () => env.DB.prepare('SELECT place FROM erasures WHERE organization_id = ?').bind(id).first('place')
    while ((await placeOf()) !== 'EVENTS') await doOne(id)
    await make(api, query('events', ['event_id', 'account_id']), { name: 'All events' })
    expect(await findMark(api)).toContain('bucket')
    await env.DB.prepare(
      `INSERT INTO reports (id, organization_id, account_id, customer_id, name, type, status, query, created_at, updated_at, version)
       SELECT 'report.asked', organization_id, account_id, customer_id, name, type, 'QUEUED', query, created_at, updated_at, 1
       FROM reports WHERE organization_id = ? AND account_id = 'gone main'`,
    )
      .bind(id)
      .run()
    await doDue(id)
    expect((await erasureOf(api)).status).toBe('IN_PROGRESS')
    await env.DB.prepare("INSERT INTO due (organization_id, kind, subject, due_at) VALUES (?, 'REPORT', 'report.asked', ?)")
      .bind(id, Date.now())
      .run()
    await doReports(id)
    setTime('2024-07-25T00:05:00Z')
    await doDue(id)
    const { status, found, erased } = await erasureOf(api)
    expect([status, erased.files - found.files]).toEqual(['COMPLETED', 2])
    expect(await findMark(api)).toEqual(['invoices'])
  })

  it('takes no alias that another customer has got meanwhile', async () => {
    const api = await withArchivedPerson()
    const { id, post, get } = api
    const alias = 'Quixotica@example.net'
    await made(post('/customers/gone/erase'))
    const placeOf = () => env.DB.prepare('SELECT place FROM erasures WHERE organization_id = ?').bind(id).first('place')
    while ((await placeOf()) !== 'EVENTS') await doOne(id)
    let isTaken = false
    const d1 = changed((session) => ({
      batch: async (statements) => {
        if (writesIn(statements) && !isTaken) {
          isTaken = true
          await made(post('/customers', { ...customer('next'), account: { id: 'next main', name: 'Next account', aliases: [alias] } }))
        }
        return session.batch(statements)
      },
    }))
    expect((await doOne(id, d1)).errors).toEqual([])
    await doDue(id)
    expect(isTaken).toBe(true)
    expect((await erasureOf(api)).status).toBe('COMPLETED')
    expect((await made(get('/accounts/next%20main'))).aliases).toEqual([{ alias, status: 'ACTIVE' }])
    expect((await made(get(`/aliases/${encodeURIComponent(alias)}`))).value).toBe(alias)
  })

  it('waits for what its invoice group owes', async () => {
    setTime('2024-06-01T00:00:00Z')
    const { id, post, patch, call } = await organization()
    await made(post('/customers', customer('gone')))
    const group = await made(
      post('/invoice_groups', {
        name: 'Group',
        email: 'g@example.com',
        dailyInvoiceConsolidation: false,
        accountIds: ['gone main'],
        address: {},
      }),
    )
    const invoice = await made(
      post('/invoices', {
        accountId: group.id,
        ownerType: 'INVOICE_GROUP',
        startDate: '2024-05-01T00:00:00Z',
        endDate: '2024-06-01T00:00:00Z',
        autoAdvance: false,
        lineItems: [{ id: 'l', description: 'line', value: 3 }],
        status: 'DUE',
      }),
    )
    await made(call('DELETE', '/accounts/gone%20main'))
    await doDue(id)
    await made(call('DELETE', '/customers/gone'))
    const refused = await post('/customers/gone/erase')
    expect([refused.status, refused.body.message]).toEqual([
      409,
      `The invoice "${invoice.id}" of the customer "gone" is DUE. Erase the customer when it is PAID, VOID or UN_COLLECTIBLE`,
    ])
    await made(patch(`/invoices/${invoice.id}`, { status: 'PAID' }))
    expect((await post('/customers/gone/erase')).status).toBe(202)
  })
})

describe('listErasures', () => {
  it('shows on each page only those of the organization, though another has customers with the same ids', async () => {
    setTime('2024-06-01T00:00:00Z')
    const ids = ['a', 'b', 'c']
    const erased = async () => {
      const api = await organization()
      for (const id of ids) {
        await made(api.post('/customers', customer(id)))
        await made(api.call('DELETE', `/accounts/${id}%20main`))
        await doDue(api.id)
        await made(api.call('DELETE', `/customers/${id}`))
        await made(api.post(`/customers/${id}/erase`))
      }
      return api
    }
    const [one, other] = [await erased(), await erased()]
    for (const { get, tokenId } of [one, other]) {
      const found: Loose[] = []
      for (let token: string | undefined = ''; token !== undefined;) {
        const page = await made(get(`/erasures?pageSize=1&nextToken=${token}`))
        found.push(...page.data)
        token = page.nextToken
      }
      expect(found.map(({ customerId, erasedBy }) => [customerId, erasedBy])).toEqual(ids.map((id) => [id, tokenId]))
    }
  })
})
