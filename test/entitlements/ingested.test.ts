import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ledgerName, slotOf } from '../../src/ledger/client.ts'
import { withCredits } from '../helpers/entitled.ts'
import { eventLedger, runDueWork } from '../helpers/ledger.ts'
import { doDue } from '../helpers/ledgers.ts'
import { throughLedgers, watchedLedgers } from '../helpers/metering.ts'

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
const SHORT = 'INGESTION_FAILED_INSUFFICIENT_CREDITS'

type Api = Awaited<ReturnType<typeof withCredits>>

const correct = async ({ post }: Pick<Api, 'post'>, action: string, id: string): Promise<string> => {
  const { body } = await post(`/events/correction?action=${action}&account_id=acc&event_id=${encodeURIComponent(id)}`)
  return body.data?.map(({ status }: Loose) => status).join() ?? body.message
}

describe('an event that is ingested and feeds a feature', () => {
  it('takes its units, and fails without metering anything if there are too few', async () => {
    const api = await withCredits(10)
    await api.ingest('acc', 8, MORNING, 'eight')
    await api.ingest('acc', 3, MORNING, 'three')
    expect([await api.statuses('eight'), await api.statuses('three')]).toEqual([[METERED], [SHORT]])
    expect([await api.used(), await api.credits('acc')]).toEqual(['8', expect.objectContaining({ balance: 2 })])
    const { body } = await api.get('/events/three')
    expect(body.events[0].ingestionStatus.statusDescription).toBe(
      'The event needs 3 credits of its feature, and the account has 2 at that time, with the overage that it may still have.',
    )
  })

  it('takes in a batch one after another, in two calls more for all of them', async () => {
    const api = await withCredits(10)
    const events = [4, 4, 4, 2].map((calls, index) => api.event('acc', calls, MORNING, `batch ${index}`))
    const calls: string[] = []
    const post = throughLedgers(
      api.token,
      watchedLedgers((asked, call) => {
        calls.push(asked.method)
        return call()
      }),
    )
    expect((await post('/ingestBatch', { events })).status).toBe(202)
    const statuses = await Promise.all(events.map(({ id }) => api.statuses(id)))
    expect(statuses).toEqual([[METERED], [METERED], [SHORT], [METERED]])
    expect(calls.filter((method) => method === 'applyActs')).toHaveLength(1)
    expect(calls.filter((method) => method === 'settle').length).toBe(calls.filter((method) => method === 'record').length)
  })

  it('is finished by its ledger if the request dies', async () => {
    const api = await withCredits(10)
    const post = throughLedgers(
      api.token,
      watchedLedgers((asked, call) => (asked.method === 'applyActs' ? Promise.reject(new Error('planted')) : call())),
    )
    expect((await post('/ingest', { event: api.event('acc', 4, MORNING, 'dying') })).status).toBe(500)
    expect(await api.statuses('dying')).toEqual(['INGESTION_IN_PROGRESS'])
    await runDueWork(eventLedger(ledgerName(api.id, 'event', 1, slotOf('dying') % 4)))
    expect([await api.statuses('dying'), (await api.credits('acc')).balance]).toEqual([[METERED], 6])
  })

  it('is finished by its ledger in a cycle that grants nothing, too', async () => {
    const api = await withCredits(10, undefined, {
      featureConfigs: [{ effectiveUntil: 'P3M', featureCreditLimit: 10 }],
      invoiceTiming: 'IN_ADVANCE',
      recurrenceConfig: { interval: 3 },
    })
    await api.moveTo('2026-06-01T10:00:00Z')
    vi.setSystemTime(Date.parse('2026-06-01T10:00:00Z'))
    const post = throughLedgers(
      api.token,
      watchedLedgers((asked, call) => (asked.method === 'applyActs' ? Promise.reject(new Error('planted')) : call())),
    )
    expect((await post('/ingest', { event: api.event('acc', 2, '2026-06-01T09:00:00Z', 'dying') })).status).toBe(500)
    await runDueWork(eventLedger(ledgerName(api.id, 'event', 1, slotOf('dying') % 4)))
    expect([await api.statuses('dying'), (await api.credits('acc')).balance]).toEqual([[METERED], 8])
  })

  it('whose units cannot be metered takes none, but must have enough', async () => {
    const api = await withCredits(10)
    await api.done(
      api.post('/usage_meters', {
        name: 'broken',
        type: 'COUNTER',
        aggregation: 'SUM',
        eventSchemaName: 'api_calls',
        computations: [{ computation: '{"/":[1,{"-":[{"var":"attributes.calls"},5]}]}', order: 1 }],
      }),
    )
    const { body } = await api.get('/usage_meters?status=DRAFT')
    await api.done(api.post(`/usage_meters/${body.data[0].id}/activate`))
    await api.ingest('acc', 5, MORNING, 'broken')
    expect([await api.statuses('broken'), (await api.credits('acc')).balance]).toEqual([['INGESTION_FAILED_UNITS_INVALID'], 10])
    expect((await api.entitle('acc', 5, MORNING, 'entitled')).status).toBe(400)
    await api.ingest('acc', 8, MORNING)
    await api.ingest('acc', 5, MORNING, 'short')
    expect(await api.statuses('short')).toEqual([SHORT])
  })

  it('that waits for its account takes its units when there is one', async () => {
    const api = await withCredits(10)
    await api.ingest('late', 4, MORNING, 'waiting')
    expect(await api.statuses('waiting')).toEqual(['INGESTION_FAILED_ACCOUNT_NOT_FOUND'])
    await api.done(api.post('/accounts/acc/add_aliases', { aliases: ['late'] }))
    await doDue(api.id)
    expect([await api.statuses('waiting'), (await api.credits('acc')).balance]).toEqual([[METERED], 6])
  })

  it('counts by the entries of its own time', async () => {
    const api = await withCredits(10, undefined, { featureConfigs: [{ effectiveUntil: 'P21D', featureCreditLimit: 10 }] })
    await api.moveTo('2026-05-01T10:00:00Z')
    await api.ingest('acc', 6, '2026-04-30T23:59:59.999Z', 'april')
    await api.ingest('acc', 7, '2026-05-01T00:00:00Z', 'may')
    expect([await api.statuses('april'), await api.statuses('may')]).toEqual([[METERED], [METERED]])
    expect((await api.entries('acc')).map(({ used }: Loose) => used)).toEqual([7, 6])
    await api.moveTo('2026-05-04T00:00:00Z')
    await api.ingest('acc', 1, '2026-04-30T10:00:00Z', 'too late')
    expect(await api.statuses('too late')).toEqual(['INGESTION_FAILED_PAST_GRACE_PERIOD'])
    expect((await api.entitle('acc', 1, '2026-04-30T10:00:00Z')).body.message).toMatch(
      /^event\.timestamp: is in a pricing cycle that was closed/,
    )
  })
})

