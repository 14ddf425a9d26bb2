import { strictEqual } from 'node:assert/strict'
import { SCRIPTS } from './paper_scripts.ts'

/** An invoice that is drawn: what its papers are called, its link, what must stand on it, and how many pages it has. */
export interface Sample {
  name: string
  url: string
  texts: readonly string[]
  pages: number
}

interface Answer {
  id: string
  pdfUrl?: string
  now?: string
  data: { id: string; status: string; invoiceType: string; ownerId: string }[]
}

const PERIOD = { startDate: '2026-09-01T00:00:00Z', endDate: '2026-10-01T00:00:00Z' }

const SELLER = {
  businessName: 'Orbit Labs Ltd',
  address: { line1: '4 Quay Road', postalCode: 'BS1 4QA', city: 'Bristol', country: 'GB' },
  primaryEmail: 'billing@orbit.example',
  metadata: { 'VAT number': 'GB 123 4567 89', IBAN: 'GB33 BUKB 2020 1555 5555 55' },
}

/** Makes invoices of each kind through the API, whose clock stands in October 2026. */
export const makeSamples = async (url: string, token: string): Promise<Sample[]> => {
  const send = async (method: string, path: string, body?: object): Promise<Answer> => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const text = await response.text()
    strictEqual(response.status < 300, true, `${method} ${path} was answered ${response.status}: ${text}`)
    return JSON.parse(text) as Answer
  }
  const post = (path: string, body: object): Promise<Answer> => send('POST', path, body)
  const moveClock = async (now: string): Promise<void> => {
    for (let reached = ''; reached !== now;) reached = (await post('/test_clock', { now })).now ?? ''
  }
  const setting = (entityType: string, entityId: string, id: string, value: string, dataType = 'STRING') =>
    post('/settings', { entityType, entityId, id, value, namespace: 'SYSTEM', name: id, dataType })
  const customer = (id: string, name: string, address: object, invoiceCurrency: string, more: object = {}) =>
    post('/customers', { id, name, primaryEmail: `ap@${id}.example`, address, account: { id: `${id}-1`, name, invoiceCurrency, ...more } })
  const invoice = (accountId: string, lineItems: readonly object[], more: object = {}) =>
    post('/invoices', { accountId, ...PERIOD, status: 'DUE', lineItems, ...more })
  const linkOf = async (id: string): Promise<string> => (await send('GET', `/invoices/${id}`)).pdfUrl ?? ''
  const samples: Sample[] = []
  const add = async (name: string, id: string, texts: readonly string[], pages = 1): Promise<void> => {
    samples.push({ name, url: await linkOf(id), texts, pages })
  }

  await moveClock('2026-10-01T00:00:00.000Z')
  await setting('ORGANIZATION', 'org.local', 'business_details', JSON.stringify(SELLER), 'JSON')

  for (const { id, country, name, city, line1, line, currency } of SCRIPTS) {
    await customer(id, name, { line1, city, country }, currency)
    const lines = [
      { description: line, quantity: 12, valuePerQuantity: 1500 },
      { description: `${line} \u2014 2`, value: 1234567 },
    ]
    /** Letters that are put together are copied as they were put together. */
    const copied = id === 'hi' ? [] : [name, line1, line, city]
    await add(`script-${id}`, (await invoice(`${id}-1`, lines)).id, [...copied, '1,234,567', '18,000', '1,252,567'])
  }

  const { data: meters } = await send('GET', '/usage_meters')
  const { id: seats } = await post('/addons', { name: 'Seats', type: 'LICENSE' })
  const { id: platform } = await post('/addons', { name: 'Platform fee', type: 'FIXED_FEE' })
  const slabs = [
    { order: 1, startAfter: 0, priceType: 'PER_UNIT' },
    { order: 2, startAfter: 1000, priceType: 'PER_UNIT' },
    { order: 3, startAfter: 5000, priceType: 'PACKAGE', slabConfig: { packageSize: '100' } },
  ]
  const { id: plan } = await post('/price_plans', {
    name: 'Orbit Scale',
    pricePlanDetails: {
      supportedCurrencies: ['USD'],
      pricingCycleConfig: { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 2 },
      usageRateCards: [
        {
          usageMeterId: meters[0]?.id,
          name: 'downloads',
          displayName: 'Megabytes downloaded',
          tag: 'Traffic',
          ratePlan: { pricingModel: 'TIERED', slabs },
          rateValues: [
            {
              currency: 'USD',
              slabRates: [
                { order: 1, rate: 0.1 },
                { order: 2, rate: 0.08 },
                { order: 3, rate: 5.5 },
              ],
            },
          ],
        },
      ],
      licenseRateCards: [
        {
          id: seats,
          name: 'seats',
          enableProration: false,
          displayName: 'Seats of the analytics console',
          ratePlan: { pricingModel: 'TIERED', slabs: slabs.slice(0, 1) },
          rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 25 }] }],
        },
      ],
      fixedFeeRateCards: [
        {
          id: platform,
          name: 'platform',
          displayName: 'Platform fee',
          enableProration: false,
          rateValues: [{ currency: 'USD', rate: 250 }],
        },
      ],
      minimumCommitment: { displayName: 'Minimum commitment', rateValues: [{ currency: 'USD', rate: 1000 }] },
    },
  })
  await post(`/price_plans/${plan}/activate`, { currencies: ['USD'] })
  const bristol = { line1: '1 Infinite Avenue', line2: 'Building 7', city: 'Portland', state: 'Oregon', postalCode: '97201', country: 'US' }
  await customer('acme', 'ACME Enterprise Inc.', bristol, 'USD', { name: 'ACME Production', netTermDays: 15 })
  await setting('CUSTOMER', 'acme', 'tax_id', 'US 98-7654321')
  await post('/accounts/acme-1/price_plans', { pricePlanId: plan, effectiveFrom: '2026-10-01', effectiveUntil: '9999-01-01' })
  await post('/license_updates', {
    accountId: 'acme-1',
    licenseId: seats,
    effectiveFrom: '2026-10-01T00:00:00Z',
    quantity: 12,
    updateType: 'ABSOLUTE',
    idempotencyKey: 'seats',
  })
  await post('/credits', {
    creditRequests: [{ accountId: 'acme-1', purpose: 'Welcome credit', priority: 1, effectiveFrom: '2026-10-01', creditAmount: 120 }],
  })
  await post('/accounts/acme-1/wallet_topup', { topupAmount: 333.95 })
  await post('/ingest', {
    event: {
      id: 'downloads',
      schemaName: 'sample_download',
      timestamp: '2026-10-01T00:00:00Z',
      accountId: 'acme-1',
      attributes: [{ name: 'megabytes', value: '5230.5' }],
      dimensions: { region: 'eu' },
    },
  })
  await moveClock('2026-11-01T00:00:00.000Z')
  const { data: cycles } = await send('GET', '/invoices?owner_id=acme-1&status=DRAFT')
  const october = cycles.at(-1)?.id ?? ''
  await send('PUT', `/invoices/${october}/miscellaneous_charges`, {
    items: [
      { name: 'Onboarding call', rate: 75, quantity: 2 },
      { name: 'Sales tax 8.25 %', value: '{"*":[{"var":"NET_AMOUNT"},0.0825]}' },
    ],
  })
  await moveClock('2026-11-03T00:00:00.000Z')
  await add('plan', october, [
    'ACME Enterprise Inc.',
    'ACME Production',
    'US 98-7654321',
    'Orbit Scale',
    'Welcome credit',
    '333.95',
    'GB 123 4567 89',
    '5,230.5',
  ])

  const many = Array.from({ length: 40 }, (_, index) => ({
    description: `Delivery ${index + 1}${index % 9 ? '' : ', with a long description that goes on and on until it needs another line, as people write them'}`,
    quantity: index + 1,
    valuePerQuantity: 0.123456,
  }))
  await add('pages', (await invoice('acme-1', many)).id, ['Delivery 1', 'Delivery 40', 'Page 2 of 2'], 2)

  const void1 = await invoice('acme-1', [{ description: 'Written by mistake', value: 1800 }], {
    applyCredits: false,
    applyWalletBalance: false,
  })
  await send('PATCH', `/invoices/${void1.id}`, { status: 'VOID' })
  await add('void', void1.id, ['Written by mistake', 'Void', 'Nothing is to be paid', '\u22121,800.00'])

  const paid = await invoice('acme-1', [{ description: 'Training', value: 990.5 }], {
    status: 'PAID',
    applyCredits: false,
    applyWalletBalance: false,
  })
  await add('paid', paid.id, ['Paid', '990.50', '\u2212990.50', '0.00'])

  const negative = await invoice('acme-1', [{ description: 'Refund for an outage', value: -45.2 }], { applyCredits: false })
  await add('credit-note', negative.id, ['Credit note', '\u221245.20', 'Given back'])

  const long = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
  await customer('long', `${long} & ${long}`, { line1: `${long} ${long}`, city: 'Wien', country: 'AT' }, 'EUR', {})
  const extremes = [
    {
      description: `${long}${long} 😀 \u0627\u0644\u0639\u0631\u0628\u064A\u0629 \uD83C\uDDEC\uD83C\uDDE7 \u{20000}`,
      quantity: 0.000001,
      valuePerQuantity: 9999999.999999,
    },
    { description: 'The largest amount there is', value: 9999999999999.99 },
  ]
  await add('extremes', (await invoice('long-1', extremes)).id, ['9,999,999,999,999.99', '0.000001', 'Wien'])

  for (const id of ['north', 'south']) await post('/accounts', { id, name: `ACME ${id}`, customerId: 'acme', invoiceCurrency: 'USD' })
  const group = await post('/invoice_groups', {
    name: 'ACME Holding',
    email: 'holding@acme.example',
    dailyInvoiceConsolidation: true,
    accountIds: ['north', 'south'],
    netTermDays: 30,
    address: bristol,
  })
  await invoice('north', [
    { description: 'Storage', quantity: 120, valuePerQuantity: 0.25 },
    { description: 'Support', value: 99 },
  ])
  await post('/credits', {
    creditRequests: [{ accountId: 'south', purpose: 'Goodwill', priority: 1, effectiveFrom: '2026-09-01', creditAmount: 20 }],
  })
  await invoice('south', [
    { description: 'Storage', quantity: 80, valuePerQuantity: 0.25 },
    { description: 'Support', value: 49 },
  ])
  await post('/accounts/acme-1/purchases', { type: 'WALLET_TOPUP', idempotencyKey: 'order', walletTopupDetails: { topupAmount: 500 } })
  await moveClock('2026-11-04T00:00:00.000Z')
  const { data: ofGroup } = await send('GET', `/invoices?owner_id=${group.id}`)
  await add('group', ofGroup.find(({ invoiceType }) => invoiceType === 'COMPOSITE')?.id ?? '', [
    'ACME Holding',
    'ACME north',
    'ACME south',
    'Goodwill',
    '129.00',
    '178.00',
  ])
  const { data: ofNorth } = await send('GET', '/invoices?owner_id=north')
  await add('merged', ofNorth[0]?.id ?? '', ['ACME north', 'Paid with the invoice of the group'])
  const { data: orders } = await send('GET', '/invoices?owner_id=acme-1&status=DUE')
  await add('order', orders.find(({ invoiceType }) => invoiceType === 'AD_HOC')?.id ?? '', ['Order', '500.00'])
  return samples
}
