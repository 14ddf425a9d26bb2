import { DAY, END, type PlanName, START, accounts, plansOf } from './data.ts'
import { days, eventsOf, exportsOf } from './events.ts'
import { type Send, moveClock, readAll, sender } from './send.ts'

/** How many requests are under way at once. */
const TOGETHER = 4
const BATCH = 1000

/** The days on which months begin, before whose grace is over their events have come. */
const MONTHS = [31, 61]

const together = async <Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> => {
  const left = [...items]
  const workers = Array.from({ length: TOGETHER }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  })
  await Promise.all(workers)
}

const instantOf = (day: number): string => new Date(Math.min(Date.parse(START) + day * DAY, Date.parse(END))).toISOString()
const dateOf = (day: number): string => instantOf(day).slice(0, 10)

/** The id of the organization, which is in a JWT of its token. */
const readOrganization = async (send: Send): Promise<string> => {
  const [, payload = ''] = (await send('POST', '/authenticate')).token.split('.')
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { org: string }).org
}

const named = (names: string[]) => names.map((one) => ({ name: one }))

/** The schemas, meters, add-ons and plans, and the ids of the plans and of the seats. */
const makeCatalogue = async (send: Send) => {
  const schema = async (name: string, description: string, attributes: string[], dimensions: string[]): Promise<void> => {
    await send('POST', '/event_schema', {
      name,
      description,
      attributes: named(attributes),
      dimensions: named(dimensions),
      filterFields: dimensions,
    })
    await send('POST', `/event_schema/${name}/activate`)
  }
  await schema('document_read', 'A document was read, and its text was answered.', ['pages', 'characters'], ['kind', 'region'])
  await schema('storage_measured', 'How much was stored, measured each hour.', ['gigabyte_hours'], ['region'])
  await schema('archive_exported', 'An archive was exported.', ['documents'], [])
  const meter = async (name: string, billableName: string, eventSchemaName: string, attribute: string): Promise<string> => {
    const computations = [{ computation: JSON.stringify({ var: `attributes.${attribute}` }), order: 1 }]
    const { id } = await send('POST', '/usage_meters', {
      name,
      billableName,
      type: 'COUNTER',
      aggregation: 'SUM',
      eventSchemaName,
      computations,
    })
    await send('POST', `/usage_meters/${id}/activate`)
    return id
  }
  const addon = async (name: string, type: string): Promise<string> => (await send('POST', '/addons', { name, type })).id
  const parts = {
    pages: await meter('pages', 'Pages read', 'document_read', 'pages'),
    characters: await meter('characters', 'Characters answered', 'document_read', 'characters'),
    storage: await meter('storage', 'Gigabyte-hours stored', 'storage_measured', 'gigabyte_hours'),
    platform: await addon('Platform', 'FIXED_FEE'),
    support: await addon('Support with an hour to answer', 'FIXED_FEE'),
    seats: await addon('Seats', 'LICENSE'),
  }
  const exports = await send('POST', '/features', {
    name: 'exports',
    billableName: 'Documents in exports',
    schemaAssociations: [{ schemaName: 'archive_exported', attributeName: 'documents' }],
  })
  const plans = new Map<string, string>()
  for (const plan of plansOf({ ...parts, exports: exports.id })) {
    const { id } = await send('POST', '/price_plans', plan)
    await send('POST', `/price_plans/${id}/activate`, { currencies: ['USD', 'EUR'] })
    plans.set(plan.name, id)
  }
  return { plans, seats: parts.seats, organization: await readOrganization(send) }
}

type Catalogue = Awaited<ReturnType<typeof makeCatalogue>>

/** Makes the accounts that come on a day, each with its plan and seats. */
const makeAccounts = async (send: Send, { plans, seats }: Catalogue, day: number): Promise<void> => {
  const planOf = (name: PlanName): string => plans.get(name) ?? ''
  for (const one of accounts.filter(({ since }) => since === day)) {
    const { customerId, customerName, id, name, email, city, country, currency, netTermDays } = one
    const address = { city, country }
    const account = { id, name, invoiceCurrency: currency, netTermDays, primaryEmail: email, address, aliases: [`workspace-${id}`] }
    if (id === customerId) await send('POST', '/customers', { id: customerId, name: customerName, primaryEmail: email, address, account })
    else await send('POST', '/accounts', { ...account, customerId })
    await send('POST', `/accounts/${id}/price_plans`, {
      pricePlanId: planOf(one.plan),
      effectiveFrom: dateOf(day),
      effectiveUntil: '9999-01-01',
    })
    if (one.seats)
      await send('POST', '/license_updates', {
        licenseId: seats,
        accountId: id,
        updateType: 'ABSOLUTE',
        quantity: one.seats,
        effectiveFrom: instantOf(day),
      })
  }
}

const sendEvents = async (send: Send, from: number, until: number): Promise<void> => {
  const batches: object[][] = []
  for (let day = from; day < until; day++) {
    const events = eventsOf(day)
    for (let at = 0; at < events.length; at += BATCH) batches.push(events.slice(at, at + BATCH))
  }
  const exported = exportsOf(from)
  if (exported.length && from > 0) batches.push(exported)
  await together(batches, (events) => send('POST', '/ingestBatch', { events }))
}

