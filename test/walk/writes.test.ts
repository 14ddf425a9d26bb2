import { createExecutionContext, createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import worker from '../../src/index.ts'
import { type Answer, changed, client, failed, send, unreadable, watched } from '../helpers/api.ts'
import { type Asked, ask, asked, customer, everything, furnished, group_, writing } from '../helpers/requests.ts'

const key = (value = 'a key') => ({ 'Idempotency-Key': value })
const sizes = (tables: Record<string, string[]>) => Object.values(tables).map(({ length }) => length)
const replayed = ({ headers }: Answer) => headers.get('Idempotency-Replayed')
const plain = ({ status, body, headers }: Answer) => ({ status, body, location: headers.get('Location') })

describe.each(writing)('$operationId', ({ operationId, method }) => {
  it('under a key gives the first answer again, and changes nothing', async () => {
    const api = await furnished()
    const before = await everything(api.id)
    const [request, other] = asked(operationId, api)
    const first = await ask(api, method, request, key())
    expect([first.status, first.body.message, replayed(first)]).toEqual([expect.toBeOneOf([200, 201]), undefined, null])
    const after = await everything(api.id)
    expect(after).not.toEqual(before)
    for (let again = 0; again < 2; again++) {
      const answer = await ask(api, method, request, key())
      expect([plain(answer), replayed(answer)]).toEqual([plain(first), 'true'])
    }
    expect(await everything(api.id)).toEqual(after)
    expect(await ask(api, method, other, key())).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('Idempotency-Key: was used for another request') },
    })
    expect(await everything(api.id)).toEqual(after)
  })

  it('50 at the same moment under one key: one does the work, all get its answer', async () => {
    const [api, alone] = [await furnished(), await furnished()]
    const [request] = asked(operationId, api)
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(api, method, request, key())))
    expect(new Set(answers.map((answer) => JSON.stringify(plain(answer)))).size).toBe(1)
    expect(answers.filter((answer) => replayed(answer) === null)).toHaveLength(1)
    expect([200, 201]).toContain(answers[0]?.status)
    await ask(alone, method, asked(operationId, alone)[0], key())
    expect(sizes(await everything(api.id))).toEqual(sizes(await everything(alone.id)))
  })

  it('says in a dry run what it would answer, in as many round trips, and keeps nothing', async () => {
    const api = await furnished()
    const before = await everything(api.id)
    const [[path, body]] = asked(operationId, api)
    const { d1, seen } = watched()
    const dry = await ask(client(api.token, d1), method, [`${path}?dry_run=true`, body], key())
    expect([dry.status, dry.body.message]).toEqual([expect.toBeOneOf([200, 201]), undefined])
    expect(await everything(api.id)).toEqual(before)
    const dryCalls = seen.calls
    const real = await ask(client(api.token, d1), method, [`${path}?dry_run=false`, body], key())
    expect([real.status, replayed(real)]).toEqual([dry.status, null])
    expect(seen.calls - dryCalls).toBe(dryCalls)
    const ours = /^(togai\w+|createdAt|updatedAt|previousExpiresAt|username|id|token)$/
    const compared = (answer: Answer) =>
      JSON.stringify(answer.body, (name, value: unknown) =>
        ours.test(name) && typeof value === 'string' && /[.:_-]/.test(value) ? 'ours' : value,
      )
    expect(compared(dry)).toBe(compared(real))
  })

  it('asks D1 no more often with a new key than without', async () => {
    const [api, other] = [await furnished(), await furnished()]
    const counts = []
    for (const [from, headers] of [
      [api, {}],
      [other, key()],
    ] as const) {
      const { d1, seen } = watched()
      const [request] = asked(operationId, from)
      expect([200, 201]).toContain((await ask(client(from.token, d1), method, request, headers)).status)
      counts.push(seen.calls)
    }
    expect(counts[1]).toBe(counts[0])
  })

  it.each(['before', 'during', 'after', 'answered'] as const)(
    'ends in one change when it fails %s its batch, and is sent again',
    async (fails) => {
      const [api, alone] = [await furnished(), await furnished()]
      const [request] = asked(operationId, api)
      const before = await everything(api.id)
      const LOST = failed('Network connection lost.')
      const failing = changed((session) => ({
        batch: async (statements) => {
          if (fails === 'before') throw LOST
          const broken = env.DB.prepare("INSERT INTO refusals VALUES ('PLANTED', '[]')")
          if (fails === 'during') return session.batch(statements.toSpliced(Math.ceil(statements.length / 2), 0, broken))
          const results = await session.batch(statements)
          if (fails === 'after') throw LOST
          return results as never
        },
      }))
      const lost = await ask(client(api.token, failing), method, request, key())
      expect(lost.status).toBe({ before: 503, during: 500, after: 503, answered: lost.status }[fails])
      const isMade = fails === 'after' || fails === 'answered'
      if (!isMade) expect(await everything(api.id)).toEqual(before)
      if (isMade) expect((await ask(client(api.token, unreadable(LOST)), method, request, key())).status).toBe(503)
      const again = await ask(api, method, request, key())
      expect([[200, 201].includes(again.status), replayed(again)]).toEqual([true, isMade ? 'true' : null])
      const after = await everything(api.id)
      expect(replayed(await ask(api, method, request, key()))).toBe('true')
      expect(await everything(api.id)).toEqual(after)
      await ask(alone, method, asked(operationId, alone)[0], key())
      expect(sizes(after)).toEqual(sizes(await everything(alone.id)))
    },
  )

  it('is refused to an analyst', async () => {
    const api = await furnished()
    await env.DB.prepare("UPDATE tokens SET role = 'ANALYST' WHERE id = ?").bind(api.tokenId).run()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    const analyst = client((await api.post('/authenticate')).body.token)
    vi.useRealTimers()
    const before = await everything(api.id)
    const { status, body: answer } = await ask(analyst, method, asked(operationId, api)[0])
    expect([status, answer.message]).toEqual([403, 'The role ANALYST reads only.'])
    expect(await everything(api.id)).toEqual(before)
    expect((await analyst.get('/customers')).status).toBe(200)
  })

  it.each(['', 'x'.repeat(256)])('refuses a key of no or too many characters', async (value) => {
    const api = await furnished()
    const { status, body } = await ask(api, method, asked(operationId, api)[0], key(value))
    expect([status, body.message]).toEqual([400, 'Idempotency-Key: must be 1 to 255 characters'])
  })
})

