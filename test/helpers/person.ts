import { runInDurableObject } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { Answer, Api } from './api.ts'
import { perUnit } from './calculator.ts'
import { doDue } from './ledgers.ts'
import { organizationWithMeter, ride } from './metering.ts'
import { make, query } from './reports.ts'
import { readRows } from './rows.ts'
import { monthly, publishPlan } from './schedules.ts'
import { endpointOf, receive, run } from './webhooks.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** What stands in every text about the person. */
export const MARK = 'Quixotica'

const marked = (what: string): string => `${MARK} ${what}`

/** Requires that an answer is no refusal. */
export const made = async (answer: Promise<Answer>): Promise<Loose> => {
  const { status, body } = await answer
  expect([status < 300, body.message]).toEqual([true, undefined])
  return body
}

const address = { line1: marked('street'), city: marked('city'), phoneNumber: marked('phone'), country: 'US' }
const setting = (id: string) => ({ id, value: marked('value'), namespace: 'USER', name: marked('setting'), dataType: 'STRING' })

/** The customer as it is sent. */
export const person = {
  id: 'gone',
  name: marked('person'),
  primaryEmail: `${MARK}@example.com`,
  address,
  settings: [setting('s')],
  account: {
    id: 'gone main',
    name: marked('account'),
    primaryEmail: `${MARK}@example.org`,
    address,
    aliases: [`${MARK}@example.net`],
    settings: [setting('t')],
    metadata: { of: marked('metadata') },
    tags: [marked('tag')],
  },
}