describe('a correction', () => {
  it('gives units back to where they came from, once, and takes them again', async () => {
    const api = await withCredits(10, {})
    await api.ingest('acc', 12, MORNING, 'both')
    expect(await api.credits('acc')).toMatchObject({ balance: 0, usedOverage: 2 })
    expect(await Promise.all([correct(api, 'UNDO', 'both'), correct(api, 'UNDO', 'both')])).toEqual(
      expect.arrayContaining(['REVERTED', expect.stringMatching(/FAILED|REVERTED/)]),
    )
    await correct(api, 'UNDO', 'both')
    expect([await api.used(), await api.credits('acc')]).toEqual(['0', expect.objectContaining({ balance: 10, usedOverage: 0 })])
    await api.ingest('acc', 12, MORNING, 'both')
    expect(await correct(api, 'REDO', 'both')).toContain('REVERTED_AND_REINGESTED')
    expect([await api.used(), await api.credits('acc')]).toEqual(['12', expect.objectContaining({ balance: 0, usedOverage: 2 })])
    const [now] = (await api.get('/events/both')).body.events
    const sent = { event: api.event('acc', 3, MORNING, 'both') }
    const { body } = await api.post(`/events/correction?action=REDO_EVENT&account_id=acc&id=${now.referenceId}`, sent)
    expect(body.data).toMatchObject([{ status: 'REVERTED_AND_REINGESTED' }])
    expect([await api.used(), await api.credits('acc')]).toEqual(['3', expect.objectContaining({ balance: 7, usedOverage: 0 })])
  })

  it('of an event that gave units back is refused while these are used, so that they are not used twice', async () => {
    const api = await withCredits(10, { maxQuantity: 5 })
    for (const [id, units] of [
      ['a', 10],
      ['b', -6],
      ['c', 4],
    ] as const)
      expect((await api.entitle('acc', units, MORNING, id)).status).toBe(200)
    for (const action of ['UNDO', 'REDO']) {
      const { body } = await api.post(`/events/correction?action=${action}&account_id=acc&event_id=b`)
      expect(body.data).toMatchObject([{ status: 'FAILED', reason: '4 of the units that it gave back have been used since' }])
    }
    expect(await api.credits('acc')).toMatchObject({ balance: 2, usedOverage: 0 })
    expect(await correct(api, 'UNDO', 'c')).toBe('REVERTED')
    expect(await correct(api, 'UNDO', 'b')).toBe('REVERTED')
    expect(await api.credits('acc')).toMatchObject({ balance: 0, usedOverage: 0 })
    expect(await api.used()).toBe('10')
  })

  it('of an event that took no credits is refused', async () => {
    const api = await withCredits(1)
    await api.ingest('acc', 2, MORNING, 'short')
    expect(await correct(api, 'UNDO', 'short')).toBe('FAILED')
    expect((await api.credits('acc')).balance).toBe(1)
  })

  it('gives back what is of an entry that has ended in a new one, as long as that was', async () => {
    const api = await withCredits(10, undefined, { featureConfigs: [{ effectiveUntil: 'P1D', featureCreditLimit: 10 }] })
    await api.entitle('acc', 4, MORNING, 'four')
    await api.moveTo('2026-04-12T08:00:00Z')
    expect(await correct(api, 'UNDO', 'four')).toBe('REVERTED')
    expect(await api.entries('acc')).toMatchObject([
      {
        source: 'REFUND',
        status: 'ACTIVE',
        effectiveFrom: '2026-04-12T08:00:00.000Z',
        effectiveUntil: '2026-04-13T08:00:00.000Z',
        granted: 4,
        balance: 4,
      },
      { source: 'PRICE_PLAN', status: 'EXPIRED', used: 4 },
    ])
    expect((await api.entitle('acc', 4, '2026-04-12T08:00:00Z')).status).toBe(200)
  })

  it('is finished by the ledger of the event if the request dies', async () => {
    const api = await withCredits(10)
    await api.ingest('acc', 4, MORNING, 'dying')
    const post = throughLedgers(
      api.token,
      watchedLedgers((asked, call) => (asked.method === 'revertActs' ? Promise.reject(new Error('planted')) : call())),
    )
    expect((await post('/events/correction?action=UNDO&account_id=acc&event_id=dying', undefined)).status).toBe(500)
    await runDueWork(eventLedger(ledgerName(api.id, 'event', 1, slotOf('dying') % 4)))
    expect([await api.used(), (await api.credits('acc')).balance]).toEqual(['0', 10])
  })

  it.each(['/ingest', '/entitled'])('gives units back of an event that was still in progress when it was found: %s', async (route) => {
    const api = await withCredits(10)
    const through = (method: string, before: () => Promise<unknown>) =>
      throughLedgers(
        api.token,
        watchedLedgers(async (asked, call) => {
          if (asked.method === method) await before()
          return call()
        }),
      )
    const fail = () => Promise.reject(new Error('planted'))
    expect((await through('settle', fail)(route, { event: api.event('acc', 4, MORNING, 'late') })).status).toBe(500)
    const settle = () => runDueWork(eventLedger(ledgerName(api.id, 'event', 1, slotOf('late') % 4)))
    const { body } = await through('revert', settle)('/events/correction?action=UNDO&account_id=acc&event_id=late', undefined)
    expect(body.data).toMatchObject([{ status: 'REVERTED' }])
    expect([await api.statuses('late'), await api.used(), (await api.credits('acc')).balance]).toEqual([['REVERTED'], '0', 10])
  })

  it('that is not finished when its cycle is closed leaves nothing to be billed', async () => {
    const api = await withCredits(1, {})
    expect((await api.entitle('acc', 4, '2026-04-30T10:00:00Z', 'dying')).status).toBe(200)
    const post = throughLedgers(
      api.token,
      watchedLedgers((asked, call) => (asked.method === 'revertActs' ? Promise.reject(new Error('planted')) : call())),
    )
    expect((await post('/events/correction?action=UNDO&account_id=acc&event_id=dying', undefined)).status).toBe(500)
    await api.moveTo('2026-05-04T00:00:00Z')
    expect((await api.billed('acc'))[0]).toEqual(['STANDARD', '2026-04-10', '2026-05-01', '2026-05-04', 0])
    await runDueWork(eventLedger(ledgerName(api.id, 'event', 1, slotOf('dying') % 4)))
    expect((await api.entries('acc')).filter(({ used }: Loose) => used !== 0)).toEqual([])
  })
})