/** Pays what is due, but for every ninth invoice, of which every second is paid in part. */
const payInvoices = async (send: Send): Promise<void> => {
  const due = (await readAll(send, '/invoices?status=DUE')).toSorted((one, other) =>
    String(one['sequenceId']) < String(other['sequenceId']) ? -1 : 1,
  )
  await together([...due.entries()], async ([at, invoice]) => {
    const { id, ownerId, totalAmount, invoiceDetails, sequenceId } = invoice as Record<string, string> & {
      totalAmount: number
      invoiceDetails: { account?: { invoiceCurrency: string } }
    }
    const currency = invoiceDetails.account?.invoiceCurrency
    if (!currency || at % 18 === 8) return
    const paid = at % 9 === 8 ? Math.floor(totalAmount / 2) : totalAmount
    if (!paid) return
    await send('POST', '/payments', {
      accountId: ownerId,
      currency,
      totalAmount: paid,
      externalPaymentReference: { sourceName: 'bank', sourceType: 'BANK_TRANSFER', transactionNumber: `TR-${sequenceId}` },
      lineItemRecords: [{ type: 'INVOICE', togaiId: id, amount: paid, order: 1 }],
    })
  })
}

/** What happens on some days, beside that accounts come and are used. */
const happenings: Readonly<Record<number, (send: Send, catalogue: Catalogue) => Promise<void>>> = {
  14: async (send) => {
    for (const id of ['kestrel-airways', 'linden-pharma', 'juniper-health'])
      await send('POST', `/accounts/${id}/wallet_topup`, { topupAmount: 800 })
    const creditRequests = ['bayside-clinics', 'cairn-logistics', 'fairbourne-travel'].map((accountId) => ({
      accountId,
      purpose: 'For the outage of 12 August',
      effectiveFrom: '2026-08-15',
      effectiveUntil: '2027-08-15',
      creditAmount: 75,
      priority: 1,
    }))
    await send('POST', '/credits', { creditRequests })
  },
  28: async (send, { seats, organization }) => {
    for (const [accountId, quantity] of [
      ['cairn-logistics', 14],
      ['copperline-bank', 9],
      ['calder-motors', 61],
    ] as const)
      await send('POST', '/license_updates', { licenseId: seats, accountId, updateType: 'ABSOLUTE', quantity })
    await send('POST', '/settings', {
      id: 'auto_advance_invoice',
      value: 'false',
      namespace: 'SYSTEM',
      name: 'Invoices fall due by themselves',
      dataType: 'STRING',
      entityType: 'ORGANIZATION',
      entityId: organization,
    })
  },
  42: (send) => payInvoices(send),
  35: async (send) => {
    const late = eventsOf(30).slice(0, 24)
    await send('POST', '/ingestBatch', { events: late.map((event) => ({ ...event, id: `late-${event.id}` })) })
  },
  49: async (send, { plans }) => {
    for (const id of ['ferrous-labs', 'gannet-shipping'])
      await send('POST', `/accounts/${id}/price_plans`, {
        pricePlanId: plans.get('Growth') ?? '',
        effectiveFrom: '2026-10-01',
        effectiveUntil: '9999-01-01',
      })
  },
  56: async (send) => {
    await send('POST', '/invoice_groups', {
      name: 'Brightwater, all accounts',
      email: 'accounts@brightwater-insurance.example',
      dailyInvoiceConsolidation: true,
      accountIds: ['brightwater-insurance', 'brightwater-insurance-claims'],
      netTermDays: 30,
      address: { city: 'Leipzig', country: 'DE' },
    })
  },
  70: async (send) => {
    const waiting = (await readAll(send, '/invoices/bill_runs')).toSorted((one, other) =>
      String(one['ownerId']) < String(other['ownerId']) ? -1 : 1,
    )
    await send('POST', '/invoices/bill_runs?customer_id=copperline-bank')
    await together(
      waiting.filter(({ customerId }, at) => at % 7 !== 3 && customerId !== 'copperline-bank'),
      ({ id }) => send('PATCH', `/invoices/${String(id)}`, { status: 'DUE' }),
    )
  },
  84: async (send) => {
    await payInvoices(send)
    await send('POST', '/invoices', {
      accountId: 'nimbus-robotics',
      startDate: '2026-10-01T00:00:00Z',
      endDate: '2026-11-01T00:00:00Z',
      status: 'DRAFT',
      lineItems: [
        { description: 'Workshop on reading drawings, two days', quantity: 2, valuePerQuantity: 1450 },
        { description: 'Travel', value: 386.4 },
      ],
    })
  },
}

/** Fills an empty organization with the sample business, day by day of its clock, in a minute or so. What an earlier try has done is not done again. */
export const fillBusiness = async (url: string, token: string, say: (done: string) => void): Promise<void> => {
  const send = sender(url, token)
  const clock = (await send('GET', '/test_clock')) as unknown as { now: string; isSet: boolean }
  if (clock.isSet && clock.now >= END) return
  if (!clock.isSet) await moveClock(send, START)
  const catalogue = await makeCatalogue(send)
  const rates = { id: 'exchange_rates', value: '{"EUR":"1.08"}', namespace: 'SYSTEM', name: 'Exchange rates', dataType: 'JSON' }
  await send('POST', '/settings', { ...rates, entityType: 'ORGANIZATION', entityId: catalogue.organization })
  const steps = [
    ...new Set([
      ...Array.from({ length: Math.ceil(days / 7) }, (_, week) => week * 7),
      ...MONTHS,
      ...accounts.map(({ since }) => since),
      days,
    ]),
  ].toSorted((one, other) => one - other)
  for (const [at, day] of steps.entries()) {
    if (day > 0) await moveClock(send, instantOf(day))
    await makeAccounts(send, catalogue, day)
    await happenings[day]?.(send, catalogue)
    const before = steps[at - 1]
    if (before !== undefined) await sendEvents(send, before, day)
    say(dateOf(day))
  }
}