describe('a key', () => {
  it('is not used up by a refusal', async () => {
    const api = await furnished()
    const request: Asked = ['/accounts', { id: 'late', name: 'Late account', customerId: 'late customer' }]
    expect((await ask(api, 'POST', request, key())).status).toBe(404)
    await api.post('/customers', customer('late customer'))
    const made = await ask(api, 'POST', request, key())
    expect([made.status, replayed(made)]).toEqual([201, null])
  })

  it('gives the first answer though what it was about has changed, and knows a body by its content', async () => {
    const api = await furnished()
    const first = await ask(api, 'DELETE', ['/accounts/spare'], key())
    expect([first.status, replayed(await ask(api, 'DELETE', ['/accounts/spare'], key()))]).toEqual([200, 'true'])
    const renamed = await ask(api, 'PATCH', ['/customers/acme', { name: 'One name', primaryEmail: 'one@example.com' }], key('two'))
    await api.patch('/customers/acme', { name: 'Another name' })
    const again = await api.call(
      'PATCH',
      '/customers/acme',
      '{ "primaryEmail": "one@example.com",\n "name": "One\\u0020name" }',
      key('two'),
    )
    expect([again.body, replayed(again)]).toEqual([renamed.body, 'true'])
    expect((await api.get('/customers/acme')).body.name).toBe('Another name')
  })

  it('keeps the answer of a request that changed nothing', async () => {
    const api = await furnished()
    await ask(api, 'PATCH', ['/customers/acme', {}], key())
    await api.patch('/customers/acme', { name: 'Another name' })
    const again = await ask(api, 'PATCH', ['/customers/acme', {}], key())
    expect([again.body.name, replayed(again)]).toEqual(['ACME Enterprise', 'true'])
  })

  it('is of one organization', async () => {
    const [one, other] = [await furnished(), await furnished()]
    const [mine, theirs] = await Promise.all([one, other].map((api) => ask(api, 'POST', ['/customers', customer('new')], key())))
    expect([mine?.status, theirs?.status, theirs && replayed(theirs)]).toEqual([201, 201, null])
  })

  it('is of one role', async () => {
    const api = await furnished()
    const request: Asked = ['/customers', customer('new')]
    expect((await ask(api, 'POST', request, key())).status).toBe(201)
    await env.DB.prepare("UPDATE idempotency_keys SET role = 'DEVELOPER' WHERE organization_id = ?").bind(api.id).run()
    expect((await ask(api, 'POST', request, key())).status).toBe(422)
  })

  it('is kept for 30 days, then cleared', async () => {
    const api = await furnished()
    const made = Date.now()
    await ask(api, 'POST', ['/customers', customer('new')], key())
    const kept = async (days: number) => {
      const controller = createScheduledController({ scheduledTime: new Date(made + days * 86_400_000) })
      await worker.scheduled(controller, { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET }, createExecutionContext())
      return (await everything(api.id, ['idempotency_keys']))['idempotency_keys']?.length
    }
    expect(await kept(29)).toBe(1)
    expect(await kept(31)).toBe(0)
  })
})

