import { env } from 'cloudflare:workers'
import { client, done } from './api.ts'
import { monthly } from './schedules.ts'
import { organizationWithMeter, ride } from './metering.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** The lines of some types in a tree, those that stand higher first. */
export const linesOf = (line: Loose, ...types: string[]): Loose[] => [
  ...(types.includes(line.type) ? [line] : []),
  ...(line.lineItems ?? []).flatMap((one: Loose) => linesOf(one, ...types)),
]

/** An organization with a test clock that stands at an instant, in which accounts get plans, use them and are billed. */
export const withTestClock = async (now: string) => {
  /** workerd reads its clock when it has nothing to do; tests that keep it busy for half a minute make a ledger that wakes then look late. */
  await scheduler.wait(1)
  const { id, meterId, token } = await organizationWithMeter()
  const api = client(token, env.DB, { TEST_CLOCK: 'on' })
  const { get, post } = api
  let made = 0
  /** Moves the clock, in as many requests as it takes. */
  const moveTo = async (time: string): Promise<void> => {
    const target = new Date(time).toISOString()
    for (let reached = ''; reached !== target; reached = (await done(post('/test_clock', { now: target }))).now);
  }
  await moveTo(now)
  const addOn = async (type: string, name = `${type} ${made++}`): Promise<string> => (await done(post('/addons', { name, type }))).id
  /** Publishes a plan in a currency. */
  const plan = async (details: Loose, { currency = 'USD', rules = [] as Loose[] } = {}): Promise<string> => {
    const { id: planId } = await done(
      post('/price_plans', {
        name: `Plan ${made++}`,
        pricePlanDetails: { supportedCurrencies: [currency], pricingCycleConfig: monthly, ...details },
        ...(rules.length && { pricingRules: rules }),
      }),
    )
    await done(post(`/price_plans/${planId}/activate`, { currencies: [currency] }))
    return planId
  }
  /** Makes an account, with a plan from a day until before a day. */
  const account = async (account_: string, pricePlanId: string, from: string, { until = '9999-01-01', currency = 'USD' } = {}) => {
    const its = { id: account_, name: account_, invoiceCurrency: currency }
    await done(post('/customers', { id: account_, name: account_, primaryEmail: 'a@example.com', address: {}, account: its }))
    await give(account_, pricePlanId, from, until)
  }
  const give = (account_: string, pricePlanId: string, effectiveFrom: string, effectiveUntil = '9999-01-01') =>
    done(post(`/accounts/${encodeURIComponent(account_)}/price_plans`, { pricePlanId, effectiveFrom, effectiveUntil }))
  const use = (account_: string, distance: string, timestamp: string, event = `event ${made++}`) =>
    done(post('/ingest', { event: ride(event, distance, { timestamp, accountId: account_ }) }))
  const hold = (account_: string, licenseId: string, quantity: number, effectiveFrom: string, updateType = 'ABSOLUTE') =>
    done(post('/license_updates', { licenseId, accountId: account_, updateType, quantity, effectiveFrom }))
  const name = (account_: string, license_id: string, its: string, timestamp: string, action = '1') =>
    done(
      post('/ingest', {
        event: {
          id: `name ${made++}`,
          schemaName: 'togai-named-license',
          timestamp,
          accountId: account_,
          attributes: [{ name: 'action', value: action }],
          dimensions: { license_id, name: its },
        },
      }),
    )
  /** The invoices of an account, the one whose period begins first in front. */
  const invoices = async (account_: string): Promise<Loose[]> => {
    const { data } = await done(get(`/invoices?owner_id=${encodeURIComponent(account_)}&pageSize=50`))
    const all = await Promise.all(data.map(async (one: Loose) => done(get(`/invoices/${one.id}`))))
    return all.toSorted((one, other) => (one.startDate + one.invoiceType < other.startDate + other.invoiceType ? -1 : 1))
  }
  /** Of each invoice of an account its type, its first day, the day behind its last one, the day on which it falls due, and what it comes to. */
  const billed = async (account_: string): Promise<[string, string, string, string, number][]> =>
    (await invoices(account_)).map(({ invoiceType, startDate, endDate, invoiceDate, totalAmount }) => [
      invoiceType,
      startDate.slice(0, 10),
      endDate.slice(0, 10),
      invoiceDate.slice(0, 10),
      totalAmount,
    ])
  return { ...api, id, meterId, token, moveTo, addOn, plan, account, give, use, hold, name, invoices, billed }
}
