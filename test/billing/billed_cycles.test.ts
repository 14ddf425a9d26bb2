import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ACCOUNT, withCycles } from '../helpers/billing.ts'
import { doDue } from '../helpers/ledgers.ts'
import { finish, linesOf, withVersions } from '../helpers/migrations.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const PLANS = `/accounts/${encodeURIComponent(ACCOUNT)}/price_plans`

/** An account with a plan that can be changed as long as a cycle is not billed, on 2 May, when April can still fall due until 4 May. */
const withApril = async () => {
  const api = await withCycles('2026-04-01T10:00:00Z', () => ({ allow_ongoing_cycle_updates: true }))
  const other = await api.publish('Other')
  await api.associate('2026-04-01')
  await api.send('one', '5', '2026-04-20T00:00:00Z')
  await api.moveTo('2026-05-02T10:00:00Z')
  const cycles = async () =>
    (await api.list()).map(({ status, startDate, endDate, totalAmount }) => [
      status,
      startDate.slice(5, 10),
      endDate.slice(5, 10),
      totalAmount,
    ])
  const april = async (): Promise<Loose> => (await api.list()).find(({ startDate }) => startDate.startsWith('2026-04-01'))
  const edit = (effectiveFrom: string, more: object = {}) =>
    api.post(PLANS, { pricePlanId: other, effectiveFrom, effectiveUntil: '9999-01-01', ...more })
  const statusOf = async (event: string) => (await api.get(`/events/${event}`)).body.events[0].ingestionStatus.status
  return { ...api, cycles, april, edit, statusOf }
}

