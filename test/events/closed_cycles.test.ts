import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Answer } from '../helpers/api.ts'
import { doDue } from '../helpers/ledgers.ts'
import { ride, usageOf } from '../helpers/metering.ts'
import { METERED, PAST, WAITS, type World, setClock, withPlans } from '../helpers/plans.ts'
import { monthly } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** The instant at which the cycle of April falls due, with three days of grace. */
const DUE = Date.parse('2026-05-04T00:00:00Z')
const APRIL = '2026-04-15T12:00:00Z'

const CLOSED = 'Event was ingested in past pricing cycle'

/** An organization whose account has had a plan of monthly cycles since 1 April, and whose clock stands 1 ms before April falls due. */
const withApril = async (details: Loose = {}) => {
  const api = await withPlans('2026-04-01T10:00:00Z')
  const planId = await api.publish('Basic', details)
  expect((await api.edit({ pricePlanId: planId, effectiveFrom: '2026-04-01' })).status).toBe(200)
  setClock(DUE - 1)
  return { ...api, planId }
}

const correct = (
  api: Pick<World, 'call'>,
  action: string,
  query: Record<string, string> = {},
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  api.call('POST', `/events/correction?${new URLSearchParams({ action, account_id: 'acme main', ...query }).toString()}`, body, headers)

const outcomeOf = ({ body }: Answer): [string, string] => {
  const [{ status, reason }] = body.data
  return [status, reason]
}

const replacement = (timestamp: string) => ({ event: ride('E', '2', { timestamp }) })

describe('a correction of an event', () => {
  it.each([
    ['UNDO', 'REVERTED', 'REVERTED', '0'],
    ['REDO', 'REVERTED_AND_REINGESTED', METERED, '1'],
    ['REDO_EVENT', 'REVERTED_AND_REINGESTED', METERED, '2'],
  ])('is done until its cycle falls due, and fails from then on, also if it is tried: %s', async (action, done, after, usage) => {
    const api = await withApril()
    expect(await api.arrive('E', APRIL)).toBe(METERED)
    const body = action === 'REDO_EVENT' ? replacement(APRIL) : undefined
    setClock(DUE)
    for (const query of [{ dry_run: 'true' }, {}] as Record<string, string>[])
      expect(outcomeOf(await correct(api, action, { event_id: 'E', ...query }, body))).toEqual(['FAILED', CLOSED])
    expect([await api.statusOf('E'), await usageOf(api)]).toEqual([METERED, '1'])
    setClock(DUE - 1)
    for (const query of [{ dry_run: 'true' }, {}] as Record<string, string>[])
      expect(outcomeOf(await correct(api, action, { event_id: 'E', ...query }, body))).toEqual([done, 'Event Reverted'])
    expect([await api.statusOf('E'), await usageOf(api)]).toEqual([after, usage])
  })

  it('that was done before its cycle fell due is answered the same afterwards, under its key', async () => {
    const api = await withApril()
    await api.arrive('E', APRIL)
    const headers = { 'Idempotency-Key': 'once' }
    const first = await correct(api, 'UNDO', { event_id: 'E' }, undefined, headers)
    setClock(DUE + 1000)
    const again = await correct(api, 'UNDO', { event_id: 'E' }, undefined, headers)
    expect([outcomeOf(first), again.body]).toEqual([['REVERTED', 'Event Reverted'], first.body])
  })

  it('is judged by the cycle of each event, and what is ingested again by when it arrives', async () => {
    const api = await withApril()
    await api.arrive('April', APRIL)
    await api.arrive('E', '2026-05-02T00:00:00Z')
    setClock(DUE)
    const { body } = await correct(api, 'REDO')
    expect(body.data.map(({ eventPayload, status }: Loose) => [eventPayload.id, status])).toEqual([
      ['E', 'REVERTED_AND_REINGESTED'],
      ['April', 'FAILED'],
    ])
    expect(await usageOf(api)).toBe('2')
    const moved = await correct(api, 'REDO_EVENT', { event_id: 'E', event_source_time: '2026-05-02T00:00:00Z' }, replacement(APRIL))
    expect(outcomeOf(moved)).toEqual(['REVERTED_AND_REINGESTED', 'Event Reverted'])
    expect([await api.statusOf('E'), await usageOf(api)]).toEqual([PAST, '1'])
    expect(outcomeOf(await correct(api, 'REDO', { event_id: 'E', event_source_time: APRIL }))).toEqual([
      'FAILED',
      'Event was ingested after the grace period of its pricing cycle',
    ])
    expect(outcomeOf(await correct(api, 'UNDO', { event_id: 'E', event_source_time: APRIL }))).toEqual(['FAILED', CLOSED])
  })

  it('goes by the timeline as it is now, which may be open again, and by none where there is no plan', async () => {
    const api = await withApril({ allow_ongoing_cycle_updates: true })
    await api.arrive('E', APRIL)
    await api.arrive('before', '2026-03-15T12:00:00Z')
    setClock('2026-05-03T10:00:00Z')
    const gracePeriod = (days: number) =>
      api.edit({
        pricePlanId: api.planId,
        effectiveFrom: '2026-04-01',
        pricePlanDetailsOverride: { pricingCycleConfig: { ...monthly, gracePeriod: days } },
      })
    expect((await gracePeriod(10)).status).toBe(200)
    setClock('2026-05-10T23:59:59.999Z')
    expect(outcomeOf(await correct(api, 'REDO', { event_id: 'E' }))).toEqual(['REVERTED_AND_REINGESTED', 'Event Reverted'])
    setClock('2026-05-11T00:00:00Z')
    expect(outcomeOf(await correct(api, 'REDO', { event_id: 'E', event_source_time: APRIL }))[0]).toBe('FAILED')
    expect(outcomeOf(await correct(api, 'UNDO', { event_id: 'before' }))[0]).toBe('REVERTED')
  })

  it('that waits for an account has no cycle', async () => {
    const api = await withApril()
    expect(await api.arrive('E', APRIL, { accountId: 'nobody' })).toBe(WAITS)
    setClock(DUE)
    expect(outcomeOf(await correct(api, 'UNDO', { account_id: 'nobody' }))).toEqual(['REVERTED', 'Event Reverted'])
  })

  it('of an account that was archived, or by an alias, is closed with its last cycle', async () => {
    const api = await withApril()
    setClock('2026-04-20T10:00:00Z')
    await api.post('/accounts/acme%20main/add_aliases', { aliases: ['main'] })
    await api.arrive('E', APRIL, { accountId: 'main' })
    expect((await api.delete('/accounts/acme%20main')).status).toBe(200)
    setClock('2026-04-24T00:00:00Z')
    expect(outcomeOf(await correct(api, 'UNDO', { account_id: 'main' }))).toEqual(['FAILED', CLOSED])
    setClock('2026-04-23T23:59:59.999Z')
    expect(outcomeOf(await correct(api, 'UNDO', { account_id: 'main' }))[0]).toBe('REVERTED')
  })
})

describe('a job', () => {
  const jobOf = ({ headers }: Answer): string => headers.get('Location')?.split('/').at(-1) ?? ''

  const entriesOf = async (api: World, id: string): Promise<Record<string, string>> => {
    const { body } = await api.get(`/jobs/${id}/entries`)
    const [events, list] = [await api.get('/events'), body.data]
    const idOf = new Map(events.body.events.map(({ referenceId, eventPayload }: Loose) => [referenceId, eventPayload.id]))
    return Object.fromEntries(list.map(({ entityId, status, metadata }: Loose) => [idOf.get(entityId), metadata?.reason ?? status]))
  }

  it('judges an event when it corrects it, not when it was made', async () => {
    const api = await withApril()
    await api.arrive('April', APRIL)
    await api.arrive('May', '2026-05-02T00:00:00Z')
    const id = jobOf(await correct(api, 'UNDO', { require_confirmation: 'true' }))
    setClock(DUE)
    expect((await api.post(`/jobs/${id}/confirm`)).status).toBe(200)
    await doDue(api.id)
    expect(await entriesOf(api, id)).toEqual({ April: CLOSED, May: 'Event Reverted' })
    expect([await api.statusOf('April'), await api.statusOf('May'), await usageOf(api)]).toEqual([METERED, 'REVERTED', '1'])
  })
})
