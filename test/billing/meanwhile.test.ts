import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { changed, client, writesIn } from '../helpers/api.ts'
import { ACCOUNT, withCycles } from '../helpers/billing.ts'
import { perUnit } from '../helpers/calculator.ts'
import { dataOf, valuesOf } from '../helpers/metrics.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** An account with a plan from 1 April 2026 on: 30 a month, and 100 for each seat at the end of it. */
const withSeats = async () => {
  const api = await withCycles('2026-04-01T10:00:00Z')
  const { id: seat } = (await api.post('/addons', { name: 'Seats', type: 'LICENSE' })).body
  const card = { id: seat, name: 'seats', enableProration: false, ...perUnit(100) }
  await api.associate('2026-04-01', { pricePlanId: await api.publish('Seats', { licenseRateCards: [card] }) })
  const hold = async (quantity: number, effectiveFrom: string) => {
    const { status } = await api.post('/license_updates', {
      licenseId: seat,
      accountId: ACCOUNT,
      updateType: 'ABSOLUTE',
      quantity,
      effectiveFrom,
    })
    expect(status).toBe(200)
  }
  const april = async (): Promise<Loose> => (await api.list()).find(({ endDate }) => endDate.startsWith('2026-05-01'))
  return { ...api, hold, april }
}

it('an invoice that a person lets fall due has the licences that were added while it was reckoned', async () => {
  const api = await withSeats()
  await api.moveTo('2026-05-02T00:00:00Z')
  const { id } = await api.april()
  let isAdded = false
  const d1 = changed((session) => ({
    batch: async (statements) => {
      if (writesIn(statements) && !isAdded) {
        isAdded = true
        await api.hold(3, '2026-04-20T00:00:00Z')
      }
      return session.batch(statements) as never
    },
  }))
  const { status, body } = await client(api.token, d1).patch(`/invoices/${id}`, { status: 'DUE' })
  expect([isAdded, status, body.totalAmount]).toEqual([true, 200, 330])
})

it('an invoice that is late falls due before a person makes it VOID', async () => {
  const api = await withSeats()
  await api.moveTo('2026-05-03T00:00:00Z')
  const { id } = await api.april()
  vi.setSystemTime(Date.parse('2026-05-04T00:00:01Z'))
  const { status, body } = await api.patch(`/invoices/${id}`, { status: 'VOID' })
  expect([status, body.status, body.sequenceId, body.generatedAt]).toEqual([200, 'VOID', '2026-05-0001', '2026-05-04T00:00:00.000Z'])
})

it('licences that are made for a cycle whose invoice has fallen due earn nothing, as they cost nothing', async () => {
  const api = await withSeats()
  await api.hold(2, '2026-04-01T00:00:00Z')
  await api.moveTo('2026-05-05T00:00:00Z')
  const earned = async () =>
    valuesOf(await dataOf(api, '2026-04-01T00:00:00Z', '2026-06-01T00:00:00Z', { name: 'REVENUE', aggregationPeriod: 'MONTH' }))
  const [april] = await earned()
  expect([(await api.april()).totalAmount, april]).toEqual([230, 230])
  await api.hold(7, '2026-04-20T00:00:00Z')
  expect(await earned()).toEqual([230, expect.any(Number)])
})

it('events behind the end of a cycle that was made VOID and then cut short are counted in the next one', async () => {
  const api = await withSeats()
  await api.send('first', '2', '2026-04-02T00:00:00Z')
  await api.moveTo('2026-04-10T00:00:00Z')
  const { id } = await api.april()
  expect((await api.patch(`/invoices/${id}`, { status: 'VOID' })).status).toBe(200)
  await api.associate('2026-04-20', { pricePlanId: await api.publish('Other') })
  await api.send('late', '3', '2026-04-19T23:59:59.999Z')
  vi.setSystemTime(Date.parse('2026-04-20T00:00:01Z'))
  await api.send('next', '5', '2026-04-20T00:00:00Z')
  await api.moveTo('2026-04-21T00:00:00Z')
  const next = (await api.list()).find(({ startDate }) => startDate.startsWith('2026-04-20'))
  expect([next.status, next.usageInfo[0].value, next.totalAmount]).toEqual(['DRAFT', 5, 11 + 5 * 2])
})

it('the first event ever is late for a cycle whose invoice a person has let fall due, or made VOID', async () => {
  for (const status of ['DUE', 'VOID']) {
    const api = await withSeats()
    await api.moveTo('2026-05-02T00:00:00Z')
    const { id } = await api.april()
    expect((await api.patch(`/invoices/${id}`, { status })).status).toBe(200)
    await api.send('late', '5', '2026-04-20T00:00:00Z')
    const { events } = (await api.get('/events?pageSize=10')).body
    expect(events.map(({ ingestionStatus }: Loose) => [status, ingestionStatus.status])).toEqual([
      [status, 'INGESTION_FAILED_PAST_GRACE_PERIOD'],
    ])
  }
})
