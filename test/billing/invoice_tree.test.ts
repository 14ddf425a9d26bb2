import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { findTreeFaults } from '../helpers/invoice_tree.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const line = (type: string, value: number, lineItems?: Loose[], more: Loose = {}) => ({
  type,
  description: 'D',
  units: 'USD',
  value,
  ...(lineItems && { lineItems }),
  ...more,
})

/** An answer with one invoice of two lines, of which something is changed. */
const answerWith = (change: (root: Loose, invoice: Loose) => void): string => {
  const leaves = [line('CUSTOM_AMOUNT', 0.1), line('CUSTOM_AMOUNT', 0.2)]
  const root = line('GRAND_TOTAL_AMOUNT', 0.3, [line('GROSS_AMOUNT', 0.3, leaves)])
  const invoice = { id: 'inv', invoiceType: 'CUSTOM', totalAmount: 0.3, paidAmount: 0.3, revenueInfo: root }
  change(root, invoice)
  return JSON.stringify({ data: [invoice] })
}

describe('the invoices of each answer that the tests get', () => {
  it('are right if their lines add up, exactly and not as doubles do', () => {
    expect(findTreeFaults(answerWith(() => {}))).toEqual([])
    const large = '123456789012345.67'
    const text = answerWith(() => {}).replaceAll(/"(value|totalAmount)":0.[123]/g, (_, name) => `"${name}":${large}`)
    expect(findTreeFaults(text)).toEqual([
      `inv: GRAND_TOTAL_AMOUNT "D" > GROSS_AMOUNT "D" has the value ${large}, and its lines come to 246913578024691.34`,
    ])
  })

  it.each([
    ['a parent that is not the sum of its lines', (root: Loose) => (root.lineItems[0].lineItems[0].value = 0.11), 'come to 0.31'],
    [
      'more decimals than the currency has',
      (root: Loose) => (root.lineItems[0].lineItems = [line('A', 0.105), line('B', 0.195)]),
      'no amount in USD',
    ],
    ['a line in another currency', (root: Loose) => (root.lineItems[0].units = 'EUR'), 'is in EUR'],
    ['an empty list of lines', (root: Loose) => (root.lineItems[0].lineItems[0].lineItems = []), 'empty list'],
    ['another total', (_: Loose, invoice: Loose) => (invoice.totalAmount = 0.4), 'totalAmount is 0.4'],
    ['more paid than there is to pay', (_: Loose, invoice: Loose) => (invoice.paidAmount = 0.31), 'paidAmount is 0.31'],
    ['a root that is not the total', (root: Loose) => (root.type = 'NET_AMOUNT'), 'revenueInfo is NET_AMOUNT'],
  ])('are refused with %s', (_, change, said) => {
    expect(findTreeFaults(answerWith(change)).join()).toContain(said)
  })

  it('are refused in a list, whose invoices have no lines, and whose currency is that of the account', () => {
    const invoiceDetails = { account: { invoiceCurrency: 'JPY' } }
    const text = JSON.stringify({ data: [{ id: 'inv', invoiceType: 'CUSTOM', totalAmount: 1.5, paidAmount: 0, invoiceDetails }] })
    expect(findTreeFaults(text)).toEqual(['inv: totalAmount is 1.5, which is no amount in JPY'])
  })

  it('are refused when the fault is in the database', async () => {
    const api = await organization()
    await api.post('/customers', customer('acme'))
    const { body } = await api.post('/invoices', {
      accountId: 'acme main',
      startDate: '2026-03-01T00:00:00Z',
      endDate: '2026-03-30T00:00:00Z',
      status: 'DRAFT',
      lineItems: [{ value: 5 }],
    })
    await api.get(`/invoices/${body.id}`)
    await env.DB.prepare(
      `UPDATE invoices SET version = version + 1, status = 'VOID', details = '{}', rated = json_set(rated, '$.tree[3]', '4.99') WHERE id = ?`,
    )
      .bind(body.id)
      .run()
    await expect(api.get(`/invoices/${body.id}`)).rejects.toThrow(/totalAmount is 5, and revenueInfo comes to 4\.99/)
  })
})
