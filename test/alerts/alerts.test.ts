import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { alertOf, alertsOf } from '../helpers/alerts.ts'
import { organization } from '../helpers/api.ts'
import { organizationWithMeter } from '../helpers/metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.parse('2026-03-01T00:00:00Z'))
})

afterEach(() => {
  vi.useRealTimers()
})

const MINUTE = 60_000

const withMeter = async () => {
  const api = await organizationWithMeter()
  const body = (more: Loose = {}) => alertOf('usage-threshold-account', { account: 'acme main', meter: api.meterId, threshold: 8000 }, more)
  return { ...api, ...alertsOf(api), body }
}

const dueOf = async (id: string, subject: string): Promise<string | undefined> => {
  const at = await env.DB.prepare("SELECT due_at FROM due WHERE organization_id = ? AND kind = 'ALERT' AND subject = ?")
    .bind(id, subject)
    .first<number>('due_at')
  return at === null ? undefined : new Date(at).toISOString().slice(5, 16)
}

const messageOf = ({ status, body }: Loose) => [status, body.message]

describe('an alert', () => {
  it('is answered as it was sent, in its version 1, and checked an interval later', async () => {
    const api = await withMeter()
    const sent = api.body({ interval: 60, validity: 43_200, description: '80% of plan', parameters: { threshold: { value: 8000.25 } } })
    const { status, body, headers } = await api.post('/alerts', sent)
    expect([status, body]).toEqual([
      200,
      {
        id: expect.stringMatching(/^alert\.\w{11}\.\w{5}$/),
        version: 1,
        ...sent,
        createdAt: '2026-03-01T00:00:00.000Z',
        updatedAt: '2026-03-01T00:00:00.000Z',
      },
    ])
    expect(await dueOf(api.id, body.id)).toBe('03-01T01:00')
    const read = await api.get(`/alerts/${body.id}`)
    expect([read.body, read.headers.get('ETag')]).toEqual([body, headers.get('ETag')])
    expect((await api.get('/alerts')).body.data).toEqual([body])
  })

  it.each([
    [30, 200],
    [60, 200],
    [90, 200],
    [0, 400],
    [45, 400],
    [-30, 400],
    [30.5, 400],
    [2 ** 31, 400],
  ])('of an interval of %i is answered with %i', async (interval, status) => {
    const api = await withMeter()
    const answer = await api.post('/alerts', api.body({ interval }))
    expect(messageOf(answer)).toEqual([status, status === 200 ? undefined : 'interval: must be a multiple of 30, which are minutes'])
  })

  it('is refused where it names what is not there, is archived, or is of another organization', async () => {
    const api = await withMeter()
    const stranger = await withMeter()
    const refusal = async (more: Loose) => messageOf(await api.post('/alerts', api.body(more)))
    expect(await refusal({ alertTemplateId: 'usage' })).toEqual([404, 'The alert template "usage" does not exist.'])
    const missing = (noun: string, id: string) => `the ${noun} "${id}" does not exist`
    expect(await refusal({ entityDetails: { usageMeter: { id: stranger.meterId } } })).toEqual([
      404,
      `entityDetails.usageMeter.id: ${missing('usage meter', stranger.meterId)}`,
    ])
    expect(await refusal({ ownerDetails: { account: { id: 'nobody' } } })).toEqual([
      404,
      `ownerDetails.account.id: ${missing('account', 'nobody')}`,
    ])
    const feature = { alertTemplateId: 'entitlement-balance-account', entityDetails: { feature: { id: 'feature.x' } } }
    expect(await refusal(feature)).toEqual([404, `entityDetails.feature.id: ${missing('feature', 'feature.x')}`])
    const all = { alertTemplateId: 'usage-threshold-organization', ownerDetails: { organization: { id: stranger.id } } }
    expect(await refusal(all)).toEqual([404, `ownerDetails.organization.id: ${missing('organization', stranger.id)}`])
    expect(await refusal({ ...all, ownerDetails: { organization: { id: api.id } } })).toEqual([200, undefined])
    await api.post('/accounts', { id: 'second', name: 'Second', customerId: 'acme' })
    expect((await api.delete('/accounts/second')).status).toBe(200)
    expect(await refusal({ ownerDetails: { account: { id: 'second' } } })).toEqual([
      409,
      'ownerDetails.account.id: the account "second" is archived',
    ])
    expect((await api.post(`/usage_meters/${api.meterId}/deactivate`)).status).toBe(200)
    expect((await api.delete(`/usage_meters/${api.meterId}`)).status).toBe(200)
    expect(await refusal({})).toEqual([409, `entityDetails.usageMeter.id: the usage meter "${api.meterId}" is archived`])
    expect((await api.get('/alerts')).body.data).toHaveLength(1)
  })

  it('is refused where its maps are not those of the template, by the path of each fault', async () => {
    const api = await withMeter()
    const refusal = async (more: Loose) => messageOf(await api.post('/alerts', api.body(more)))
    expect(await refusal({ entityDetails: {}, ownerDetails: { organization: { id: api.id } }, parameters: { threshold: {} } })).toEqual([
      400,
      'entityDetails.usageMeter: is required; ownerDetails.account: is required; ownerDetails.organization: is not a known name; parameters.threshold.value: is required',
    ])
    expect(await refusal({ parameters: { threshold: { value: '8000' } } })).toEqual([400, 'parameters.threshold.value: must be a number'])
    expect(await refusal({ parameters: { threshold: 8000 } })).toEqual([400, 'parameters.threshold: must be an object'])
    expect(await refusal({ parameters: undefined })).toEqual([400, 'parameters.threshold: is required'])
    const events = { alertTemplateId: 'unprocessed-events-account', entityDetails: undefined }
    for (const value of [0, -1, 1.5])
      expect(await refusal({ ...events, parameters: { threshold: { value } } })).toEqual([
        400,
        'parameters.threshold.value: must be a whole number from 1 on',
      ])
    const credits = { alertTemplateId: 'credit-balance-account', entityDetails: undefined }
    expect(await refusal({ ...credits, parameters: { threshold: { value: 0 } } })).toEqual([
      400,
      'parameters.threshold.value: must be a number above 0',
    ])
    const text = JSON.stringify(api.body({ parameters: { threshold: { value: 1 } } })).replace(
      '"value":1',
      '"value":8000.12345678901234567',
    )
    expect((await api.call('POST', '/alerts', text)).status).toBe(400)
    expect((await api.get('/alerts')).body.data).toEqual([])
  })

  it('of unprocessed events is of one, unless it says otherwise', async () => {
    const api = await withMeter()
    const { body } = await api.post('/alerts', alertOf('unprocessed-events-organization'))
    expect([body.parameters, body.ownerDetails, body.entityDetails]).toEqual([
      { threshold: { value: 1 } },
      { organization: { id: api.id } },
      undefined,
    ])
  })

  it('raises its version with each change, and only then', async () => {
    const api = await withMeter()
    const { body: made, headers } = await api.post('/alerts', api.body({ description: 'first', validity: 600 }))
    const path = `/alerts/${made.id}`
    vi.setSystemTime(Date.now() + MINUTE)
    expect((await api.patch(path, {})).body).toEqual(made)
    expect((await api.patch(path, { interval: 30, status: 'ACTIVE', parameters: { threshold: { value: 8000 } } })).body).toEqual(made)
    const changed = await api.call(
      'PATCH',
      path,
      { description: '', interval: 120, validity: 1200, parameters: { threshold: { value: 7 } } },
      { 'If-Match': headers.get('ETag') ?? '' },
    )
    const { description: _description, ...rest } = made
    expect(changed.body).toEqual({
      ...rest,
      version: 2,
      interval: 120,
      validity: 1200,
      parameters: { threshold: { value: 7 } },
      updatedAt: '2026-03-01T00:01:00.000Z',
    })
    expect(await dueOf(api.id, made.id)).toBe('03-01T02:00')
    expect((await api.patch(path, { validity: null })).body.validity).toBeUndefined()
    expect((await api.call('PATCH', path, { interval: 60 }, { 'If-Match': headers.get('ETag') ?? '' })).status).toBe(412)
    for (const sent of [{ entityDetails: {} }, { ownerDetails: {} }, { alertTemplateId: 'invoice-due-account' }])
      expect(messageOf(await api.patch(path, sent))).toEqual([400, `${Object.keys(sent)[0]}: is not a known name`])
    expect(messageOf(await api.patch(path, { parameters: {} }))).toEqual([400, 'parameters.threshold: is required'])
    expect(messageOf(await api.patch(path, { validity: 0 }))).toEqual([400, 'validity: must be a whole number from 1 to 2147483647'])
    expect(messageOf(await api.patch('/alerts/alert.x', { interval: 60 }))).toEqual([404, 'The alert "alert.x" does not exist.'])
  })

  it('is changed by many at once in some order', async () => {
    const api = await withMeter()
    const id = await api.watch('usage-threshold-account', { account: 'acme main', meter: api.meterId, threshold: 1 })
    const values = Array.from({ length: 12 }, (_, index) => index + 2)
    const answers = await Promise.all(values.map((value) => api.change(id, { parameters: { threshold: { value } } })))
    expect(answers.map(({ version }) => version).toSorted((one, other) => one - other)).toEqual(values)
    expect((await api.get(`/alerts/${id}`)).body).toEqual(answers.find(({ version }) => version === 13))
  })

  it('is not checked while it is INACTIVE, and begins again when it is ACTIVE', async () => {
    const api = await withMeter()
    const { body } = await api.post('/alerts', api.body({ status: 'INACTIVE' }))
    expect(await dueOf(api.id, body.id)).toBeUndefined()
    vi.setSystemTime(Date.parse('2026-03-01T00:10:00Z'))
    await api.change(body.id, { status: 'ACTIVE' })
    expect(await dueOf(api.id, body.id)).toBe('03-01T00:40')
    await api.change(body.id, { status: 'INACTIVE' })
    expect(await dueOf(api.id, body.id)).toBeUndefined()
    expect((await api.get(`/alerts/${body.id}`)).body).toMatchObject({ status: 'INACTIVE', version: 3 })
  })

  it('reads as INACTIVE when its validity is over, and is checked again when that is made longer', async () => {
    const api = await withMeter()
    const { body, headers } = await api.post('/alerts', api.body({ validity: 40 }))
    expect(await dueOf(api.id, body.id)).toBe('03-01T00:30')
    const listed = async (status: string) => (await api.get(`/alerts?status=${status}`)).body.data.map(({ id }: Loose) => id)
    expect([await listed('ACTIVE'), await listed('INACTIVE')]).toEqual([[body.id], []])
    vi.setSystemTime(Date.parse('2026-03-01T00:40:00Z'))
    expect([await listed('ACTIVE'), await listed('INACTIVE')]).toEqual([[], [body.id]])
    const over = await api.get(`/alerts/${body.id}`)
    expect([over.body, over.headers.get('ETag')]).toEqual([
      { ...body, status: 'INACTIVE' },
      expect.not.stringMatching(`^${headers.get('ETag')}$`),
    ])
    vi.setSystemTime(Date.parse('2026-03-01T00:45:00Z'))
    expect(messageOf(await api.patch(`/alerts/${body.id}`, { status: 'ACTIVE' }))).toEqual([
      409,
      `status: the alert "${body.id}" is over, since its validity has ended. Send a longer validity with it.`,
    ])
    expect(await api.change(body.id, { validity: 120 })).toMatchObject({ status: 'ACTIVE', version: 2 })
    expect(await dueOf(api.id, body.id)).toBe('03-01T01:15')
  })

  it('that would never be checked, or be true at once, is refused', async () => {
    const api = await withMeter()
    const never = [400, 'validity: must be more than 60, which is the interval: the alert would never be checked']
    expect(messageOf(await api.post('/alerts', api.body({ interval: 60, validity: 60 })))).toEqual(never)
    const { body } = await api.post('/alerts', api.body({ validity: 60 }))
    expect(messageOf(await api.patch(`/alerts/${body.id}`, { interval: 60 }))).toEqual(never)
    expect(messageOf(await api.patch(`/alerts/${body.id}`, { validity: 30 }))[0]).toBe(400)
    expect(messageOf(await api.patch(`/alerts/${body.id}`, { parameters: { threshold: { value: 0 } } }))).toEqual([
      400,
      'parameters.threshold.value: must be a number above 0',
    ])
  })

  it('is listed the newest first, a page at a time, and of nobody else', async () => {
    const api = await withMeter()
    const ids: string[] = []
    for (let index = 0; index < 5; index++) {
      vi.setSystemTime(Date.now() + 1)
      ids.unshift(await api.watch('invoice-due-organization'))
    }
    const found: string[] = []
    for (let query = '?pageSize=2&status=ACTIVE'; query;) {
      const { body } = await api.get(`/alerts${query}`)
      found.push(...body.data.map(({ id }: Loose) => id))
      query = body.nextToken ? `?nextToken=${encodeURIComponent(body.nextToken)}` : ''
    }
    expect(found).toEqual(ids)
    const stranger = await organization()
    expect((await stranger.get('/alerts')).body.data).toEqual([])
    const missing = [404, `The alert "${ids[0]}" does not exist.`]
    expect(messageOf(await stranger.get(`/alerts/${ids[0]}`))).toEqual(missing)
    expect(messageOf(await stranger.patch(`/alerts/${ids[0]}`, { status: 'INACTIVE' }))).toEqual(missing)
    expect((await api.get('/alerts?status=OVER')).status).toBe(400)
    expect((await api.get('/alerts?pageSize=101')).status).toBe(400)
  })
})
