import { describe, expect, it } from 'vitest'
import { organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { follow, readPages } from '../helpers/paper.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const PAST = { startDate: '2024-06-01T00:00:00Z', endDate: '2024-07-01T00:00:00Z' }

const billed = async (its: Loose, lineItems: Loose[], more: Loose = {}) => {
  const api = await organization()
  const sent = customer('acme', { id: 'acc1', invoiceCurrency: 'USD', ...its.account })
  await api.post('/customers', { ...sent, ...its.customer, account: sent.account })
  const { body } = await api.post('/invoices', { accountId: 'acc1', ...PAST, status: 'DUE', lineItems, ...more })
  return { ...api, invoice: body }
}

describe('the paper of an invoice', () => {
  it('has the names of all scripts, which can be copied', async () => {
    const { invoice } = await billed({ customer: { name: 'Ωμέγα Ελλάς' }, account: { name: '株式会社サンプル' } }, [
      { description: 'Доставка и обслуживание', quantity: 2, valuePerQuantity: 150.25 },
      { description: '云服务 服务费', value: 12 },
      { description: '클라우드 서비스', value: 13 },
      { description: 'Đặng Thị Hồng', value: 13 },
      { description: 'Café 🎉 عربي', value: 13 },
    ])
    const response = await follow(invoice.pdfUrl)
    expect(response.status).toBe(200)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const t = performance.now()
    for (let i = 0; i < 10; i++) await (await follow(invoice.pdfUrl)).arrayBuffer()
    const pages = await readPages(bytes)
    console.warn(bytes.length, pages, performance.now() - t)
    console.warn(bytes.toBase64())
  })
})