describe('a cycle that is closed while an event is in progress', () => {
  it.each(['/ingest', '/entitled'])('counts nothing of it, and bills no overage for it: %s', async (route) => {
    const api = await withCredits(1, {})
    const post = throughLedgers(
      api.token,
      watchedLedgers((asked, call) => (asked.method === 'settle' ? Promise.reject(new Error('planted')) : call())),
    )
    expect((await post(route, { event: api.event('acc', 4, '2026-04-30T10:00:00Z', 'dying') })).status).toBe(500)
    expect(await api.credits('acc')).toMatchObject({ balance: 0, usedOverage: 3 })
    await api.moveTo('2026-05-04T00:00:00Z')
    expect((await api.billed('acc'))[0]).toEqual(['STANDARD', '2026-04-10', '2026-05-01', '2026-05-04', 0])
    await runDueWork(eventLedger(ledgerName(api.id, 'event', 1, slotOf('dying') % 4)))
    await runDueWork(eventLedger(ledgerName(api.id, 'event', 1, slotOf('dying') % 4)))
    expect(await api.statuses('dying')).toEqual(route === '/ingest' ? ['INGESTION_FAILED_PAST_GRACE_PERIOD'] : [])
    expect(await api.used()).toBe('0')
    expect((await api.entries('acc')).filter(({ used }: Loose) => used !== 0)).toEqual([])
  })
})
