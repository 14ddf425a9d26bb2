import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { changed, client, organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'

let api: Awaited<ReturnType<typeof organization>>
let purchase: string

beforeAll(async () => {
  api = await organization()
  expect((await api.post('/customers', customer('acme', { id: 'acme', invoiceCurrency: 'USD' }))).status).toBe(201)
  const lineItems = [{ description: 'Work', value: 100 }]
  const dates = { startDate: '2026-03-01T00:00:00Z', endDate: '2026-03-02T00:00:00Z' }
  expect((await api.post('/invoices', { accountId: 'acme', ...dates, status: 'DRAFT', lineItems })).status).toBe(201)
  const bought = { type: 'WALLET_TOPUP', walletTopupDetails: { topupAmount: 10, purchaseAmount: 10 }, idempotencyKey: 'one' }
  const { status, body } = await api.post('/accounts/acme/purchases', { ...bought, expiryDate: '9998-01-01T00:00:00Z' })
  expect([status, body.message]).toEqual([200, undefined])
  purchase = body.id
})

/** The steps of all queries of a read that look through everything that the organization has of a table. */
const looksThrough = async (path: string, table: string): Promise<string[]> => {
  const queries: string[] = []
  const d1 = changed((session) => ({
    prepare: (query) => {
      queries.push(query)
      return session.prepare(query)
    },
  }))
  await client(api.token, d1).get(path)
  const found: string[] = []
  for (const query of queries.filter((one) => new RegExp(`from "?${table}\\b`).test(one))) {
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${query}`)
      .bind(...Array.from({ length: query.split('?').length - 1 }, () => null))
      .all<{ detail: string }>()
    for (const { detail } of results) if (/^SEARCH .*\(organization_id=\?\)$/.test(detail)) found.push(detail)
  }
  expect(
    queries.some((query) => query.includes(table)),
    table,
  ).toBe(true)
  return found
}

it('a purchase is read without a look at the other credits that the organization has granted', async () => {
  expect(await looksThrough(`/purchases/${purchase}`, 'feature_entries')).toEqual([])
})

it('a setting is found by its string, and not among all settings', async () => {
  expect(await looksThrough('/settings/setting.USER.language.ACCOUNT.acme', 'settings')).toEqual([])
})

it('a page of invoices reads nothing but its place in the order of the list, and its DRAFTs by their ids', async () => {
  expect(await looksThrough('/invoices', 'invoices')).toEqual(['SEARCH invoices USING INDEX invoices_by_created_at (organization_id=?)'])
})

it('open incidents are found among those that are open', async () => {
  expect(await looksThrough('/incidents?status=OPEN', 'incidents')).toEqual([
    'SEARCH incidents USING INDEX incidents_few (organization_id=?)',
  ])
})
