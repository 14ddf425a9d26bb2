import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { perUnit } from '../helpers/calculator.ts'
import { doDue } from '../helpers/ledgers.ts'
import { organizationWithMeter, ride, throughLedgers, watchedLedgers } from '../helpers/metering.ts'
import { monthly, publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const ACCOUNT = 'acme main'

const withBilling = async (now: string, details: Loose = {}) => {
  vi.setSystemTime(Date.parse(now))
  const api = await organizationWithMeter()
  const addOn = async (name: string): Promise<string> => (await api.post('/addons', { name, type: 'FIXED_FEE' })).body.id
  const [support, platform] = [await addOn('Support'), await addOn('Platform')]
  const fee = (id: string, rate: number, more: Loose = {}) => ({
    id,
    name: `fee ${id}`,
    enableProration: true,
    rateValues: [{ currency: 'USD', rate }],
    ...more,
  })
  const plan = (name: string, more: Loose = {}) =>
    publishPlan(api, name, support, {
      pricingCycleConfig: monthly,
      usageRateCards: [{ usageMeterId: api.meterId, name: 'distance', ...perUnit(2) }],
      fixedFeeRateCards: [fee(support, 30), fee(platform, 9, { invoiceTiming: 'IN_ADVANCE' })],
      ...details,
      ...more,
    })
  const planId = await plan('Standard')
  const associate = (effectiveFrom: string, effectiveUntil = '9999-01-01', pricePlanId = planId) =>
    api.post(`/accounts/${encodeURIComponent(ACCOUNT)}/price_plans`, { pricePlanId, effectiveFrom, effectiveUntil })
  const send = async (id: string, distance: string, timestamp: string) =>
    expect((await api.post('/ingest', { event: ride(id, distance, { timestamp }) })).status).toBe(202)
  const moveTo = async (time: string) => {
    vi.setSystemTime(Date.parse(time))
    await doDue(api.id)
  }
  const list = async (): Promise<Loose[]> => {
    const { body } = await api.get('/invoices?pageSize=50')
    const all = await Promise.all(body.data.map(async ({ id }: Loose) => (await api.get(`/invoices/${id}`)).body))
    return all.toSorted((one, other) => (one.startDate + one.invoiceType < other.startDate + other.invoiceType ? -1 : 1))
  }
  const shown = async () =>
    (await list()).map(({ invoiceType, status, startDate, endDate, invoiceDate, totalAmount, sequenceId }) => [
      invoiceType,
      status,
      startDate.slice(5, 10),
      endDate.slice(5, 10),
      invoiceDate.slice(5, 10),
      totalAmount,
      sequenceId,
    ])
  return { ...api, planId, plan, associate, send, moveTo, list, shown }
}

describe('the invoice of a cycle', () => {
  it('is a DRAFT from the first instant of the cycle, up to date whenever it is read, and falls due once after its grace', async () => {
    const api = await withBilling('2026-04-20T10:00:00Z')
    expect((await api.associate('2026-04-20')).status).toBe(200)
    const april = ['04-20', '05-01']
    expect(await api.shown()).toEqual([
      ['STANDARD', 'DRAFT', ...april, '05-04', 11, undefined],
      ['STANDARD_ADVANCED', 'DUE', ...april, '04-20', 3.3, '2026-04-0001'],
    ])
    await api.send('one', '7', '2026-04-20T11:00:00Z')
    const listed = await api.get('/invoices?status=DRAFT')
    expect(listed.body.data).toHaveLength(1)
    expect(listed.body.data[0]).toMatchObject({ totalAmount: 25, invoiceDetails: { pricePlanName: 'Standard' } })
    expect((await api.shown())[0]?.[5]).toBe(25)
    const { results } = await env.DB.prepare(
      "select count(*) as count from audit_log where organization_id = ? and operation_id like 'get%'",
    )
      .bind(api.id)
      .all()
    expect(results).toEqual([{ count: 0 }])
    await api.moveTo('2026-05-01T00:00:00Z')
    await api.send('late', '1', '2026-04-30T23:59:59Z')
    expect(await api.shown()).toEqual([
      ['STANDARD', 'DRAFT', ...april, '05-04', 27, undefined],
      ['STANDARD_ADVANCED', 'DUE', ...april, '04-20', 3.3, '2026-04-0001'],
      ['STANDARD', 'DRAFT', '05-01', '06-01', '06-04', 30, undefined],
      ['STANDARD_ADVANCED', 'DUE', '05-01', '06-01', '05-01', 9, '2026-05-0002'],
    ])
    vi.setSystemTime(Date.parse('2026-05-04T07:00:00Z'))
    await Promise.all([doDue(api.id), doDue(api.id), doDue(api.id)])
    const [standard] = await api.list()
    expect(standard).toMatchObject({
      status: 'DUE',
      totalAmount: 27,
      sequenceId: '2026-05-0003',
      generatedAt: '2026-05-04T00:00:00.000Z',
      invoiceDetails: { pricePlanName: 'Standard' },
      usageInfo: [{ value: 8 }],
    })
    await api.send('too late', '100', '2026-04-30T23:59:59Z')
    await api.patch(`/accounts/${encodeURIComponent(ACCOUNT)}`, { name: 'Renamed' })
    expect((await api.list())[0]).toEqual(standard)
    expect(await api.shown()).toHaveLength(4)
    const voided = await api.patch(`/invoices/${standard.id}`, { status: 'VOID' })
    expect([voided.status, voided.body]).toEqual([200, { ...standard, status: 'VOID', updatedAt: voided.body.updatedAt }])
  })

  it('follows its cycle when the plan is changed, and goes with it', async () => {
    const api = await withBilling('2026-04-01T10:00:00Z')
    const pro = await api.plan('Pro', {
      fixedFeeRateCards: [],
      usageRateCards: [{ usageMeterId: api.meterId, name: 'distance', ...perUnit(3) }],
    })
    await api.associate('2026-04-01')
    await api.send('one', '10', '2026-04-01T10:00:00Z')
    await api.associate('2026-04-11', '9999-01-01', pro)
    expect(await api.shown()).toEqual([
      /** 6 of the 9 were given back as a credit. */
      ['STANDARD', 'DRAFT', '04-01', '04-11', '04-14', 24, undefined],
      ['STANDARD_ADVANCED', 'DUE', '04-01', '05-01', '04-01', 9, '2026-04-0001'],
    ])
    await api.moveTo('2026-04-15T00:00:00Z')
    await api.send('two', '10', '2026-04-15T00:00:00Z')
    expect(await api.shown()).toEqual([
      ['STANDARD', 'DUE', '04-01', '04-11', '04-14', 24, '2026-04-0002'],
      ['STANDARD_ADVANCED', 'DUE', '04-01', '05-01', '04-01', 9, '2026-04-0001'],
      ['STANDARD', 'DRAFT', '04-11', '05-01', '05-04', 30, undefined],
    ])
  })

  it('that is gone with its plan gives back what was paid in advance, and is made anew with it', async () => {
    const api = await withBilling('2026-04-01T10:00:00Z', { allow_ongoing_cycle_updates: true })
    await api.associate('2026-04-01')
    const path = `/accounts/${encodeURIComponent(ACCOUNT)}/price_plans`
    const { status } = await api.post(path, { mode: 'DISASSOCIATE', effectiveFrom: '2026-04-01', effectiveUntil: '9999-01-01' })
    expect([status, (await api.shown()).map(([type, its]) => [type, its])]).toEqual([200, [['STANDARD_ADVANCED', 'DUE']]])
    await api.associate('2026-04-01')
    await api.moveTo('2026-05-04T00:00:00Z')
    expect(await api.shown()).toEqual([
      ['ADHOC_ADVANCED', 'PAID', '04-01', '05-01', '04-01', 0, '2026-04-0002'],
      ['STANDARD', 'DUE', '04-01', '05-01', '05-04', 30, '2026-05-0004'],
      ['STANDARD_ADVANCED', 'DUE', '04-01', '05-01', '04-01', 9, '2026-04-0001'],
      ['STANDARD', 'DRAFT', '05-01', '06-01', '06-04', 30, undefined],
      ['STANDARD_ADVANCED', 'DUE', '05-01', '06-01', '05-01', 9, '2026-05-0003'],
    ])
    const { results } = await env.DB.prepare(
      'select position, amount, refund_mode from advance_charges where organization_id = ? order by cycle_at, position',
    )
      .bind(api.id)
      .all()
    expect(results).toEqual([
      { position: 0, amount: '9', refund_mode: null },
      { position: 1, amount: '-9', refund_mode: 'CREDITS' },
      { position: 2, amount: '9', refund_mode: null },
      { position: 0, amount: '9', refund_mode: null },
    ])
  })

  it('of an account that is archived is of its last day, and bills after its grace', async () => {
    const api = await withBilling('2026-04-01T10:00:00Z')
    await api.associate('2026-04-01')
    await api.moveTo('2026-04-10T10:00:00Z')
    expect((await api.delete(`/accounts/${encodeURIComponent(ACCOUNT)}`)).status).toBe(200)
    expect((await api.shown())[0]).toEqual(['STANDARD', 'DRAFT', '04-01', '04-11', '04-14', 4, undefined])
    await api.moveTo('2026-04-12T10:00:00Z')
    const refused = await api.delete('/customers/acme')
    expect([refused.status, refused.body.message]).toEqual([
      409,
      expect.stringMatching(/^The account "acme main" of the customer "acme" has an invoice that is a DRAFT, "inv\./),
    ])
    await api.moveTo('2026-08-01T10:00:00Z')
    expect((await api.delete('/customers/acme')).status).toBe(200)
    expect(await api.shown()).toEqual([
      ['STANDARD', 'DUE', '04-01', '04-11', '04-14', 4, '2026-04-0002'],
      ['STANDARD_ADVANCED', 'DUE', '04-01', '05-01', '04-01', 9, '2026-04-0001'],
    ])
    expect((await env.DB.prepare('SELECT * FROM due WHERE organization_id = ?').bind(api.id).all()).results).toEqual([])
  })

  it('of months that have passed are closed at once, each with its number, in their order', async () => {
    const api = await withBilling('2026-04-20T10:00:00Z')
    await api.send('old', '5', '2026-03-10T00:00:00Z')
    await api.associate('2025-01-01')
    await doDue(api.id)
    const shown = await api.shown()
    const standard = shown.filter(([type]) => type === 'STANDARD')
    expect(standard).toHaveLength(16)
    expect(standard.slice(0, 15).map(([, status, , , , total]) => [status, total])).toEqual([
      ...Array.from({ length: 14 }, () => ['DUE', 30]),
      ['DUE', 40],
    ])
    const numbersOf = (rows: Loose[][]) => rows.flatMap((row) => row[6] ?? []).map((one) => Number(String(one).slice(8)))
    const rising = (numbers: number[]) => numbers.toSorted((one, other) => one - other)
    expect(rising(numbersOf(shown))).toEqual(Array.from({ length: 31 }, (_, n) => n + 1))
    for (const its of [standard, shown.filter(([type]) => type !== 'STANDARD')]) expect(numbersOf(its)).toEqual(rising(numbersOf(its)))
  })

  it('that is made void is not billed, and takes no more events, also when the ledgers could not be told at first', async () => {
    const api = await withBilling('2026-04-20T10:00:00Z')
    await api.associate('2026-04-20')
    await api.send('one', '7', '2026-04-20T11:00:00Z')
    const [{ id }] = await api.list()
    const statusOf = async (event: string) => (await api.get(`/events/${event}`)).body.events[0].ingestionStatus.status
    const dry = await api.patch(`/invoices/${id}?dry_run=true`, { status: 'VOID' })
    expect([dry.status, dry.body.status]).toEqual([200, 'VOID'])
    await api.send('still', '7', '2026-04-20T11:00:00Z')
    expect(await statusOf('still')).toBe('INGESTION_COMPLETED_EVENT_METERED')
    const deaf = watchedLedgers(({ method }, call) => (method === 'closeAndSumAll' ? Promise.reject(new Error('gone')) : call()))
    const untold = await throughLedgers(api.token, deaf)(`/invoices/${id}`, { status: 'VOID' }, {}, 'PATCH')
    expect(untold.status).toBe(503)
    const { status, body } = await api.patch(`/invoices/${id}`, { status: 'VOID' })
    expect([status, body.status, body.sequenceId]).toEqual([200, 'VOID', undefined])
    await api.send('two', '7', '2026-04-25T11:00:00Z')
    expect(await statusOf('two')).toBe('INGESTION_FAILED_PAST_GRACE_PERIOD')
    await api.moveTo('2026-05-10T00:00:00Z')
    expect((await api.shown()).filter(([type]) => type === 'STANDARD').map((row) => row.slice(1, 4))).toEqual([
      ['VOID', '04-20', '05-01'],
      ['DRAFT', '05-01', '06-01'],
    ])
  })

  it('that does not fall due by itself waits for the word, in its grace and after it', async () => {
    const api = await withBilling('2026-04-20T10:00:00Z')
    const set = await api.post('/settings', {
      entityType: 'ORGANIZATION',
      entityId: api.id,
      id: 'auto_advance_invoice',
      value: 'false',
      namespace: 'SYSTEM',
      name: 'Auto',
      dataType: 'STRING',
    })
    expect(set.status).toBe(201)
    await api.associate('2026-04-20')
    const id = async () => (await api.list())[0].id
    const open = await api.patch(`/invoices/${await id()}`, { status: 'DUE' })
    expect([open.status, open.body.message]).toEqual([400, 'status: cannot be DUE before endDate, which is 2026-05-01T00:00:00.000Z'])
    await api.moveTo('2026-05-02T10:00:00Z')
    const { status, body } = await api.patch(`/invoices/${await id()}`, { status: 'DUE' })
    expect([status, body.status, body.totalAmount, body.generatedAt]).toEqual([200, 'DUE', 11, '2026-05-02T10:00:00.000Z'])
    await api.send('late', '5', '2026-04-30T00:00:00Z')
    expect((await api.list())[0]).toEqual(body)
    await api.moveTo('2026-07-01T10:00:00Z')
    const standard = (await api.list()).filter(({ invoiceType }) => invoiceType === 'STANDARD')
    expect(standard.map((one) => [one.status, one.autoAdvance])).toEqual([
      ['DUE', false],
      ['DRAFT', false],
      ['DRAFT', false],
      ['DRAFT', false],
    ])
    const late = await api.patch(`/invoices/${standard[1].id}`, { status: 'DUE' })
    expect([late.status, late.body.status, late.body.totalAmount]).toEqual([200, 'DUE', 30])
  })
})