/** Lets an organization have a customer with a text about a person in everything that takes one. `setTime` sets the clock. */
export const withPerson = async (setTime: (time: string) => void) => {
  setTime('2024-06-01T00:00:00Z')
  receive()
  const api = await organizationWithMeter()
  const { post, patch, call, id } = api
  await endpointOf(api)
  await made(call('POST', '/customers', person, { 'Idempotency-Key': 'create' }))
  await made(call('PATCH', '/customers/gone', { name: marked('renamed') }, { 'Idempotency-Key': 'rename' }))
  await made(
    call(
      'POST',
      '/customers/gone/contacts',
      {
        name: marked('contact'),
        email: `${MARK}@contact.example`,
        phone: marked('phone'),
        preferredUsername: MARK,
        password: 'long enough',
      },
      { 'Idempotency-Key': 'contact' },
    ),
  )
  await made(
    post('/settings', {
      entityId: 'gone',
      entityType: 'CUSTOMER',
      id: 'tax_id',
      value: marked('tax'),
      namespace: 'SYSTEM',
      name: 'Tax id',
      dataType: 'STRING',
    }),
  )
  await made(post('/aliases', { aliases: [{ value: `${MARK}-pool` }] }))
  await made(
    post('/accounts', {
      id: 'gone side',
      customerId: 'gone',
      name: marked('side'),
      aliases: [`${MARK}-pool`],
      accountAliases: [{ value: `${MARK}-early`, effectiveFrom: '2024-06-15T00:00:00Z' }],
    }),
  )
  const group = await made(
    call(
      'POST',
      '/invoice_groups',
      {
        name: marked('group'),
        email: `${MARK}@group.example`,
        dailyInvoiceConsolidation: false,
        accountIds: ['gone side'],
        address,
      },
      { 'Idempotency-Key': 'group' },
    ),
  )
  const support = (await made(post('/addons', { name: 'Support', type: 'FIXED_FEE' }))).id
  const seats = (await made(post('/addons', { name: 'Seats', type: 'NAMED_LICENSE' }))).id
  const desks = (await made(post('/addons', { name: 'Desks', type: 'LICENSE' }))).id
  const planId = await publishPlan(api, 'Scale', support, {
    pricingCycleConfig: monthly,
    usageRateCards: [{ usageMeterId: api.meterId, name: 'distance', ...perUnit(2) }],
    fixedFeeRateCards: [{ id: support, name: 'support', enableProration: true, rateValues: [{ currency: 'USD', rate: 31 }] }],
    licenseRateCards: [{ id: seats, name: 'seats', enableProration: false, ...perUnit(12) }],
  })
  await made(post('/accounts/gone%20main/price_plans', { pricePlanId: planId, effectiveFrom: '2024-06-01', effectiveUntil: '9999-01-01' }))
  await made(
    post('/license_updates', {
      accountId: 'gone main',
      licenseId: desks,
      quantity: 3,
      updateType: 'ABSOLUTE',
      effectiveFrom: '2024-06-02T00:00:00Z',
      metadata: { of: marked('licence') },
    }),
  )
  await made(
    call(
      'POST',
      '/credits',
      {
        creditRequests: [
          {
            accountId: 'gone main',
            purpose: marked('credit'),
            effectiveFrom: '2024-06-01',
            effectiveUntil: '2025-01-01',
            creditAmount: 5,
            priority: 1,
            applicableEntityIds: ['ALL_USAGE_METER_RATE_CARDS'],
          },
        ],
      },
      { 'Idempotency-Key': 'credit' },
    ),
  )
  await made(
    post('/alerts', {
      alertTemplateId: 'usage-threshold-account',
      interval: 60,
      description: marked('alert'),
      entityDetails: { usageMeter: { id: api.meterId } },
      ownerDetails: { account: { id: 'gone main' } },
      parameters: { threshold: { value: 8000 } },
      status: 'ACTIVE',
    }),
  )
  setTime('2024-06-21T00:00:00Z')
  const at = { timestamp: '2024-06-12T10:00:00Z', dimensions: { city: marked('city') } }
  await made(post('/ingest', { event: ride('by id', '7.5', { ...at, accountId: 'gone main' }) }))
  await made(post('/ingest', { event: ride('by alias', '2.25', { ...at, accountId: `${MARK}@example.net` }) }))
  await made(post('/ingest', { event: ride('again', '1', { ...at, accountId: `${MARK}@example.net` }) }))
  await made(post('/ingest', { event: ride('again', '2', { ...at, accountId: `${MARK}@example.net` }) }))
  await made(post('/ingest', { event: ride('wrong', '1', { ...at, accountId: 'gone main', attributes: [] }) }))
  await made(post('/ingest', { event: ride('early', '4', { ...at, accountId: `${MARK}-early` }) }))
  await made(post('/ingest', { event: ride('redone', '3', { ...at, accountId: 'gone main' }) }))
  for (const [event, name] of [
    ['seat 1', 'one'],
    ['seat 2', 'two'],
  ])
    await made(
      post('/ingest', {
        event: {
          id: event,
          schemaName: 'togai-named-license',
          timestamp: '2024-06-12T11:00:00Z',
          accountId: 'gone main',
          attributes: [{ name: 'action', value: '1' }],
          dimensions: { license_id: seats, name: marked(name ?? '') },
        },
      }),
    )
  await made(
    call('POST', '/events/correction?action=REDO_EVENT&account_id=gone%20main&event_id=redone&async=true', {
      event: ride('redone', '3.5', { ...at, accountId: 'gone main' }),
    }),
  )
  await doDue(id)
  const draft = await made(
    post('/invoices', {
      accountId: 'gone main',
      startDate: '2024-06-01T00:00:00Z',
      endDate: '2024-07-01T00:00:00Z',
      status: 'DRAFT',
      autoAdvance: false,
      lineItems: [{ id: 'l', description: marked('deleted line'), value: 3 }],
    }),
  )
  await made(call('DELETE', `/invoices/${draft.id}`))
  await made(patch('/accounts/gone%20main/wallet', { status: 'INACTIVE' }))
  const bought = await made(post('/accounts/gone%20main/purchases', { type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 5 } }))
  await made(patch(`/invoices/${bought.invoiceId}`, { status: 'PAID' }))
  const ofGroup = {
    accountId: group.id,
    ownerType: 'INVOICE_GROUP',
    startDate: '2024-06-01T00:00:00Z',
    endDate: '2024-06-20T00:00:00Z',
    autoAdvance: false,
    lineItems: [{ id: 'l', description: marked('line of the group'), value: 3 }],
  }
  const draftOfGroup = await made(post('/invoices', { ...ofGroup, status: 'DRAFT' }))
  await made(call('DELETE', `/invoices/${draftOfGroup.id}`))
  const dueOfGroup = await made(post('/invoices', { ...ofGroup, status: 'DUE' }))
  await made(
    post('/payments', {
      accountId: group.id,
      externalPaymentReference: { sourceName: 'gateway', sourceType: 'GATEWAY', transactionNumber: dueOfGroup.id },
      lineItemRecords: [{ type: 'INVOICE', togaiId: dueOfGroup.id, amount: 3, order: 1 }],
      currency: 'USD',
      totalAmount: 3,
      notes: marked('notes of the group'),
    }),
  )
  await make(api, query('accounts', ['account_id', 'name']), { name: 'All accounts' })
  await make(
    api,
    query('accounts', ['account_id', 'name'], {
      queryFilters: [{ column: { columnName: 'name' }, operator: 'neq', args: [marked('filter')] }],
    }),
    { name: marked('report'), account_id: 'gone main' },
  )
  await made(patch('/accounts/gone%20main', { metadata: { of: marked('other') } }))
  setTime('2024-07-04T00:00:00Z')
  await doDue(id)
  return api
}

