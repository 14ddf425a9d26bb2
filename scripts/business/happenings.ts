import type { Catalogue } from './catalogue.ts'
import { eventsOf } from './events.ts'
import { proposePacks } from './offers.ts'
import { type Send, readAll, together } from './send.ts'

/** The day before the last week, on which watching begins. */
export const WATCHING = 83

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
export const happenings: Readonly<Record<number, (send: Send, catalogue: Catalogue) => Promise<void>>> = {
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
  [WATCHING]: async (send) => {
    const watch = (alertTemplateId: string, description: string, more: object) =>
      send('POST', '/alerts', { alertTemplateId, description, interval: 720, status: 'ACTIVE', ...more })
    await watch('invoice-overdue-organization', 'Finance calls them', {})
    await watch('unprocessed-events-organization', 'Support looks at them', { parameters: { threshold: { value: 5 } } })
    const { id } = await send('POST', '/webhook_endpoints', { url: 'https://hooks.lumen.example/billing', description: 'Bookkeeping' })
    await send('PATCH', `/webhook_endpoints/${id}`, { status: 'DISABLED' })
    await send('POST', '/reports', {
      name: 'Revenue by account',
      queryInput: {
        selects: [{ columnName: 'account_id' }, { columnName: 'revenue_base_currency', aggregator: 'sum' }],
        baseDataSource: 'revenue',
        sort: [{ column: { columnName: 'account_id' }, sortOrder: 'ASC' }],
        limit: 1000,
      },
    })
  },
  84: async (send, { pack }) => {
    await payInvoices(send)
    await proposePacks(send, pack)
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