describe('a cycle whose invoice has fallen due before the end of its grace period', () => {
  it('is not billed again by a change of its plan, which is refused', async () => {
    const api = await withApril()
    const { id } = await api.april()
    expect((await api.patch(`/invoices/${id}`, { status: 'DUE' })).status).toBe(200)
    const before = await api.cycles()
    const weekly = { interval: 'WEEKLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 0 }
    const answers = [
      await api.edit('2026-04-16'),
      await api.edit('2026-04-01'),
      await api.edit('2026-04-01', { pricePlanDetailsOverride: { pricingCycleConfig: weekly } }),
      await api.post(PLANS, { mode: 'DISASSOCIATE', effectiveFrom: '2026-04-10', effectiveUntil: '2026-04-20' }),
    ]
    const message = `What the account "${ACCOUNT}" has had until 2026-05-01 cannot be changed any more, since the invoice "${id}" of it has fallen due; 2026-05-01 is the first date that can`
    expect(answers.map(({ status, body }) => [status, body.message])).toEqual(answers.map(() => [409, message]))
    await api.moveTo('2026-05-20T00:00:00Z')
    expect(await api.cycles()).toEqual(before)
    expect((await api.edit('2026-05-01')).status).toBe(200)
    expect(await api.cycles()).toEqual([
      ['DUE', '04-01', '05-01', 40],
      ['DRAFT', '05-01', '06-01', 30],
    ])
  })

  it('follows its plan as long as its invoice is a DRAFT, or if that is void', async () => {
    const api = await withApril()
    expect((await api.edit('2026-04-16')).status).toBe(200)
    expect((await api.cycles()).slice(0, 2)).toEqual([
      ['DUE', '04-01', '04-16', 15],
      ['DRAFT', '04-16', '05-01', 25],
    ])
    const voided = await withApril()
    const { id } = await voided.april()
    expect((await voided.patch(`/invoices/${id}`, { status: 'VOID' })).status).toBe(200)
    expect((await voided.edit('2026-04-16')).status).toBe(200)
  })

  it('takes no more events', async () => {
    const api = await withApril()
    const { id } = await api.april()
    expect((await api.patch(`/invoices/${id}`, { status: 'DUE' })).body.totalAmount).toBe(40)
    await api.send('late', '5', '2026-04-20T00:00:00Z')
    expect(await api.statusOf('late')).toBe('INGESTION_FAILED_PAST_GRACE_PERIOD')
  })
})

it('an invoice whose cycle is another one now is not frozen before it has followed that', async () => {
  const api = await withApril()
  await env.DB.prepare(
    `CREATE TRIGGER holds_bills AFTER INSERT ON due WHEN NEW.kind = 'BILLING' AND NEW.organization_id = '${api.id}'
     BEGIN
       UPDATE due SET due_at = due_at + 1000000000000 WHERE organization_id = NEW.organization_id AND kind = NEW.kind AND subject = NEW.subject;
     END`,
  ).run()
  await env.DB.prepare("DELETE FROM due WHERE organization_id = ? AND kind = 'BILLING'").bind(api.id).run()
  expect((await api.edit('2026-04-16')).status).toBe(200)
  const { id, endDate } = await api.april()
  expect(endDate).toBe('2026-05-01T00:00:00.000Z')
  const early = await api.patch(`/invoices/${id}`, { status: 'DUE' })
  expect([early.status, (await api.read(id)).status]).toEqual([409, 'DRAFT'])
  await env.DB.prepare('DROP TRIGGER holds_bills').run()
  await env.DB.prepare("UPDATE due SET due_at = due_at - 1000000000000 WHERE organization_id = ? AND kind = 'BILLING'").bind(api.id).run()
  const { status, body } = await api.patch(`/invoices/${id}`, { status: 'DUE' })
  expect([status, body.status, body.endDate, body.totalAmount]).toEqual([200, 'DUE', '2026-04-16T00:00:00.000Z', 15])
})

it('a request that is refused, since its key was used for another one, closes no cycle', async () => {
  const api = await withApril()
  const { id } = await api.april()
  const headers = { 'Idempotency-Key': 'taken' }
  const first = await api.call('POST', '/customers', { id: 'other', name: 'Other', primaryEmail: 'a@example.com', address: {} }, headers)
  expect(first.status).toBe(201)
  const refused = await api.call('PATCH', `/invoices/${id}`, { status: 'DUE' }, headers)
  expect([refused.status, (await api.april()).status]).toEqual([422, 'DRAFT'])
  await api.send('late', '5', '2026-04-20T00:00:00Z')
  expect([await api.statusOf('late'), (await api.april()).totalAmount]).toEqual(['INGESTION_COMPLETED_EVENT_METERED', 50])
  const kept = { 'Idempotency-Key': 'own' }
  const done = await api.call('PATCH', `/invoices/${id}`, { status: 'DUE' }, kept)
  const again = await api.call('PATCH', `/invoices/${id}`, { status: 'DUE' }, kept)
  expect([done.status, done.body.totalAmount, again.body]).toEqual([200, 50, done.body])
})

it('a job that moves accounts leaves those of which a cycle has fallen due meanwhile as they are, and says why', async () => {
  const open = { allow_ongoing_cycle_updates: true }
  const api = await withVersions('2026-04-01T10:00:00Z', open)
  for (const account of ['billed', 'open']) await api.addAccount(account, '2026-04-01')
  await api.publishSecond()
  const before = await linesOf(api, 'billed')
  vi.setSystemTime(Date.parse('2026-04-30T10:00:00Z'))
  await doDue(api.id)
  const location = (await api.migrate({ migrationMode: 'START_OF_CURRENT_CYCLE', requireConfirmation: true })).headers.get('Location') ?? ''
  const job = location.split('/').at(-1) ?? ''
  vi.setSystemTime(Date.parse('2026-05-01T10:00:00Z'))
  await doDue(api.id)
  const listed = (await api.get('/invoices?owner_id=billed')).body.data
  const { id } = listed.find(({ startDate }: Loose) => startDate.startsWith('2026-04-01'))
  expect((await api.patch(`/invoices/${id}`, { status: 'DUE' })).status).toBe(200)
  await env.DB.batch([
    env.DB.prepare("UPDATE jobs SET status = 'PENDING' WHERE id = ?").bind(job),
    env.DB.prepare("INSERT INTO due (organization_id, kind, subject, due_at) VALUES (?, 'JOB', ?, ?)").bind(
      api.id,
      job,
      Date.parse('2026-04-30T10:00:00Z'),
    ),
  ])
  const { entries } = await finish(api, location)
  const reason = `What the account "billed" has had until 2026-05-01 cannot be changed any more, since the invoice "${id}" of it has fallen due`
  expect(entries).toEqual({ billed: `FAILED: ${reason}; 2026-05-01 is the first date that can`, open: 'COMPLETED' })
  expect((await linesOf(api, 'open')).at(-1)).toBe('Basic 2 2026-04-01 9999-01-01')
  expect(await linesOf(api, 'billed')).toEqual(before)
})
