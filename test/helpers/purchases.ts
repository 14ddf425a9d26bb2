import { env } from 'cloudflare:workers'
import { done } from './api.ts'
import { withTestClock } from './billed.ts'
import { perUnit } from './calculator.ts'
import { monthly } from './schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** A card that grants so many units of a feature for 20 days, at a price for each. */
export const entitlement = (featureId: string, featureCreditLimit: number, rate: number, more: Loose = {}) => ({
  featureId,
  name: `units ${featureId}`,
  featureConfigs: [{ effectiveUntil: 'P20D', featureCreditLimit }],
  invoiceTiming: 'PREPAID',
  ...perUnit(rate),
  ...more,
})

/** A card that grants a credit at a price. */
export const creditPack = (id: string, creditAmount: number, rate: number, more: Loose = {}) => ({
  id,
  name: `credit ${id}`,
  displayName: 'Pack',
  grantDetails: { priority: 1, expiryType: 'NO_EXPIRY' },
  rateDetails: {
    pricingModel: 'TIERED',
    currencySlabRateDetails: [{ currency: 'USD', creditAmount, slabDetails: [{ startAfter: 0, priceType: 'FLAT', rate }] }],
  },
  invoiceTiming: 'PREPAID',
  ...more,
})

export const fee = (id: string, rate: number, more: Loose = {}) => ({
  id,
  name: `fee ${id}`,
  enableProration: true,
  rateValues: [{ currency: 'USD', rate }],
  ...more,
})

/** An organization whose clock stands at an instant, in which accounts buy something. */
export const withShop = async (now: string) => {
  const api = await withTestClock(now)
  const { get, post } = api
  let made = 0
  const feature = async (): Promise<string> => (await done(post('/features', { name: `Feature ${made++}`, schemaAssociations: [] }))).id
  /** Publishes a plan that is bought once. */
  const pack = async (details: Loose): Promise<string> => {
    const { id } = await done(
      post('/price_plans', {
        name: `Pack ${made++}`,
        type: 'PURCHASE',
        pricePlanDetails: { supportedCurrencies: ['USD'], ...details },
      }),
    )
    await done(post(`/price_plans/${id}/activate`, { currencies: ['USD'] }))
    return id
  }
  const buyer = async (id: string, more: Loose = {}): Promise<void> => {
    const account = { id, name: id, invoiceCurrency: 'USD', ...more }
    await done(post('/customers', { id, name: id, primaryEmail: 'a@example.com', address: {}, account }))
  }
  const buy = (account: string, body: Loose) => done(post(`/accounts/${account}/purchases`, body))
  const propose = (account: string, body: Loose) => done(post(`/accounts/${account}/purchase_proposals`, body))
  const answer = (id: string, status: string) => post(`/purchase_proposals/${id}/update_status`, { status })
  const purchase = (id: string) => done(get(`/purchases/${id}`))
  const proposal = (id: string) => done(get(`/purchase_proposals/${id}`))
  const purchasesOf = async (account: string): Promise<Loose[]> => (await done(get(`/accounts/${account}/purchases`))).data.toReversed()
  const invoice = (id: string) => done(get(`/invoices/${id}`))
  const patch = (id: string, status: string) => api.patch(`/invoices/${id}`, { status })
  /** Sends a payment for an invoice, with a reference of its own. */
  const pay = (account: string, invoiceId: string, amount: number) =>
    post('/payments', {
      accountId: account,
      externalPaymentReference: { sourceName: 'gw', sourceType: 'GATEWAY', transactionNumber: `T${made++}` },
      currency: 'USD',
      totalAmount: amount,
      lineItemRecords: [{ type: 'INVOICE', order: 1, togaiId: invoiceId, amount }],
    })
  const topUp = (account: string, topupAmount: number) => done(post(`/accounts/${account}/wallet_topup`, { topupAmount }))
  const balance = async (account: string): Promise<number> => (await done(get(`/accounts/${account}/wallet`))).balance
  const give = (accountId: string, creditAmount: number, more: Loose = {}) =>
    done(
      post('/credits', {
        creditRequests: [{ accountId, purpose: 'Gift', priority: 1, effectiveFrom: '2026-01-01', creditAmount, ...more }],
      }),
    )
  const creditsOf = async (account: string): Promise<Loose[]> =>
    (await done(get(`/credits?account_id=${account}`))).data.map(({ purpose, creditAmount, effectiveFrom, effectiveUntil }: Loose) => [
      purpose,
      creditAmount,
      effectiveFrom,
      effectiveUntil,
    ])
  const shop = { feature, pack, buyer, buy, propose, answer, purchase, proposal, purchasesOf, pay, topUp, balance, creditsOf }
  return {
    ...api,
    ...shop,
    plan: (details: Loose) => api.plan({ pricingCycleConfig: monthly, ...details }),
    invoice,
    patchInvoice: patch,
    giveCredit: give,
  }
}

export type Shop = Awaited<ReturnType<typeof withShop>>

/** What is to be seen of an order at a glance. */
export const orderOf = ({ invoiceClass, status, totalAmount, paidAmount, sequenceId }: Loose) => [
  invoiceClass,
  status,
  totalAmount,
  paidAmount,
  sequenceId,
]

/** Lets nothing be done of purchases of an organization, until what it gives is called. */
export const holdPurchases = async (organizationId: string) => {
  await env.DB.prepare(
    `CREATE TRIGGER holds_purchases AFTER INSERT ON due WHEN NEW.kind = 'PURCHASE' AND NEW.organization_id = '${organizationId}'
     BEGIN
       UPDATE due SET due_at = due_at + 1000000000000 WHERE organization_id = NEW.organization_id AND kind = NEW.kind AND subject = NEW.subject;
     END`,
  ).run()
  return async () => {
    await env.DB.prepare('DROP TRIGGER holds_purchases').run()
    await env.DB.prepare(`UPDATE due SET due_at = due_at - 1000000000000 WHERE organization_id = ? AND kind = 'PURCHASE'`)
      .bind(organizationId)
      .run()
  }
}
