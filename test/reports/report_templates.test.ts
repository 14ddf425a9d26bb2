import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Api, changed, client, organization, writesIn } from '../helpers/api.ts'
import { doDue } from '../helpers/ledgers.ts'
import { csvOf, doReports, fetchLink, query } from '../helpers/reports.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-05-30T22:15:00Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

const ended = query('accounts', ['account_id'], {
  queryFilters: [
    { column: { columnName: 'created_at' }, operator: 'gte', args: ['{{from}}'] },
    { column: { columnName: 'created_at' }, operator: 'lt', args: ['{{until}}'] },
  ],
})

const template = async (api: Pick<Api, 'post'>, schedule: string, more: object = {}) => {
  const { status, body } = await api.post('/report_templates', { name: 'New accounts', queryInput: ended, schedule, ...more })
  expect([status, body.message]).toEqual([201, undefined])
  return body
}

/** The periods of the reports of an organization, the first in front. */
const periodsOf = async ({ id }: Pick<Api, 'id'>): Promise<string[]> => {
  const { results } = await env.DB.prepare('SELECT period_from, period_until FROM reports WHERE organization_id = ? ORDER BY period_until')
    .bind(id)
    .all<{ period_from: number; period_until: number }>()
  return results.map((one) => [one.period_from, one.period_until].map((at) => new Date(at).toISOString().slice(0, 16)).join(' '))
}

const runAt = async (api: Pick<Api, 'id'>, time: string): Promise<void> => {
  vi.setSystemTime(Date.parse(time))
  await doDue(api.id, undefined, Date.now())
}

