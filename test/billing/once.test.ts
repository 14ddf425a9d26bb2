import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { STATUSES } from '../../src/ledger/client.ts'
import { perUnit } from '../helpers/calculator.ts'
import { doDue } from '../helpers/ledgers.ts'
import { eventsOf, organizationWithMeter, ride } from '../helpers/metering.ts'
import { monthly, publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const START = '2026-04-01T00:00:00.000Z'
/** The end of the cycle, and of its grace, at which its invoice falls due. */
const END = '2026-05-01T00:00:00.000Z'
const DUE = '2026-05-04T00:00:00.000Z'
const ACCOUNTS = ['run 1', 'run 2', 'due 1', 'due 2', 'void', 'mixed']

/** The most events of each account in its cycle that come one after another until the rest of the work is done. */
const MOST_EVENTS = 60

const justBefore = (time: string): number => Date.parse(time) - 1

/** Accounts with a plan that has usage, a fee, and a fee in advance, and an event each in April. */
const withAccounts = async () => {
  vi.setSystemTime(Date.parse(START))
  const api = await organizationWithMeter()
  const addOn = async (name: string): Promise<string> => (await api.post('/addons', { name, type: 'FIXED_FEE' })).body.id
  const [support, platform] = [await addOn('Support'), await addOn('Platform')]
  const fee = (id: string, rate: number, invoiceTiming: string) => ({
    id,
    name: `fee ${id}`,
    enableProration: true,
    invoiceTiming,
    rateValues: [{ currency: 'USD', rate }],
  })
  const pricePlanId = await publishPlan(api, 'Standard', support, {
    pricingCycleConfig: monthly,
    usageRateCards: [{ usageMeterId: api.meterId, name: 'distance', ...perUnit(2) }],
    fixedFeeRateCards: [fee(support, 30, 'IN_ARREARS'), fee(platform, 9, 'IN_ADVANCE')],
  })
  const send = (id: string, accountId: string, distance: string, timestamp = START) =>
    api.post('/ingest', { event: ride(id, distance, { accountId, timestamp }) })
  for (const id of ACCOUNTS) {
    await api.post('/accounts', { id, name: id, customerId: 'acme' })
    const schedule = { pricePlanId, effectiveFrom: '2026-04-01', effectiveUntil: '9999-01-01' }
    expect((await api.post(`/accounts/${encodeURIComponent(id)}/price_plans`, schedule)).status).toBe(200)
    expect((await send(`early ${id}`, id, '7')).status).toBe(202)
  }
  return { ...api, send }
}

/**
 * Does all of the work at the same moment. The first half of it is begun just before an instant, and the second half at it, when a third of
 * the first half is done.
 */
const doAround = async <Result>(instant: string, work: readonly (() => Promise<Result>)[]): Promise<Result[]> => {
  const half = Math.floor(work.length / 2)
  const isThird = Promise.withResolvers<undefined>()
  let done = 0
  vi.setSystemTime(justBefore(instant))
  const before = work.slice(0, half).map(async (one) => {
    const result = await one()
    if (++done > half / 3) isThird.resolve(undefined)
    return result
  })
  await Promise.race([isThird.promise, Promise.all(before)])
  vi.setSystemTime(Date.parse(instant))
  return Promise.all([...before, ...work.slice(half).map((one) => one())])
}

/** The works of several lists, in turn. */
const mix = <Work>(...lists: readonly (readonly Work[])[]): Work[] =>
  Array.from({ length: Math.max(...lists.map(({ length }) => length)) }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat()

const times = <Work>(count: number, work: (n: number) => Work): Work[] => Array.from({ length: count }, (_, n) => work(n))

/** Every change of the status of an invoice that is recorded, the first to the last. */
const changesOf = async (api: Loose, id: string): Promise<[string | null, string][]> => {
  const { body } = await api.get(`/audit_log?resource_type=INVOICE&resource_id=${id}&pageSize=100`)
  return body.data.toReversed().flatMap(({ changes }: Loose) => (changes.status ? [[changes.status.old, changes.status.new]] : []))
}

const invoicesOf = async (id: string): Promise<Loose[]> =>
  (
    await env.DB.prepare(
      `SELECT id, account_id AS account, invoice_type AS type, status, start_at AS startAt, total, sequence, sequence_id AS sequenceId
       FROM invoices WHERE organization_id = ? AND status <> 'GONE' ORDER BY account_id, start_at, invoice_type`,
    )
      .bind(id)
      .all()
  ).results

/** The numbers of an organization are without gaps, and each cycle has one invoice of each type. */
const holdNumbers = (rows: readonly Loose[]): void => {
  const numbers = rows.flatMap(({ sequence }) => sequence ?? []).toSorted((one, other) => one - other)
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  const cycles = rows.map(({ account, type, startAt }) => `${account} ${type} ${startAt}`)
  expect(cycles).toEqual([...new Set(cycles)])
}

it.each([1, 2])('50 reads, runs and status changes around its DUE instant leave one invoice of a cycle, time %i', async () => {
  const api = await withAccounts()
  vi.setSystemTime(Date.parse(END))
  await doDue(api.id)
  const april = new Map(
    (await invoicesOf(api.id)).flatMap((row) =>
      row.type === 'STANDARD' && row.startAt === Date.parse(START) ? [[row.account, row.id]] : [],
    ),
  )
  expect(april.size).toBe(ACCOUNTS.length)
  const idOf = (account: string): string => april.get(account) ?? ''
  const reads = times(22, (n) => () => api.get(`/invoices/${idOf(ACCOUNTS[n % ACCOUNTS.length] ?? '')}`))
  const runs = times(10, () => async () => {
    expect((await doDue(api.id, undefined, Date.now())).errors).toEqual([])
    return undefined
  })
  const set = (account: string, status: string) => () => api.patch(`/invoices/${idOf(account)}`, { status })
  const changes = [
    ...times(4, () => set('due 1', 'DUE')),
    ...times(4, () => set('due 2', 'DUE')),
    ...times(4, () => set('void', 'VOID')),
    ...['DUE', 'PAID', 'VOID', 'DUE', 'VOID', 'PAID'].map((status) => set('mixed', status)),
  ]
  const sent = new Map(ACCOUNTS.map((account): [string, string[]] => [account, []]))
  const rest = { isDone: false }
  const sendEvents = async (account: string): Promise<void> => {
    const ids = sent.get(account) ?? []
    while (!rest.isDone && ids.length < MOST_EVENTS) {
      const id = `late ${ids.length} ${account}`
      ids.push(id)
      expect((await api.send(id, account, '1')).status).toBe(202)
    }
  }
  expect(reads.length + runs.length + changes.length).toBe(50)
  const sending = Promise.all(ACCOUNTS.map(sendEvents))
  const answers = (await doAround<Loose>(DUE, mix<() => Promise<Loose>>(reads, runs, changes))).filter(Boolean)
  rest.isDone = true
  await sending
  for (const { status, body } of answers) expect([200, 409], body.message).toContain(status)
  expect((await doDue(api.id, undefined, Date.now())).errors).toEqual([])

  const rows = await invoicesOf(api.id)
  holdNumbers(rows)
  const kept = new Map((await eventsOf(api)).map(({ id, status }) => [id, STATUSES[status]]))
  for (const account of ACCOUNTS) {
    const its = rows.filter((row) => row.account === account)
    expect(its.map(({ type, startAt }) => [type, startAt])).toEqual(
      [START, END].flatMap((time) => ['STANDARD', 'STANDARD_ADVANCED'].map((type) => [type, Date.parse(time)])),
    )
    const [row] = its
    expect(row.id).toBe(idOf(account))
    const ids = sent.get(account) ?? []
    const statuses = ids.map((id) => kept.get(id) ?? '')
    const counted = statuses.filter((status) => status === 'INGESTION_COMPLETED_EVENT_METERED').length
    expect(statuses.filter((status) => status === 'INGESTION_FAILED_PAST_GRACE_PERIOD')).toHaveLength(ids.length - counted)
    const total = String(30 + 2 * (7 + counted))
    const steps = await changesOf(api, row.id)
    /** Each step begins where the last one ended, so nothing was done twice. */
    expect(steps.map(([before]) => before)).toEqual([null, ...steps.slice(0, -1).map(([, after]) => after)])
    expect(steps.at(-1)?.[1]).toBe(row.status)
    expect(steps.filter(([, after]) => after === 'DUE').length).toBe(row.sequence === null ? 0 : 1)
    if (row.sequence !== null) expect(row.total).toBe(total)
    if (account.startsWith('run') || account.startsWith('due')) expect(row).toMatchObject({ status: 'DUE', total })
    for (const { body } of answers.filter((answer) => answer.body.id === row.id)) {
      const isFrozen = body.sequenceId !== undefined
      if (isFrozen) expect([body.sequenceId, String(body.totalAmount)]).toEqual([row.sequenceId, total])
      else expect(['DRAFT', 'VOID']).toContain(body.status)
      if (body.status === 'DRAFT') expect(Array.from({ length: counted + 1 }, (_, n) => 44 + 2 * n)).toContain(body.totalAmount)
    }
  }
})

it('20 reads and runs around its first instant leave one DRAFT of a cycle, and one invoice of what is paid in advance', async () => {
  const api = await withAccounts()
  const runs = times(10, () => async () => {
    expect((await doDue(api.id, undefined, Date.now())).errors).toEqual([])
  })
  const reads = times(10, () => async () => {
    expect((await api.get('/invoices?pageSize=50')).status).toBe(200)
  })
  await doAround(END, mix<() => Promise<void>>(runs, reads))
  const rows = await invoicesOf(api.id)
  holdNumbers(rows)
  expect(rows).toHaveLength(4 * ACCOUNTS.length)
  expect(rows.filter(({ status }) => status === 'DRAFT')).toHaveLength(2 * ACCOUNTS.length)
})
