import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ACCOUNT, feeOf, withCycles } from '../helpers/billing.ts'
import { doDue } from '../helpers/ledgers.ts'
import { holdMoney } from '../helpers/money.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Accounts of an organization whose invoices of April wait for a bill run in May. */
const withWaiting = async (count = 1, details: (ids: { support: string }) => object = () => ({})) => {
  const api = await withCycles('2026-04-01T10:00:00Z', details)
  await api.waitForRuns()
  await api.associate('2026-04-01')
  const add = async (account: string) => {
    await api.post('/accounts', { id: account, name: account, customerId: 'acme' })
    await api.associate('2026-04-01', { account })
  }
  await Promise.all(Array.from({ length: count - 1 }, (_, n) => add(`acc${n + 1}`)))
  const waiting = async (query = ''): Promise<string[]> => {
    const { status, body } = await api.get(`/invoices/bill_runs?${query}`)
    expect([status, body.message]).toEqual([200, undefined])
    return body.data.map(({ ownerId, endDate }: Loose) => `${ownerId} ${endDate.slice(5, 10)}`)
  }
  /** Starts a bill run, and gives its path. */
  const start = async (query = ''): Promise<string> => {
    const { status, body, headers } = await api.post(`/invoices/bill_runs${query}`)
    expect([status, body]).toEqual([200, { success: true }])
    return headers.get('Location') ?? ''
  }
  const jobOf = async (path: string): Promise<Loose> => (await api.get(path)).body
  const entriesOf = async (path: string): Promise<Loose[]> => (await api.get(`${path}/entries`)).body.data
  const standard = async (): Promise<Loose[]> => (await api.list()).filter(({ invoiceType }) => invoiceType === 'STANDARD')
  return { ...api, waiting, start, jobOf, entriesOf, standard }
}

const isOfApril = ({ endDate }: Loose): boolean => endDate.startsWith('2026-05-01')

describe('the list of invoices for a bill run', () => {
  it('has the DRAFTs of cycles whose grace is over and that did not fall due by themselves', async () => {
    const api = await withWaiting(2)
    expect(await api.waiting()).toEqual([])
    await api.moveTo('2026-05-03T23:59:59.999Z')
    expect(await api.waiting()).toEqual([])
    await api.post('/invoices', {
      accountId: 'acc1',
      startDate: '2026-03-01T00:00:00Z',
      endDate: '2026-04-01T00:00:00Z',
      status: 'DRAFT',
      lineItems: [{ value: 1 }],
    })
    await api.moveTo('2026-05-04T00:00:00Z')
    expect((await api.waiting()).toSorted()).toEqual(['acc1 05-01', `${ACCOUNT} 05-01`])
    expect(await api.waiting('owner_id=acc1')).toEqual(['acc1 05-01'])
    expect(await api.waiting('customer_id=nobody')).toEqual([])
    expect(await api.waiting('status=DUE')).toEqual([])
    expect(await api.waiting('status=DRAFT&customer_id=acme')).toHaveLength(2)
    const due = Date.parse('2026-05-04T00:00:00Z')
    expect(await api.waiting(`start_time=${due}&end_time=${due + 1}`)).toHaveLength(2)
    expect(await api.waiting(`end_time=${due}`)).toEqual([])
    const { body } = await api.get('/invoices/bill_runs?pageSize=1')
    expect(
      [...(await api.waiting(`nextToken=${body.nextToken}`)), ...body.data.map(({ ownerId }: Loose) => `${ownerId} 05-01`)].toSorted(),
    ).toEqual(['acc1 05-01', `${ACCOUNT} 05-01`])
    expect((await api.get('/invoices/bill_runs?pageSize=51')).status).toBe(400)
  })

  it('has none that are about to fall due by themselves, and none of another organization', async () => {
    await (await withWaiting()).moveTo('2026-05-04T00:00:00Z')
    const api = await withCycles('2026-04-01T10:00:00Z')
    await api.associate('2026-04-01')
    vi.setSystemTime(Date.parse('2026-05-04T00:00:00Z'))
    expect((await api.get('/invoices/bill_runs')).body).toEqual({ data: [] })
  })
})

