import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { done, organization } from './api.ts'
import { customer } from './customer.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** An organization with an account, whose wallet and payments are looked at. */
export const withWallet = async ({ currency = 'USD', id = 'acc1' } = {}) => {
  const api = await organization()
  await api.post('/customers', customer('acme', { id, invoiceCurrency: currency }))
  let made = 0
  const at = (account: string, rest = '') => `/accounts/${encodeURIComponent(account)}/wallet${rest}`
  const topUp = (topupAmount: number, account = id) => done(api.post(`/accounts/${account}/wallet_topup`, { topupAmount }))
  const balance = async (account = id): Promise<number> => (await done(api.get(at(account)))).balance
  /** The entries of a wallet, the oldest first: what each brought, and the balance after it. */
  const entries = async (account = id): Promise<Loose[]> =>
    (await done(api.get(at(account, '/entries')))).data
      .toReversed()
      .map(({ transactionType, amount, closingBalance, entityId }: Loose) => ({
        amount: transactionType === 'DEBITED' ? -amount : amount,
        closingBalance,
        entityId,
      }))
  const invoice = (value: number, more: Loose = {}) =>
    done(
      api.post('/invoices', {
        accountId: id,
        startDate: '2026-03-01T00:00:00Z',
        endDate: '2026-04-01T00:00:00Z',
        status: 'DUE',
        lineItems: [{ value }],
        ...more,
      }),
    )
  const read = (invoiceId: string) => done(api.get(`/invoices/${invoiceId}`))
  const patch = (invoiceId: string, status: string) => api.patch(`/invoices/${invoiceId}`, { status })
  /** Sends a payment, with a reference of its own unless it has one. */
  const pay = (totalAmount: number, lineItemRecords: Loose[], more: Loose = {}) =>
    api.post('/payments', {
      accountId: id,
      externalPaymentReference: { sourceName: 'gw', sourceType: 'GATEWAY', transactionNumber: `T${made++}` },
      currency,
      totalAmount,
      lineItemRecords: lineItemRecords.map((line, order) => ({ order, ...line })),
      ...more,
    })
  return { ...api, done, topUp, balance, entries, invoice, read, patch, pay }
}

const cents = (text: string): number => Math.round(Number(text) * 10_000)

const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0)

/**
 * Holds what is true of the money of an organization at every instant: each entry of a wallet closes with the balance before it and its
 * amount, the last one with the balance of the wallet, none below 0; and what was paid for an invoice is what payments and wallets paid for it.
 */
export const holdMoney = async (organizationId: string): Promise<void> => {
  const rows = async (query: string): Promise<Loose[]> => (await env.DB.prepare(query).bind(organizationId).all()).results
  const entries = await rows('SELECT * FROM wallet_entries WHERE organization_id = ? ORDER BY wallet_id, version')
  for (const { id, balance } of await rows('SELECT id, balance FROM wallets WHERE organization_id = ?')) {
    let before = 0
    for (const entry of entries.filter((one) => one.wallet_id === id)) {
      before += cents(entry.amount)
      expect(before).toBeGreaterThanOrEqual(0)
      expect(cents(entry.closing_balance)).toBe(before)
    }
    expect(cents(balance)).toBe(before)
  }
  const lines = await rows('SELECT * FROM payment_lines WHERE organization_id = ?')
  for (const { id, total } of await rows('SELECT id, total FROM payments WHERE organization_id = ?'))
    expect(sum(lines.filter((line) => line.payment_id === id).map(({ amount }) => cents(amount)))).toBe(cents(total))
  for (const { id, paid, total, status } of await rows('SELECT id, paid, total, status FROM invoices WHERE organization_id = ?')) {
    if (cents(total) < 0) continue
    const byPayments = sum(lines.filter((line) => line.target_id === id).map(({ amount }) => cents(amount)))
    const byWallet = sum(entries.filter((entry) => entry.entity_id === id).map(({ amount }) => cents(amount)))
    expect([id, cents(paid)]).toEqual([id, byPayments - byWallet])
    expect(cents(paid)).toBeLessThanOrEqual(cents(total))
    if (status === 'DUE') expect([id, paid]).toEqual([id, '0'])
    if (status === 'PAID') expect([id, paid]).toEqual([id, total])
    if (status === 'PARTIALLY_PAID') expect([id, cents(paid) > 0 && cents(paid) < cents(total)]).toEqual([id, true])
  }
}
