import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ledgerName, slotOf } from '../../src/ledger/client.ts'
import { entitlementCard, overageCard, withCredits } from '../helpers/entitled.ts'
import { eventLedger, runDueWork } from '../helpers/ledger.ts'
import { beginGeneration } from '../helpers/ledgers.ts'
import { gate, throughLedgers, usageOf, watchedLedgers } from '../helpers/metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-04-10T10:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

const MORNING = '2026-04-10T09:00:00Z'
const METERED = 'INGESTION_COMPLETED_EVENT_METERED'
const DUPLICATE = 'INGESTION_FAILED_DUPLICATE_EVENT'

type Api = Awaited<ReturnType<typeof withCredits>>

const ledgerOf = ({ id }: Pick<Api, 'id'>, eventId: string) => eventLedger(ledgerName(id, 'event', 1, slotOf(eventId) % 4))

describe('/entitled', () => {
  it('takes units until none is left, and keeps nothing of what it refuses', async () => {
    const api = await withCredits(10)
    expect(await api.entries('acc')).toMatchObject([
      { source: 'PRICE_PLAN', status: 'ACTIVE', effectiveFrom: '2026-04-10T00:00:00.000Z', granted: 10, balance: 10, used: 0 },
    ])
    const { status, body } = await api.entitle('acc', 7, MORNING, 'seven')
    expect([status, body]).toEqual([200, { success: true }])
    expect(await api.credits('acc')).toMatchObject({ granted: 10, balance: 3, usedOverage: 0 })
    const short = await api.entitle('acc', 4, MORNING, 'four')
    expect([short.status, short.body.message]).toEqual([
      400,
      expect.stringMatching(/^event: needs 4 of the feature "API calls" .* has 3 left/),
    ])
    expect(await api.statuses('four')).toEqual([])
    expect((await api.entitle('acc', 3, MORNING, 'four')).status).toBe(200)
    expect(await api.statuses('four')).toEqual([METERED])
    expect(await api.used()).toBe('10')
  })

  it('lets 10 of 30 pass that come at once for 10 units, then 5 more with overage of 5, and refuses 6 with 5 left whole (P2-56)', async () => {
    const api = await withCredits(10)
    const all = await Promise.all(Array.from({ length: 30 }, (_, index) => api.entitle('acc', 1, MORNING, `one ${index}`)))
    const passed = all.filter(({ status }) => status === 200)
    expect([passed.length, all.filter(({ status }) => status === 400).length]).toEqual([10, 20])
    expect(await api.used()).toBe('10')
    const kept = await Promise.all(Array.from({ length: 30 }, (_, index) => api.statuses(`one ${index}`)))
    expect(kept.filter((its) => its.length)).toHaveLength(10)
    const planId = await api.plan({
      billingEntitlementRateCards: [entitlementCard(api.featureId, 10)],
      entitlementOverageRateCards: [overageCard(api.featureId, 1, { maxQuantity: 5 })],
    })
    await api.account('other', planId, '2026-04-10')
    for (let unit = 0; unit < 10; unit++) expect((await api.entitle('other', 1, MORNING)).status).toBe(200)
    expect((await api.entitle('other', 6, MORNING, 'six')).status).toBe(400)
    expect(await api.statuses('six')).toEqual([])
    const more = await Promise.all(Array.from({ length: 30 }, (_, index) => api.entitle('other', 1, MORNING, `more ${index}`)))
    expect(more.filter(({ status }) => status === 200)).toHaveLength(5)
    expect(await api.credits('other')).toMatchObject({ balance: 0, usedOverage: 5, overageLimit: 5 })
    await api.moveTo('2026-05-04T00:00:00Z')
    expect(await api.billed('other')).toContainEqual(['STANDARD', '2026-04-10', '2026-05-01', '2026-05-04', 5])
  })

  it('counts one id once over three routes at the same moment, whatever comes with it later (P2-31)', async () => {
    const api = await withCredits(100)
    const sent = api.event('acc', 5, MORNING, 'E')
    const send = (index: number) =>
      index % 3 === 1 ? api.post('/ingestBatch', { events: [sent] }) : api.post(index % 3 ? '/entitled' : '/ingest', { event: sent })
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => send(index)))
    expect(answers.map((answer) => answer.status)).toEqual(
      answers.map((_, index) => (index % 3 === 2 ? expect.toBeOneOf([200, 409]) : 202)),
    )
    for (const route of ['/ingest', '/entitled'])
      expect((await api.post(route, { event: api.event('acc', 9, MORNING, 'E') })).status).toBe(route === '/ingest' ? 202 : 409)
    const statuses = await api.statuses('E')
    expect(statuses.filter((status) => status === METERED)).toHaveLength(1)
    expect(statuses.filter((status) => status !== METERED && status !== DUPLICATE)).toEqual([])
    expect([await api.used(), (await api.credits('acc')).balance]).toEqual(['5', 95])
  })

  it('refuses what would count nothing, by its field, and asks no ledger', async () => {
    const api = await withCredits(10)
    const send = (more: Loose) => api.post('/entitled', { event: { ...api.event('acc', 1, MORNING, 'no'), ...more } })
    await api.post('/event_schema', { name: 'rides by bus', attributes: [], dimensions: [] })
    const told: [Loose, RegExp][] = [
      [{ schemaName: 'nothing' }, /^event\.schemaName: the active event schema "nothing" does not exist/],
      [
        { schemaName: 'rides', attributes: [{ name: 'distance', value: '1' }], dimensions: { city: 'x' } },
        /^event\.schemaName: .* feeds no feature/,
      ],
      [{ accountId: 'nobody' }, /^event\.accountId: the account "nobody" does not exist/],
      [{ attributes: [] }, /^event: The event lacks the attribute "calls"/],
      [{ attributes: [{ name: 'calls', value: 'x' }] }, /^event\.attributes\[0\]\.value: must be a decimal number/],
      [{ timestamp: '2026-03-01T00:00:00Z' }, /has 0 left/],
    ]
    for (const [more, message] of told) {
      const { status, body } = await send(more)
      expect([more, status, body.message]).toEqual([more, 400, expect.stringMatching(message)])
    }
    expect(await api.statuses('no')).toEqual([])
    expect((await api.credits('acc')).balance).toBe(10)
  })

  it('takes nothing for 0 units, and gives back units below 0, never above what was granted', async () => {
    const api = await withCredits(10)
    expect((await api.entitle('acc', 0, MORNING, 'none')).status).toBe(200)
    expect((await api.entitle('acc', 4, MORNING)).status).toBe(200)
    expect((await api.entitle('acc', -3, MORNING)).status).toBe(200)
    expect((await api.credits('acc')).balance).toBe(9)
    expect((await api.entitle('acc', '-3.5', MORNING)).status).toBe(200)
    expect(await api.credits('acc')).toMatchObject({ balance: 10, granted: 10 })
    expect(await api.statuses('none')).toEqual([METERED])
  })

  it('asks ledgers three times, one after another', async () => {
    const api = await withCredits(10)
    await api.entitle('acc', 1, MORNING)
    const calls: string[] = []
    const post = throughLedgers(
      api.token,
      watchedLedgers((asked, call) => {
        calls.push(asked.method)
        return call()
      }),
    )
    expect((await post('/entitled', { event: api.event('acc', 1, MORNING) })).status).toBe(200)
    expect(calls).toEqual(['recordEntitled', 'applyActs', 'settle'])
    calls.length = 0
    expect((await post('/entitled', { event: api.event('acc', 100, MORNING) })).status).toBe(400)
    expect(calls).toEqual(['recordEntitled', 'applyActs', 'dropEntitled'])
  })

  it('answers a request with a key again as it was, and refuses another one under it', async () => {
    const api = await withCredits(10)
    const send = (units: number, id: string, key: string) =>
      api.call('POST', '/entitled', { event: api.event('acc', units, MORNING, id) }, { 'Idempotency-Key': key })
    for (let again = 0; again < 3; again++) expect((await send(4, 'keyed', 'a')).status).toBe(200)
    expect((await send(5, 'other', 'a')).status).toBe(422)
    expect((await send(0, 'none', 'a')).status).toBe(422)
    expect((await send(4, 'keyed', 'b')).status).toBe(409)
    expect([await api.statuses('other'), await api.statuses('none')]).toEqual([[], []])
    expect((await api.credits('acc')).balance).toBe(6)
    expect((await send(7, 'later', 'c')).status).toBe(400)
    expect((await send(7, 'later', 'c')).status).toBe(400)
    expect(await api.statuses('later')).toEqual([])
    expect((await send(6, 'last', 'c')).status).toBe(200)
    expect((await send(7, 'later', 'c')).status).toBe(422)
    expect((await send(6, 'last', 'b')).status).toBe(409)
    expect((await send(0, 'free', 'b')).status).toBe(200)
  })

  it('whose key is in use removes nothing of a twin that has taken its credits meanwhile', async () => {
    const api = await withCredits(10)
    const key = { 'Idempotency-Key': 'used' }
    await api.call('POST', '/entitled', { event: api.event('acc', 1, MORNING, 'first') }, key)
    const event = api.event('acc', 2, MORNING, 'twin')
    const [taken, refused] = [gate(), gate()]
    const sendTwin = throughLedgers(
      api.token,
      watchedLedgers(async ({ method }, call) => {
        if (method !== 'settle') return call()
        taken.open()
        await refused.opened
        return call()
      }),
    )
    let twin: Promise<{ status: number }> | undefined
    const keyed = await throughLedgers(
      api.token,
      watchedLedgers(async ({ method }, call) => {
        if (method !== 'dropEntitled' && method !== 'concludeTake') return call()
        twin ??= sendTwin('/entitled', { event })
        await taken.opened
        return call()
      }),
    )('/entitled', { event }, key)
    refused.open()
    expect([keyed.status, (await twin)?.status]).toEqual([422, 200])
    await runDueWork(ledgerOf(api, 'twin'))
    expect([await api.statuses('twin'), await api.used(), (await api.credits('acc')).balance]).toEqual([[METERED], '3', 7])
  })

  it('says in a dry run whether there would be enough, and keeps nothing', async () => {
    const api = await withCredits(10)
    const tryOut = (units: number, id = 'tried') => api.post('/entitled?dry_run=true', { event: api.event('acc', units, MORNING, id) })
    expect((await tryOut(10)).status).toBe(200)
    expect((await tryOut(11)).status).toBe(400)
    expect([await api.statuses('tried'), (await api.credits('acc')).balance]).toEqual([[], 10])
    await api.entitle('acc', 1, MORNING, 'there')
    expect((await tryOut(1, 'there')).status).toBe(409)
  })

  it('has the source ENTITLED, and shows the overage of the event', async () => {
    const api = await withCredits(10, {})
    await api.entitle('acc', 8, MORNING, 'first')
    await api.entitle('acc', 5, MORNING, 'second')
    const { body } = await api.get('/events/second')
    expect(body.events).toMatchObject([
      {
        source: { id: 'ENTITLED', type: 'ENTITLED' },
        eventPipelineInfo: { featureDetails: { featureId: api.featureId, mappedAttribute: 'calls', overageInEvent: 3, overageInCycle: 3 } },
      },
    ])
  })

  it('does not wait for scheduled work when a cycle has begun', async () => {
    const api = await withCredits(10)
    expect((await api.entitle('acc', 10, MORNING)).status).toBe(200)
    /** The clock of the test moves on without what is due being done. */
    await api.db.prepare('UPDATE organizations SET clock_at = ? WHERE id = ?').bind(Date.parse('2026-05-01T00:00:01Z'), api.id).run()
    expect((await api.entitle('acc', 4, '2026-05-01T00:00:00Z')).status).toBe(200)
    expect((await api.entitle('acc', 1, '2026-04-30T23:59:59Z')).status).toBe(400)
    expect(await api.entries('acc')).toMatchObject([
      { effectiveFrom: '2026-05-01T00:00:00.000Z', used: 4 },
      { effectiveFrom: '2026-04-10T00:00:00.000Z', used: 10 },
    ])
  })
})