describe('a dry run', () => {
  it('meets the conflicts and the wrong fields that the write would', async () => {
    const api = await furnished()
    const before = await everything(api.id)
    expect((await api.post('/customers?dry_run=true', customer('acme'))).body.message).toBe('id: the customer "acme" exists already')
    expect((await api.post('/customers?dry_run=true', { ...customer('new'), name: '' })).status).toBe(400)
    expect((await api.post('/accounts/spare/add_aliases?dry_run=true', { aliases: ['held'] })).status).toBe(409)
    expect((await api.delete('/customers/acme?dry_run=true')).status).toBe(409)
    expect((await api.delete('/customers/nobody?dry_run=true')).status).toBe(404)
    expect((await api.delete('/customers/empty?dry_run=yes')).body.message).toBe('dry_run: must be true or false')
    expect(await everything(api.id)).toEqual(before)
  })

  it('shows of a new account and a new group what only the database knows', async () => {
    const api = await furnished()
    const { body: owner } = await api.get('/customers/acme')
    const account = await api.post('/accounts?dry_run=true', { id: 'new', name: 'New account', customerId: 'acme' })
    expect(account.body.togaiCustomerId).toBe(owner.togaiCustomerId)
    expect((await api.post('/invoice_groups?dry_run=true', { ...group_, accountIds: ['spare'] })).body.invoiceCurrency).toBe('USD')
  })
})

it('two keys are none: two headers of one name arrive as one, with a comma between them', async () => {
  const api = await furnished()
  const before = await everything(api.id)
  const headers = new Headers([
    ['Authorization', `Bearer ${api.token}`],
    ['Content-Type', 'application/json'],
    ['Idempotency-Key', 'one'],
    ['Idempotency-Key', 'other'],
  ])
  const request = new Request('http://localhost/customers', { method: 'POST', headers, body: JSON.stringify(customer('new')) })
  const message = 'Idempotency-Key: must be sent once and hold no comma, with which two of them are joined'
  expect(await send(request)).toMatchObject({ status: 400, body: { message } })
  expect(await api.call('POST', '/customers', customer('new'), key('a,b'))).toMatchObject({ status: 400, body: { message } })
  expect(await everything(api.id)).toEqual(before)
})