type Person = Awaited<ReturnType<typeof withPerson>>

/** What the customer is changed to at last. */
export const LATE = { name: marked('late') }

/** Archives the customer, has it billed to the end, and pays what it owes. */
export const archivePerson = async (api: Person, setTime: (time: string) => void): Promise<void> => {
  const { id, get, post, call } = api
  for (const account of ['gone%20main', 'gone%20side']) await made(call('DELETE', `/accounts/${account}`))
  setTime('2024-07-25T00:00:00Z')
  await doDue(id)
  const { data } = await made(get('/invoices?owner_id=gone%20main&pageSize=50'))
  for (const invoice of data as Loose[])
    if (invoice.status === 'DUE')
      await made(
        post('/payments', {
          accountId: 'gone main',
          externalPaymentReference: {
            sourceName: 'gateway',
            sourceType: 'GATEWAY',
            transactionNumber: invoice.id,
            description: marked('source'),
            metadata: { of: marked('payment') },
          },
          lineItemRecords: [{ type: 'INVOICE', togaiId: invoice.id, amount: invoice.totalAmount, order: 1 }],
          currency: 'USD',
          totalAmount: invoice.totalAmount,
          description: marked('payment'),
          notes: marked('notes'),
        }),
      )
  await made(call('PATCH', '/customers/gone', LATE, { 'Idempotency-Key': 'late' }))
  await made(call('DELETE', '/customers/gone'))
  await run(Date.now() + 1000)
  await doDue(id)
}

const dump = (sql: SqlStorage): Record<string, string> =>
  Object.fromEntries(
    sql
      .exec<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*'")
      .toArray()
      .map(({ name }) => [name, JSON.stringify(sql.exec(`SELECT * FROM "${name}"`).toArray())]),
  )

/** Every place that has the mark in an organization: tables, tables of ledgers, and objects of the bucket. */
export const findMark = async ({ id }: Pick<Api, 'id'>, mark = MARK): Promise<string[]> => {
  const has = (text: string): boolean => text.toLowerCase().includes(mark.toLowerCase())
  const rows = Object.entries(await readRows(id)).flatMap(([table, its]) => (its.some(has) ? [table] : []))
  const ledgers = exports as unknown as Record<'EventLedger' | 'AccountLedger', DurableObjectNamespace>
  const found: string[] = []
  for (const [kind, namespace] of [
    ['event', ledgers.EventLedger],
    ['account', ledgers.AccountLedger],
  ] as const)
    for (let index = 0; index < 4; index++) {
      const tables = await runInDurableObject(namespace.getByName(`${id}/${kind}/1/${index}`), (_, { storage }) => dump(storage.sql))
      found.push(...Object.entries(tables).flatMap(([table, text]) => (has(text) ? [`${kind} ledger: ${table}`] : [])))
    }
  const { objects } = await env.FILES.list({ prefix: id })
  const files = await Promise.all(objects.map(async ({ key }) => (has((await (await env.FILES.get(key))?.text()) ?? '') ? ['bucket'] : [])))
  return [...new Set([...rows, ...found, ...files.flat()])].toSorted()
}
