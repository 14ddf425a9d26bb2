import type { Big } from 'big.js'
import { expect } from 'vitest'
import { type Api, client, organization } from '../helpers/api.ts'
import { type Account, DAY, type Invoiced, type Plan, dayOf } from './billing_cycles.ts'
import { settle, sortInvoices } from './billing_model.ts'
import { totalsOf } from './billing_money.ts'
import { CURRENCIES, type Items, type Random, planDetails, planRules } from './billing_plans.ts'
import { ZERO, exact, sum } from './billing_rating.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

export const timeText = (time: number): string => new Date(time).toISOString()

/** A plan of the model, and whether it has fees that are shared among several cycles. */
export interface KnownPlan extends Plan {
  isStrict: boolean
}

/** An invoice group, whose accounts pay together. */
interface Group {
  id: string
  netTermDays: number
  accounts: Account[]
}

/** An organization with accounts that have plans, and the same in the model. */
export interface World {
  api: Pick<Api, 'call' | 'get' | 'post' | 'patch' | 'delete'>
  random: Random
  items: Items
  plans: KnownPlan[]
  accounts: Account[]
  groups: Group[]
  made: number
  now: number
}

export const done = async (answer: Promise<{ status: number; body: Loose }>): Promise<Loose> => {
  const { status, body } = await answer
  expect([status, body.message], 'what the model does is allowed').toEqual([expect.toSatisfy((one: number) => one < 300), undefined])
  return body
}

const makeMeter = async ({ post }: World['api'], name: string, definition: Loose): Promise<string> => {
  const { id } = await done(post('/usage_meters', { name, type: 'COUNTER', eventSchemaName: 'rides', ...definition }))
  await done(post(`/usage_meters/${id}/activate`))
  return id
}

const makePlan = async ({ api: { post }, random, items }: World, name: string, isStrict: boolean): Promise<KnownPlan> => {
  const details = planDetails(random, items, isStrict)
  const rules = planRules(random, details)
  const { id } = await done(post('/price_plans', { name, pricePlanDetails: details, pricingRules: rules.map(({ sent }) => sent) }))
  await done(post(`/price_plans/${id}/activate`, { currencies: [...CURRENCIES] }))
  return { id, name, details, rules, isStrict }
}

/** An organization whose clock stands at an instant, with plans, and accounts of several currencies that have none yet. */
export const makeWorld = async (random: Random, now: number, sizes: { accounts: number; plans: number }): Promise<World> => {
  const { token } = await organization()
  const api = client(token, undefined, { TEST_CLOCK: 'on' })
  const { post } = api
  await done(post('/test_clock', { now: timeText(now) }))
  await done(post('/event_schema', { name: 'rides', attributes: [{ name: 'distance' }, { name: 'weight' }], dimensions: [] }))
  await done(post('/event_schema/rides/activate'))
  const sumOf = (attribute: string): Loose => ({
    aggregation: 'SUM',
    computations: [{ computation: `{"var":"attributes.${attribute}"}`, order: 1 }],
  })
  const meters = [
    await makeMeter(api, 'distance', sumOf('distance')),
    await makeMeter(api, 'weight', sumOf('weight')),
    await makeMeter(api, 'rides', { aggregation: 'COUNT' }),
  ]
  const addOns = async (type: string, count: number): Promise<string[]> => {
    const ids: string[] = []
    for (let n = 0; n < count; n++) ids.push((await done(post('/addons', { name: `${type} ${n}`, type }))).id)
    return ids
  }
  const items = {
    meters,
    fees: await addOns('FIXED_FEE', 4),
    licenses: await addOns('LICENSE', 2),
    names: await addOns('NAMED_LICENSE', 1),
  }
  const world: World = { api, random, items, plans: [], accounts: [], groups: [], made: 0, now }
  for (let n = 0; n < sizes.plans; n++) world.plans.push(await makePlan(world, `Plan ${n}`, n % 3 === 0))
  for (let n = 0; n < sizes.accounts; n++) {
    const [id, currency, netTermDays] = [`account ${n}`, random.pick(CURRENCIES), random.whole(0, 30)]
    const account = { id, name: id, invoiceCurrency: currency, netTermDays }
    if (n % 10 === 0)
      await done(post('/customers', { id: `customer ${n}`, name: 'Customer', primaryEmail: 'c@example.com', address: {}, account }))
    else await done(post('/accounts', { ...account, customerId: `customer ${n - (n % 10)}` }))
    const nothing = {
      isArchived: false,
      isGrouped: false,
      credited: ZERO,
      pieces: [],
      events: [],
      entries: [],
      names: [],
      invoiced: new Map(),
      journal: [],
      charged: new Map(),
    }
    world.accounts.push({ id, currency, netTermDays, ...nothing })
  }
  for (const currency of CURRENCIES) {
    const accounts = world.accounts.filter((one) => one.currency === currency).slice(0, 3)
    if (!accounts.length) continue
    const netTermDays = random.whole(0, 30)
    const group = { name: `Group ${currency}`, email: 'g@example.com', dailyInvoiceConsolidation: true, netTermDays, address: {} }
    const { id } = await done(post('/invoice_groups', { ...group, accountIds: accounts.map((one) => one.id) }))
    for (const one of accounts) one.isGrouped = true
    world.groups.push({ id, netTermDays, accounts })
  }
  return world
}