describe('an /entitled that dies on the way', () => {
  const LOST = Object.assign(new Error('planted'), { retryable: false })

  /** Sends an event whose request fails at a call to a ledger: before it is made, or after. */
  const sendFailing = (api: Api, method: string, when: 'before' | 'after', event: Loose) =>
    throughLedgers(
      api.token,
      watchedLedgers(async (asked, call) => {
        if (asked.method !== method) return call()
        if (when === 'after') await call()
        throw LOST
      }),
    )('/entitled', { event })

  it.each([
    ['recordEntitled', 'before', []],
    ['recordEntitled', 'after', []],
    ['applyActs', 'before', []],
    ['applyActs', 'after', [METERED]],
    ['settle', 'before', [METERED]],
    ['settle', 'after', [METERED]],
  ] as const)('at %s, %s it, is finished by the ledger or never was', async (method, when, statuses) => {
    const api = await withCredits(10)
    await api.entitle('acc', 1, MORNING)
    const event = api.event('acc', 2, MORNING, 'dying')
    expect((await sendFailing(api, method, when, event)).status).toBeGreaterThanOrEqual(500)
    await runDueWork(ledgerOf(api, 'dying'))
    expect(await api.statuses('dying')).toEqual(statuses)
    expect([await api.used(), (await api.credits('acc')).balance]).toEqual(statuses.length ? ['3', 7] : ['1', 9])
    expect((await api.post('/entitled', { event })).status).toBe(statuses.length ? 409 : 200)
    expect([await api.used(), (await api.credits('acc')).balance]).toEqual(['3', 7])
  })

  it.each(['applyActs', 'settle'] as const)('at %s is gone on with when it is sent again', async (method) => {
    const api = await withCredits(10)
    const event = api.event('acc', 2, MORNING, 'dying')
    await sendFailing(api, method, 'before', event)
    expect((await api.post('/entitled', { event })).status).toBe(200)
    expect((await api.post('/entitled', { event })).status).toBe(409)
    expect([await api.used(), (await api.credits('acc')).balance]).toEqual(['2', 8])
  })

  it.each([
    ['applyActs', '/ingest', 202, ['3', 7], [METERED]],
    ['applyActs', '/ingestBatch', 202, ['3', 7], [METERED]],
    ['applyActs', '/entitled', 200, ['3', 7], [METERED]],
    ['settle', '/ingest', 202, ['2', 8], [METERED, DUPLICATE]],
    ['settle', '/ingestBatch', 202, ['2', 8], [METERED, DUPLICATE]],
    ['settle', '/entitled', 409, ['2', 8], [METERED]],
  ] as const)('at %s leaves its id to what comes by %s, unless it took its credits', async (method, path, status, counted, statuses) => {
    const api = await withCredits(10)
    await sendFailing(api, method, 'before', api.event('acc', 2, MORNING, 'dying'))
    const event = api.event('acc', 3, MORNING, 'dying')
    expect((await api.post(path, path === '/ingestBatch' ? { events: [event] } : { event })).status).toBe(status)
    expect((await api.statuses('dying')).toSorted()).toEqual(statuses)
    expect([await api.used(), (await api.credits('acc')).balance]).toEqual(counted)
  })

  it('is waited for by what comes with its id, which is kept if it is refused', async () => {
    const api = await withCredits(10)
    const ids = Array.from({ length: 5 }, (_, index) => `rival ${index}`)
    const both = await Promise.all(
      ids.map((id) =>
        Promise.all([api.entitle('acc', 100, MORNING, id), api.post('/ingest', { event: api.event('acc', 1, MORNING, id) })]),
      ),
    )
    expect(both.flat().filter(({ status }) => status >= 500)).toEqual([])
    for (const id of ids) expect(await api.statuses(id)).toEqual([METERED])
    expect([await api.used(), (await api.credits('acc')).balance]).toEqual(['5', 5])
  })

  it('counts by the meters with which it was recorded when it is sent again', async () => {
    const api = await withCredits(10)
    const event = api.event('acc', 2, MORNING, 'dying')
    expect((await sendFailing(api, 'settle', 'before', event)).status).toBe(500)
    const { id: otherId } = await api.done(
      api.post('/usage_meters', {
        name: 'hundreds',
        type: 'COUNTER',
        aggregation: 'SUM',
        eventSchemaName: 'api_calls',
        computations: [{ computation: '{"*":[{"var":"attributes.calls"},100]}', order: 1 }],
      }),
    )
    await api.done(api.post(`/usage_meters/${otherId}/activate`))
    await api.done(api.post(`/usage_meters/${api.callsId}/deactivate`))
    expect((await api.post('/entitled', { event })).status).toBe(200)
    expect([await api.used(), await usageOf({ id: api.id, meterId: otherId })]).toEqual(['2', '0'])
  })

  it.each([{ 'Idempotency-Key': 'one' }, {}])(
    'lets nobody in before it is known whether it is kept, though ledgers have changed: %o',
    async (key) => {
      const api = await withCredits(10)
      const event = api.event('acc', 2, MORNING, 'dying')
      const post = throughLedgers(
        api.token,
        watchedLedgers(({ method }, call) => (method === 'applyActs' ? Promise.reject(LOST) : call())),
      )
      expect((await post('/entitled', { event }, key)).status).toBe(500)
      await beginGeneration(api.id, 4)
      expect((await api.call('POST', '/entitled', { event }, key)).status).toBe(503)
      await runDueWork(ledgerOf(api, 'dying'))
      expect(await api.statuses('dying')).toEqual([])
      expect((await api.call('POST', '/entitled', { event }, key)).status).toBe(200)
      expect([await api.statuses('dying'), (await api.credits('acc')).balance]).toEqual([[METERED], 8])
    },
  )

  it('when it is refused leaves nothing, and its id is free', async () => {
    const api = await withCredits(10)
    const event = api.event('acc', 20, MORNING, 'dying')
    await sendFailing(api, 'dropEntitled', 'before', event)
    await runDueWork(ledgerOf(api, 'dying'))
    expect(await api.statuses('dying')).toEqual([])
    expect((await api.entitle('acc', 1, MORNING, 'dying')).status).toBe(200)
    expect((await api.credits('acc')).balance).toBe(9)
  })
})