describe('a report template', () => {
  it('makes a report of each hour, day or month that ends, named after its period', async () => {
    const api = await organization()
    const make = (id: string) =>
      api.post('/customers', {
        id: `C${id}`,
        name: 'Customer',
        primaryEmail: 'a@example.com',
        address: {},
        account: { id, name: `Account ${id}` },
      })
    const made = await template(api, 'DAILY')
    expect(made).toMatchObject({ status: 'ACTIVE', schedule: 'DAILY', queryInput: ended })
    await make('before')
    vi.setSystemTime(Date.parse('2026-05-31T00:00:00Z'))
    await make('after')
    await runAt(api, '2026-05-31T00:00:30Z')
    const [report] = (await api.get('/reports')).body.data
    expect(report).toMatchObject({
      type: 'TEMPLATE',
      name: 'New accounts',
      reportTemplateId: made.id,
      status: 'COMPLETED',
      createdAt: '2026-05-31T00:00:00.000Z',
    })
    expect(report.queryInput.queryFilters.map(({ args }: { args: string[] }) => args)).toEqual([
      ['2026-05-30T00:00:00.000Z'],
      ['2026-05-31T00:00:00.000Z'],
    ])
    expect(await csvOf(report)).toBe('account_id\r\nbefore\r\n')
    expect((await fetchLink(report.preSignedUrl)).headers.get('Content-Disposition')).toContain(
      'New accounts_2026-05-30T00-00-00Z_2026-05-31T00-00-00Z.csv"',
    )
    await template(api, 'HOURLY')
    await template(api, 'MONTHLY')
    await runAt(api, '2026-05-31T01:00:00Z')
    await runAt(api, '2026-05-31T01:59:59.999Z')
    await runAt(api, '2026-06-01T00:00:00Z')
    const periods = await periodsOf(api)
    expect(periods).toContain('2026-05-01T00:00 2026-06-01T00:00')
    expect(periods.filter((period) => period.endsWith('2026-06-01T00:00'))).toHaveLength(3)
    expect(new Set(periods).size).toBe(periods.length)
    expect(periods).toHaveLength(2 + 1 + 24)
  })

  it('makes one of each period, however late or often it runs, and of 48 periods at most afterwards', async () => {
    const api = await organization()
    await template(api, 'HOURLY')
    vi.setSystemTime(Date.parse('2026-05-31T02:30:00Z'))
    await Promise.all(Array.from({ length: 5 }, () => doDue(api.id, undefined, Date.now())))
    await doDue(api.id, undefined, Date.now())
    expect(await periodsOf(api)).toEqual([
      '2026-05-30T22:00 2026-05-30T23:00',
      '2026-05-30T23:00 2026-05-31T00:00',
      '2026-05-31T00:00 2026-05-31T01:00',
      '2026-05-31T01:00 2026-05-31T02:00',
    ])
    await runAt(api, '2026-06-30T12:10:00Z')
    const periods = await periodsOf(api)
    expect([periods.length, periods[4], periods.at(-1)]).toEqual([
      52,
      '2026-06-28T12:00 2026-06-28T13:00',
      '2026-06-30T11:00 2026-06-30T12:00',
    ])
    const { results } = await env.DB.prepare("SELECT due_at FROM due WHERE organization_id = ? AND kind = 'REPORT_TEMPLATE'")
      .bind(api.id)
      .all()
    expect(results).toEqual([{ due_at: Date.parse('2026-06-30T13:00:00Z') }])
  }, 120_000)

  it('makes one of a period without an error when several runs make it at once', async () => {
    const api = await organization()
    await template(api, 'HOURLY')
    vi.setSystemTime(Date.parse('2026-05-31T00:10:00Z'))
    const runs = await Promise.all(Array.from({ length: 4 }, () => doDue(api.id, undefined, Date.now())))
    expect(runs.flatMap(({ errors }) => errors)).toEqual([])
    expect(await periodsOf(api)).toEqual(['2026-05-30T22:00 2026-05-30T23:00', '2026-05-30T23:00 2026-05-31T00:00'])
  })

  it('that becomes INACTIVE while a run has read it makes none', async () => {
    const api = await organization()
    const { id } = await template(api, 'HOURLY')
    let isStopped = false
    const d1 = changed((session) => ({
      batch: async (statements) => {
        if (!isStopped && writesIn(statements)) {
          isStopped = true
          expect((await api.patch(`/report_templates/${id}`, { status: 'INACTIVE' })).status).toBe(200)
        }
        return session.batch(statements)
      },
    }))
    await doReports(api.id, Date.parse('2026-05-30T23:10:00Z'), d1)
    expect([isStopped, await periodsOf(api)]).toEqual([true, []])
    const waiting = env.DB.prepare("SELECT count(*) AS count FROM due WHERE organization_id = ? AND kind = 'REPORT_TEMPLATE'")
    expect(await waiting.bind(api.id).first('count')).toBe(0)
  })

  it('goes by the clock of its organization', async () => {
    const { id, token } = await organization()
    const api = client(token, env.DB, { TEST_CLOCK: 'on' })
    expect((await api.post('/test_clock', { now: '2030-01-31T23:30:00Z' })).status).toBe(200)
    await template(api, 'MONTHLY')
    for (
      let reached = '';
      reached !== '2030-04-01T00:00:00.000Z';
      reached = (await api.post('/test_clock', { now: '2030-04-01T00:00:00Z' })).body.now
    );
    expect(await periodsOf({ id })).toEqual([
      '2030-01-01T00:00 2030-02-01T00:00',
      '2030-02-01T00:00 2030-03-01T00:00',
      '2030-03-01T00:00 2030-04-01T00:00',
    ])
    expect((await api.get('/reports')).body.data.map(({ createdAt }: { createdAt: string }) => createdAt)).toEqual([
      '2030-04-01T00:00:00.000Z',
      '2030-03-01T00:00:00.000Z',
      '2030-02-01T00:00:00.000Z',
    ])
  })

  it('is changed, stops and goes on', async () => {
    const api = await organization()
    const { id } = await template(api, 'HOURLY')
    const read = await api.get(`/report_templates/${id}`)
    expect(read.headers.get('ETag')).toBe('"1"')
    expect((await api.patch(`/report_templates/${id}`, { name: 'Renamed', status: 'INACTIVE' })).body).toMatchObject({
      name: 'Renamed',
      status: 'INACTIVE',
    })
    await runAt(api, '2026-05-31T05:10:00Z')
    expect(await periodsOf(api)).toEqual([])
    await api.patch(`/report_templates/${id}`, { status: 'ACTIVE', schedule: 'DAILY' })
    await runAt(api, '2026-06-01T00:10:00Z')
    expect(await periodsOf(api)).toEqual(['2026-05-31T00:00 2026-06-01T00:00'])
    expect((await api.get('/reports')).body.data[0].name).toBe('Renamed')
    expect((await api.call('PATCH', `/report_templates/${id}`, { name: 'Again' }, { 'If-Match': '"1"' })).status).toBe(412)
    expect((await api.get('/report_templates')).body.data).toHaveLength(1)
    const stranger = await organization()
    for (const answer of [await stranger.get(`/report_templates/${id}`), await stranger.patch(`/report_templates/${id}`, { name: 'Mine' })])
      expect(answer).toMatchObject({ status: 404, body: { message: `The report template "${id}" does not exist.` } })
    expect((await stranger.get('/report_templates')).body.data).toEqual([])
    const wrong = query('accounts', ['name'], {
      queryFilters: [{ column: { columnName: 'created_at' }, operator: 'lt', args: ['{{then}}'] }],
    })
    expect(await api.post('/report_templates', { name: 'Wrong', queryInput: wrong, schedule: 'DAILY' })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('queryInput.queryFilters[0].args[0]: must be a date') },
    })
    expect(await api.post('/report_templates', { name: 'Wrong', queryInput: ended, schedule: 'DAILY', account_id: 'X' })).toMatchObject({
      status: 404,
    })
  })

  it('without a bucket makes reports that have failed', async () => {
    const api = await organization()
    await template(api, 'HOURLY')
    vi.setSystemTime(Date.parse('2026-05-30T23:00:00Z'))
    const { doDueOf } = await import('../../src/access/due/service.ts')
    const { steps } = await import('../../src/steps.ts')
    const { system } = await import('../helpers/ledgers.ts')
    await doDueOf({ ...system(api.id, Date.now()), files: undefined }, steps)
    expect((await api.get('/reports')).body.data[0]).toMatchObject({
      status: 'FAILED',
      failureReason: expect.stringContaining('bind one as FILES'),
    })
  })
})