/** Moves the clock, in as many requests as it takes, and does in the model what is due by then. */
export const moveTo = async (world: World, now: number): Promise<void> => {
  const { api, accounts } = world
  const target = timeText(now)
  for (let reached = ''; reached !== target; reached = (await done(api.post('/test_clock', { now: target }))).now);
  const days = Array.from({ length: dayOf(now) - dayOf(world.now) + 1 }, (_, index) => (dayOf(world.now) + index) * DAY)
  for (const account of accounts) {
    const times = [...days, ...account.entries.map(({ at }) => at)].filter((time) => time > world.now && time <= now)
    for (const time of [...new Set(times)].toSorted((one, other) => one - other)) settle(account, time)
  }
  world.now = now
}

const COMPARED = /^(?:ADVANCED_.+|.+_RATE_CARD_AMOUNT|TRUE_UP_AMOUNT|PRICING_RULE_ADDITION_AMOUNT)$/

/** The lines of an invoice that are charges of their own. */
const linesIn = ({ type, id, value, lineItems = [] }: Loose): [string, string][] =>
  id !== undefined && COMPARED.test(type) ? [[`${type} ${id}`, exact(value).toFixed()]] : lineItems.flatMap(linesIn)

/** What credits take off an invoice. */
const creditsIn = ({ type, value, lineItems = [] }: Loose): Big =>
  type === 'TOTAL_CREDITS' ? exact(value) : sum(lineItems.map((one: Loose) => creditsIn(one)))

const shownCredits = ({ invoiceType, revenueInfo }: Loose): Big => (invoiceType === 'COMPOSITE' ? ZERO : creditsIn(revenueInfo))

/** What an invoice shows. What credits took of the members of a group is shown by these. */
const shownOf = (invoice: Loose): Invoiced => ({
  type: invoice.invoiceType,
  status: invoice.status,
  start: dayOf(Date.parse(invoice.startDate)),
  end: dayOf(Date.parse(invoice.endDate)),
  invoiceDay: dayOf(Date.parse(invoice.invoiceDate)),
  netTermDays: invoice.netTermDays,
  planName: invoice.invoiceDetails.pricePlanName,
  gross: exact(invoice.totalAmount).minus(shownCredits(invoice)).toFixed(),
  credits: shownCredits(invoice).toFixed(),
  total: exact(invoice.totalAmount).toFixed(),
  paid: exact(invoice.paidAmount).toFixed(),
  lines:
    invoice.invoiceType === 'COMPOSITE'
      ? totalsOf(invoice.revenueInfo.lineItems.map(({ value }: Loose) => exact(value).toFixed()))
      : Object.fromEntries(linesIn(invoice.revenueInfo)),
  usage: Object.fromEntries((invoice.usageInfo ?? []).map(({ id, value }: Loose) => [id, exact(value).toFixed()])),
})

/** The invoices of an account or of a group as the API shows each of them, and their numbers. */
export const readInvoices = async (
  { api }: World,
  { id }: Pick<Account | Group, 'id'>,
): Promise<{ shown: Invoiced[]; numbers: string[] }> => {
  const all: Loose[] = []
  for (let query = `owner_id=${encodeURIComponent(id)}&pageSize=50`; query;) {
    const { data, nextToken } = await done(api.get(`/invoices?${query}`))
    all.push(...data)
    query = nextToken ? `nextToken=${encodeURIComponent(nextToken)}` : ''
  }
  const shown: Invoiced[] = []
  for (const one of all) shown.push(shownOf(await done(api.get(`/invoices/${one.id}`))))
  return { shown: sortInvoices(shown), numbers: all.flatMap(({ sequenceId }) => sequenceId ?? []) }
}
