import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const ACCOUNTS = 200
const START = '2026-01-01T00:00:00.000Z'
const END = '2026-04-01T00:00:00.000Z'
const DAY = 86_400_000

/** An organization with accounts whose cycles begin and end on different days, and whose plans change on the way. */
const withAccounts = async () => {
  const made = await organization()
  const api = { ...made, ...client(made.token, undefined, { TEST_CLOCK: 'on' }) }
  const move = (now: string) => api.post('/test_clock', { now })
  expect((await move(START)).body).toEqual({ now: START, target: START, due: 0 })
  await api.post('/customers', customer('cus1'))
  const { body: fee } = await api.post('/addons', { name: 'Support', type: 'FIXED_FEE' })
  const cycles = [
    { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 2 },
    { interval: 'MONTHLY', gracePeriod: 0, anniversaryCycle: true },
    { interval: 'WEEKLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 1 },
    { interval: 'QUARTERLY', startOffset: { dayOffset: 'LAST', monthOffset: '1' }, gracePeriod: 5 },
  ]
  const plans: string[] = []
  for (const [index, pricingCycleConfig] of cycles.entries())
    plans.push(await publishPlan(api, `Plan ${index}`, fee.id, { pricingCycleConfig }))
  const date = (days: number) => new Date(Date.parse(START) + days * DAY).toISOString().slice(0, 10)
  for (let index = 0; index < ACCOUNTS; index++) {
    const id = `account ${String(index).padStart(3, '0')}`
    await api.post('/accounts', { id, name: id, customerId: 'cus1' })
    const edits: Loose[] = [
      { pricePlanId: plans[index % 4], effectiveFrom: date(index % 31), effectiveUntil: '9999-01-01' },
      { pricePlanId: plans[(index + 1) % 4], effectiveFrom: date(40 + (index % 37)), effectiveUntil: date(80 + (index % 5)) },
    ]
    expect((await api.post(`/accounts/${id}/edit_schedules`, { edits })).status).toBe(200)
  }
  return { ...api, move }
}

/** What time has made of an organization: what was announced of each account in its order, and what is due next. */
const madeOf = async (organizationId: string) => {
  const read = async (query: string) => (await env.DB.prepare(query).bind(organizationId).all()).results
  return {
    cycles: await read(
      `SELECT DISTINCT its.account_id, substr(log.resource_id, 23) AS cycle, log.changes FROM audit_log AS log
       JOIN schedules AS its ON its.id = substr(log.resource_id, 1, instr(log.resource_id, '#') - 1)
       WHERE log.organization_id = ? AND log.resource_type = 'PRICING_CYCLE' ORDER BY its.account_id, log.sequence`,
    ),
    outbox: await read(
      `SELECT its.account_id, count(*) AS count FROM outbox JOIN schedules AS its ON its.id = substr(outbox.resource_id, 1, instr(outbox.resource_id, '#') - 1)
       WHERE outbox.organization_id = ? AND outbox.resource_type = 'PRICING_CYCLE' GROUP BY its.account_id`,
    ),
    invoices: await read(
      `SELECT account_id, invoice_type, status, start_at, end_at, invoice_at, generated_at, created_at, total, sequence_id FROM invoices
       WHERE organization_id = ? AND status <> 'GONE' ORDER BY account_id, start_at`,
    ),
    due: await read('SELECT kind, subject, due_at FROM due WHERE organization_id = ? ORDER BY kind, subject'),
    schedules: await read(
      'SELECT account_id, start_at, end_at, state FROM schedules WHERE organization_id = ? ORDER BY account_id, start_at',
    ),
  }
}

it(`moved over three months for ${ACCOUNTS} accounts in as many calls as it takes, the clock makes the same rows as day by day`, async () => {
  const [whole, daily] = await Promise.all([withAccounts(), withAccounts()])
  let calls = 0
  for (let now = ''; now !== END; calls++) {
    const { status, body } = await whole.move(END)
    expect([status, calls < 100]).toEqual([200, true])
    now = body.now
  }
  for (let time = Date.parse(START) + DAY; time <= Date.parse(END); time += DAY) {
    const target = new Date(time).toISOString()
    for (let now = ''; now !== target; now = (await daily.move(target)).body.now);
  }
  const [once, often] = [await madeOf(whole.id), await madeOf(daily.id)]
  expect(once).toEqual(often)
  expect(once.cycles.length).toBeGreaterThan(3 * ACCOUNTS)
  expect(once.due).toHaveLength(2 * ACCOUNTS)
  expect(once.invoices.length).toBeGreaterThan(3 * ACCOUNTS)
  expect(calls).toBeGreaterThan(1)
}, 120_000)