describe('a bill run', () => {
  it('lets each waiting invoice fall due as it would by itself, in an entry of a job', async () => {
    const waits = await withWaiting(3, ({ support }) => ({
      fixedFeeRateCards: [feeOf(support, 30)],
      pricingRules: [{ name: 'Less', order: 1, computation: '-5', action: { type: 'ADD' } }],
    }))
    await waits.send('one', '10', '2026-04-10T00:00:00Z')
    const draft = (await waits.standard()).find(({ ownerId }) => ownerId === ACCOUNT)
    await waits.putCharges([{ name: 'Stamp', value: '1' }], `/invoices/${draft.id}`)
    await waits.moveTo('2026-05-20T10:00:00Z')
    await waits.send('late', '3', '2026-04-30T23:00:00Z')
    const path = await waits.start()
    await waits.moveTo('2026-05-20T10:00:00Z')
    const job = await waits.jobOf(path)
    expect([job.type, job.status, job.totalJobEntries, job.completedJobEntries, job.failedJobEntries]).toEqual([
      'BILL_RUN',
      'COMPLETED',
      3,
      3,
      0,
    ])
    const april = (await waits.standard()).filter(isOfApril)
    expect((await waits.entriesOf(path)).map(({ entityId }) => entityId).toSorted()).toEqual(april.map(({ id }) => id).toSorted())
    expect(april.map(({ status, generatedAt, invoiceDate, autoAdvance }) => [status, generatedAt, invoiceDate, autoAdvance])).toEqual(
      Array.from({ length: 3 }, () => ['DUE', '2026-05-20T10:00:00.000Z', '2026-05-20T00:00:00.000Z', false]),
    )
    expect(april.map(({ ownerId, totalAmount }) => [ownerId, totalAmount]).toSorted()).toEqual([
      ['acc1', 25],
      ['acc2', 25],
      [ACCOUNT, 46],
    ])
    expect(april.map(({ sequenceId }) => sequenceId).toSorted()).toEqual(['2026-05-0001', '2026-05-0002', '2026-05-0003'])
    const billed = april.find(({ ownerId }) => ownerId === ACCOUNT)
    const logs = (await waits.get(`/invoice/${billed.id}/pricing_rules_logs`)).body.data
    expect(logs.map(({ changes }: Loose) => changes.newRevenue)).toEqual([-5])
    await waits.send('too late', '5', '2026-04-30T23:00:00Z')
    expect(await waits.read(billed.id)).toEqual(billed)
    expect(await waits.waiting()).toEqual([])
  })

  it('pays what falls due from the wallets of its accounts', async () => {
    const api = await withWaiting(2, ({ support }) => ({ fixedFeeRateCards: [feeOf(support, 30)] }))
    await api.post('/accounts/acc1/wallet_topup', { topupAmount: 10 })
    await api.moveTo('2026-05-20T10:00:00Z')
    await api.start()
    await api.moveTo('2026-05-20T10:00:00Z')
    const april = (await api.standard()).filter(isOfApril)
    expect(april.map(({ ownerId, status, paidAmount }) => [ownerId, status, paidAmount]).toSorted()).toEqual([
      ['acc1', 'PARTIALLY_PAID', 10],
      [ACCOUNT, 'DUE', 0],
    ])
    await holdMoney(api.id)
  })

  it('is of what its filters select when it is asked for, and waits for its confirmation if it is told to', async () => {
    const api = await withWaiting(3)
    await api.moveTo('2026-05-04T00:00:00Z')
    const path = await api.start('?owner_id=acc2&require_confirmation=true')
    await doDue(api.id)
    const job = await api.jobOf(path)
    expect([job.status, job.totalJobEntries, job.metadata]).toEqual(['WAITING_FOR_CONFIRMATION', 1, { owner_id: 'acc2' }])
    expect(await api.waiting()).toHaveLength(3)
    await api.post(`${path}/confirm`)
    await doDue(api.id)
    expect([(await api.jobOf(path)).status, (await api.waiting()).toSorted()]).toEqual(['COMPLETED', ['acc1 05-01', `${ACCOUNT} 05-01`]])
    const rejected = await api.start('?require_confirmation=true')
    await api.post(`${rejected}/reject`)
    await doDue(api.id)
    expect(await api.waiting()).toHaveLength(2)
    expect((await api.jobOf(await api.start('?status=PAID'))).totalJobEntries).toBe(0)
    const dry = await api.post('/invoices/bill_runs?dry_run=true')
    await doDue(api.id)
    expect([dry.status, (await api.waiting()).length]).toEqual([200, 2])
    expect((await api.post('/invoices/bill_runs?pageSize=5')).status).toBe(400)
  })

  it('leaves what has fallen due, is void or is gone meanwhile, and says so in its entry', async () => {
    const api = await withWaiting(4, () => ({ allow_ongoing_cycle_updates: true }))
    await api.moveTo('2026-05-04T00:00:00Z')
    const path = await api.start('?require_confirmation=true')
    const invoices = new Map((await api.standard()).filter(isOfApril).map(({ ownerId, id }) => [ownerId, id]))
    await api.patch(`/invoices/${invoices.get('acc1')}`, { status: 'DUE' })
    await api.patch(`/invoices/${invoices.get('acc1')}`, { status: 'PAID' })
    await api.patch(`/invoices/${invoices.get('acc2')}`, { status: 'VOID' })
    await env.DB.prepare(`UPDATE invoices SET status = 'GONE', version = version + 1 WHERE id = ?`).bind(invoices.get('acc3')).run()
    const before = await Promise.all(['acc1', 'acc2'].map((id) => api.read(invoices.get(id))))
    await api.post(`${path}/confirm`)
    await doDue(api.id)
    const reasons = new Map((await api.entriesOf(path)).map(({ entityId, status, metadata }) => [entityId, [status, metadata?.reason]]))
    expect(['acc1', 'acc2', 'acc3', ACCOUNT].map((id) => reasons.get(invoices.get(id)))).toEqual([
      ['COMPLETED', 'The invoice is PAID already, and was left as it is.'],
      ['COMPLETED', 'The invoice is VOID already, and was left as it is.'],
      ['COMPLETED', 'The cycle of the invoice is gone, and the invoice with it.'],
      ['COMPLETED', undefined],
    ])
    expect(await Promise.all(['acc1', 'acc2'].map((id) => api.read(invoices.get(id))))).toEqual(before)
    expect((await api.read(invoices.get(ACCOUNT))).status).toBe('DUE')
  })

  it('does each invoice once, whoever else runs, reads or changes invoices at that moment', async () => {
    const api = await withWaiting(55)
    await api.moveTo('2026-05-04T00:00:00Z')
    const { body } = await api.get('/invoices/bill_runs?pageSize=6')
    const paths: string[] = []
    await Promise.all([
      ...Array.from({ length: 3 }, async () => paths.push(await api.start())),
      ...body.data.map(async ({ id }: Loose, n: number) => {
        const patched = await api.patch(`/invoices/${id}`, { status: n % 2 ? 'DUE' : 'VOID' })
        expect([patched.status, patched.body.status]).toEqual([200, n % 2 ? 'DUE' : 'VOID'])
      }),
      ...body.data.map(async ({ id }: Loose) => {
        const { status, body: seen } = await api.get(`/invoices/${id}`)
        expect([status, ['DRAFT', 'DUE', 'VOID'].includes(seen.status)]).toEqual([200, true])
      }),
      ...Array.from({ length: 3 }, () => doDue(api.id)),
    ])
    await Promise.all(Array.from({ length: 3 }, () => doDue(api.id)))
    const { results } = await env.DB.prepare(
      `SELECT status, sequence FROM invoices WHERE organization_id = ? AND start_at = ? AND invoice_type = 'STANDARD'`,
    )
      .bind(api.id, Date.parse('2026-04-01'))
      .all<{ status: string; sequence: number | null }>()
    const statuses = results.map(({ status }) => status)
    expect(['DUE', 'VOID', 'DRAFT'].map((status) => statuses.filter((one) => one === status).length)).toEqual([52, 3, 0])
    expect(results.every(({ status, sequence }) => status === 'VOID' || sequence !== null)).toBe(true)
    const numbers = results.flatMap(({ sequence }) => sequence ?? []).toSorted((one, other) => one - other)
    expect(numbers).toEqual(numbers.map((_, n) => n + 1))
    const jobs = await Promise.all(paths.map((path) => api.jobOf(path)))
    expect(jobs.map(({ status, failedJobEntries }) => [status, failedJobEntries])).toEqual([
      ['COMPLETED', 0],
      ['COMPLETED', 0],
      ['COMPLETED', 0],
    ])
  })
})
