import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fitData } from '../../src/webhooks/messages/data.ts'
import { EVENT_TYPES } from '../../src/webhooks/messages/schema.ts'
import { eventOf } from '../../src/webhooks/messages/types.ts'
import { alertsOf } from '../helpers/alerts.ts'
import { organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { fee, withShop } from '../helpers/purchases.ts'
import { csvOf, make as makeReport, query } from '../helpers/reports.ts'
import { type Received, deliveriesOf, endAll, endpointOf, receive, run } from '../helpers/webhooks.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** Other tests have endpoints too. */
beforeEach(async () => {
  await endAll()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const NOW = '2026-04-10T09:30:00.000Z'

/** An organization with an endpoint, and what that was sent since it was asked last. */
const withReceiver = async () => {
  const receiver = receive()
  const api = await withShop(NOW)
  const { host } = await endpointOf(api)
  let seen = 0
  /** Whether something waits: what a write has begun after its answer may not be done. */
  const waits = () =>
    env.DB.prepare(
      `SELECT EXISTS (
         SELECT 1 FROM outbox_cursors AS cursor JOIN outbox AS its ON its.organization_id = cursor.organization_id
         WHERE cursor.organization_id = ?1 AND its.sequence > cursor.sequence AND its.status IS NOT NULL
       ) OR EXISTS (SELECT 1 FROM webhook_deliveries WHERE organization_id = ?1 AND status = 'PENDING') AS waits`,
    )
      .bind(api.id)
      .first<number>('waits')
  const told = async (): Promise<Received[]> => {
    do await run()
    while (await waits())
    const all = receiver.of(host)
    const fresh = all.slice(seen)
    seen = all.length
    expect(new Set(all.map((sent) => sent.id)).size).toBe(all.length)
    return fresh
  }
  const typesOf = (sent: readonly Received[]) => sent.map(({ body }) => body.type).toSorted()
  const dataOf = (sent: readonly Received[], type: string): Loose => {
    const found = sent.filter(({ body }) => body.type === type)
    expect([type, found.length]).toEqual([type, 1])
    return found[0]?.body.data
  }
  return { api, told, typesOf, dataOf }
}

describe('what happens is told as its read answers:', () => {
  it('customers, accounts and price plans', async () => {
    const { api, told, typesOf, dataOf } = await withReceiver()
    await api.buyer('acc')
    const made = await told()
    expect(typesOf(made)).toEqual(['account.created', 'customer.created'])
    expect(dataOf(made, 'account.created')).toEqual((await api.get('/accounts/acc')).body)
    expect(dataOf(made, 'customer.created')).toEqual((await api.get('/customers/acc')).body)
    const pack = await api.pack({ fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), 10)] })
    const plan = await told()
    expect(typesOf(plan)).toEqual(['price_plan.created'])
    expect(dataOf(plan, 'price_plan.created').id).toBe(pack)
    await api.patch('/accounts/acc', { name: 'Another name' })
    expect(await told()).toEqual([])
  })

  it('purchases with their orders, which become invoices, proposals and payments', async () => {
    const { api, told, typesOf, dataOf } = await withReceiver()
    await api.buyer('acc')
    const pricePlanId = await api.pack({ fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), 100)] })
    await told()
    const bought = await api.buy('acc', { pricePlanId })
    const ordered = await told()
    expect(typesOf(ordered)).toEqual(['order.generated', 'purchase.created'])
    expect(dataOf(ordered, 'purchase.created')).toEqual(await api.purchase(bought.id))
    expect(dataOf(ordered, 'order.generated')).toEqual(await api.invoice(bought.invoiceId))
    expect(dataOf(ordered, 'order.generated')).toMatchObject({ id: bought.invoiceId, invoiceClass: 'ORDER', status: 'DUE' })
    const { body: part } = await api.pay('acc', bought.invoiceId, 40)
    const partly = await told()
    expect(typesOf(partly)).toEqual(['invoice.updated', 'payment.recorded'])
    expect(dataOf(partly, 'payment.recorded')).toEqual((await api.get(`/payments/${part.id}`)).body)
    expect(dataOf(partly, 'invoice.updated')).toMatchObject({ id: bought.invoiceId, invoiceClass: 'ORDER', paidAmount: 40 })
    await api.pay('acc', bought.invoiceId, 60)
    const paid = await told()
    expect(typesOf(paid)).toEqual(['invoice.generated', 'payment.recorded'])
    expect(dataOf(paid, 'invoice.generated')).toMatchObject({
      id: bought.invoiceId,
      invoiceClass: 'INVOICE',
      status: 'PAID',
      sequenceId: '2026-04-0001',
    })
    const proposal = await api.propose('acc', { type: 'WALLET_TOPUP', paymentMode: 'PREPAID', walletTopupDetails: { topupAmount: 100 } })
    const proposed = await told()
    expect([typesOf(proposed), dataOf(proposed, 'proposal.created')]).toEqual([['proposal.created'], await api.proposal(proposal.id)])
    await api.answer(proposal.id, 'APPROVE')
    const approved = await told()
    expect(typesOf(approved)).toEqual(['order.generated', 'purchase.created'])
    expect(dataOf(approved, 'purchase.created').id).toBe(proposal.id)
    const declined = await api.propose('acc', { type: 'WALLET_TOPUP', paymentMode: 'PREPAID', walletTopupDetails: { topupAmount: 5 } })
    await told()
    await api.answer(declined.id, 'DECLINE')
    expect(await told()).toEqual([])
  })

  it('invoices from the moment on at which they are no DRAFTs, with each change of them', async () => {
    const { api, told, typesOf, dataOf } = await withReceiver()
    await api.buyer('acc')
    await told()
    const body = { accountId: 'acc', startDate: '2026-04-01T00:00:00Z', endDate: '2026-04-02T00:00:00Z', lineItems: [{ value: 5 }] }
    const make = async (more: Loose) => {
      const { status, body: made } = await api.post('/invoices', { ...body, ...more })
      expect([status, made.message]).toEqual([201, undefined])
      return made
    }
    const draft = await make({ status: 'DRAFT', autoAdvance: false })
    await api.patch(`/invoices/${draft.id}`, { lineItems: [{ value: 7 }] })
    const gone = await make({ status: 'DRAFT', autoAdvance: false })
    await api.delete(`/invoices/${gone.id}`)
    const voided = await make({ status: 'DRAFT', autoAdvance: false })
    await api.patch(`/invoices/${voided.id}`, { status: 'VOID' })
    expect(await told()).toEqual([])
    expect((await api.patchInvoice(draft.id, 'DUE')).body).toMatchObject({ status: 'DUE' })
    const due = await told()
    expect(typesOf(due)).toEqual(['invoice.generated'])
    expect(dataOf(due, 'invoice.generated')).toEqual(await api.invoice(draft.id))
    await api.patch(`/invoices/${draft.id}`, { status: 'UN_COLLECTIBLE' })
    const lost = await told()
    expect([typesOf(lost), dataOf(lost, 'invoice.updated')]).toEqual([['invoice.updated'], await api.invoice(draft.id)])
    const atOnce = await make({ status: 'DUE' })
    const made = await told()
    expect([typesOf(made), dataOf(made, 'invoice.generated').id]).toEqual([['invoice.generated'], atOnce.id])
  })

  it('incidents, and reports without the link to their file', async () => {
    const { api, told, typesOf, dataOf } = await withReceiver()
    await api.buyer('acc')
    await told()
    const alert = await alertsOf(api).watch('invoice-due-organization', {})
    const days = { startDate: '2026-04-01T00:00:00Z', endDate: '2026-04-02T00:00:00Z' }
    await api.post('/invoices', { accountId: 'acc', ...days, lineItems: [{ value: 5 }], status: 'DUE' })
    await told()
    await api.moveTo('2026-04-10T10:00:00Z')
    const opened = await told()
    const [incident] = await alertsOf(api).incidents(alert)
    expect(typesOf(opened)).toEqual(['incident.generated'])
    expect(dataOf(opened, 'incident.generated')).toEqual((await api.get(`/incidents/${incident.id}`)).body)
    expect(incident).toMatchObject({ alertId: alert, status: 'OPEN', reportData: { observed: { value: 1 } } })
    await alertsOf(api).close(incident.id)
    const closed = await told()
    expect([typesOf(closed), dataOf(closed, 'incident.closed').status]).toEqual([['incident.closed'], 'CLOSED'])
    const report = await makeReport(api, query('accounts', ['account_id']))
    const done = await told()
    const { preSignedUrl, ...shown } = report
    expect(await csvOf(report)).toBe('account_id\r\nacc\r\n')
    expect([typesOf(done), dataOf(done, 'report.generated')]).toEqual([['report.generated'], shown])
    expect(shown).toMatchObject({ status: 'COMPLETED', fileId: expect.any(String) })
    expect(done[0]?.text).not.toContain(new URL(preSignedUrl).pathname)
    /** One that fails is not told of. */
    await makeReport(api, query('accounts', ['account_id'], { limit: 1 }))
    expect(typesOf(await told())).toEqual(['report.generated'])
  })

  it('each kind, to an endpoint that asks for all', async () => {
    const { api, told, typesOf } = await withReceiver()
    await api.buyer('acc')
    await alertsOf(api).watch('invoice-due-organization', {})
    const fixedFeeRateCards = [fee(await api.addOn('FIXED_FEE'), 100)]
    const pricePlanId = await api.plan({ fixedFeeRateCards })
    await api.post('/accounts/acc/price_plans', { pricePlanId, effectiveFrom: '2026-04-01', effectiveUntil: '2026-05-21' })
    const bought = await api.buy('acc', { pricePlanId: await api.pack({ fixedFeeRateCards }) })
    await api.pay('acc', bought.invoiceId, 40)
    await api.propose('acc', { type: 'WALLET_TOPUP', paymentMode: 'PREPAID', walletTopupDetails: { topupAmount: 100 } })
    await api.moveTo('2026-05-05T00:00:00Z')
    await makeReport(api, query('accounts', ['account_id']))
    expect(new Set(typesOf(await told()))).toEqual(new Set(EVENT_TYPES))
  })

  it('pricing cycles with their account, plan and days, and the invoices of cycles', async () => {
    const { api, told, typesOf, dataOf } = await withReceiver()
    await api.buyer('acc')
    const pricePlanId = await api.plan({ fixedFeeRateCards: [fee(await api.addOn('FIXED_FEE'), 30)] })
    await told()
    const { status } = await api.post('/accounts/acc/price_plans', {
      pricePlanId,
      effectiveFrom: '2026-04-01',
      effectiveUntil: '2026-05-21',
    })
    expect(status).toBe(200)
    const begun = await told()
    const april = {
      id: expect.stringMatching(/^sch\.\w{11}\.\w{5}#2026-04-01$/),
      accountId: 'acc',
      scheduleId: expect.stringMatching(/^sch\.\w{11}\.\w{5}$/),
      pricePlanId,
      pricePlanVersion: 1,
      startDate: '2026-04-01T00:00:00.000Z',
      endDate: '2026-05-01T00:00:00.000Z',
    }
    expect([typesOf(begun), dataOf(begun, 'pricing_cycle.started')]).toEqual([['pricing_cycle.started'], april])
    await api.moveTo('2026-05-05T00:00:00Z')
    const turned = await told()
    expect(typesOf(turned)).toEqual(['invoice.generated', 'pricing_cycle.ended', 'pricing_cycle.started'])
    expect(dataOf(turned, 'pricing_cycle.ended')).toEqual(april)
    expect(dataOf(turned, 'pricing_cycle.started')).toMatchObject({
      startDate: '2026-05-01T00:00:00.000Z',
      endDate: '2026-05-21T00:00:00.000Z',
    })
    expect(dataOf(turned, 'invoice.generated')).toMatchObject({ ownerId: 'acc', invoiceType: 'STANDARD', status: 'DUE', totalAmount: 30 })
    /** The plan ends earlier than was told. */
    const cut = { pricePlanId, effectiveFrom: '2026-05-07', effectiveUntil: '2026-05-21', mode: 'DISASSOCIATE' }
    expect((await api.post('/accounts/acc/price_plans', cut)).status).toBe(200)
    await api.moveTo('2026-05-08T00:00:00Z')
    const ended = await told()
    expect(dataOf(ended, 'pricing_cycle.ended')).toMatchObject({
      startDate: '2026-05-01T00:00:00.000Z',
      endDate: '2026-05-07T00:00:00.000Z',
    })
  })
})

describe('an event', () => {
  it.each([
    ['INVOICE', null, 'DRAFT', undefined],
    ['INVOICE', 'DRAFT', 'DRAFT', undefined],
    ['INVOICE', 'DRAFT', 'GONE', undefined],
    ['INVOICE', 'DRAFT', 'VOID', undefined],
    ['INVOICE', 'DRAFT', 'PAID', 'invoice.generated'],
    ['INVOICE', null, 'REFUND_COMPLETED', 'invoice.generated'],
    ['INVOICE', 'DUE', 'VOID', 'invoice.updated'],
    ['INVOICE', 'PARTIALLY_PAID', 'PARTIALLY_PAID', 'invoice.updated'],
    ['INVOICE', null, 'ORDER_DUE', 'order.generated'],
    ['INVOICE', 'ORDER_DUE', 'ORDER_VOID', 'invoice.updated'],
    ['INVOICE', 'ORDER_PARTIALLY_PAID', 'PAID', 'invoice.generated'],
    ['INCIDENT', null, 'OPEN', 'incident.generated'],
    ['INCIDENT', 'OPEN', 'CLOSED', 'incident.closed'],
    ['REPORT', 'UPLOAD_PENDING', 'COMPLETED', 'report.generated'],
    ['REPORT', null, 'QUEUED', undefined],
    ['ACCOUNT', 'ACTIVE', 'ARCHIVED', undefined],
    ['PRICE_PLAN', 'ACTIVE', 'DRAFT', undefined],
    ['PURCHASE', 'PENDING', 'IN_PROGRESS', undefined],
    ['JOB', null, 'PENDING', undefined],
  ])('of %s from %s to %s is %s', (type, before, after, expected) => {
    expect(eventOf(type, [before, after])).toBe(expected)
  })

  it('of a resource that cannot be read tells its id, and keeps nothing behind it', async () => {
    const receiver = receive()
    const api = await organization()
    const { host } = await endpointOf(api)
    for (const [type, id, status] of [
      ['PRICE_PLAN', 'pp.0VFLVzYqf1k.00000', '[null,"DRAFT"]'],
      ['INCIDENT', 'incident.0VFLVzYqf1k.00000', '[null,"OPEN"]'],
      ['PRICING_CYCLE', 'sch.0VFLVzYqf1k.00000#2026-01-01', '[null,"IN_FORCE"]'],
    ])
      await env.DB.prepare(
        `INSERT INTO outbox (organization_id, at, operation_id, resource_type, resource_id, status) VALUES (?1, 1, 'x', ?2, ?3, ?4)`,
      )
        .bind(api.id, type, id, status)
        .run()
    await api.post('/customers', customer('acme'))
    await run()
    expect(receiver.of(host).map(({ body }) => [body.type, body.data.id])).toEqual([
      ['price_plan.created', 'pp.0VFLVzYqf1k.00000'],
      ['incident.generated', 'incident.0VFLVzYqf1k.00000'],
      ['pricing_cycle.started', 'sch.0VFLVzYqf1k.00000#2026-01-01'],
      ['customer.created', 'acme'],
      ['account.created', 'acme main'],
    ])
  })

  it('leaves out the largest parts of what is larger than 256 KB, and names them', () => {
    const small = { id: 'a', lines: 'x'.repeat(200_000) }
    expect(fitData(small)).toBe(small)
    const large = {
      id: 'a',
      status: 'DUE',
      usageInfo: ['y'.repeat(150_000)],
      revenueInfo: { text: 'é'.repeat(100_000) },
      missing: undefined,
    }
    expect(fitData(large)).toEqual({ id: 'a', status: 'DUE', usageInfo: large.usageInfo, missing: undefined, omitted: ['revenueInfo'] })
    const huge = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`part${n}`, 'z'.repeat(50_000)]))
    expect(JSON.stringify(fitData(huge)).length).toBeLessThan(256 * 1024)
  })

  it('is made of many changes in few calls, each once, in their order', async () => {
    const receiver = receive()
    const api = await organization()
    const { id, host } = await endpointOf(api, { eventTypes: ['customer.created'] })
    const names = Array.from({ length: 60 }, (_, n) => `c${String(n).padStart(2, '0')}`)
    for (const name of names) await api.post('/customers', customer(name))
    while (receiver.of(host).length < 60) await run()
    expect((await deliveriesOf(api, id)).map(({ resourceId }) => resourceId)).toEqual(names)
    expect(receiver.of(host).map(({ body }) => body.data.id)).toEqual(names)
  })

  it('stays in the outbox until it is made, however old it is', async () => {
    const receiver = receive()
    const { default: worker } = await import('../../src/index.ts')
    const { createExecutionContext, createScheduledController } = await import('cloudflare:test')
    const api = await organization()
    const { host } = await endpointOf(api, { eventTypes: ['customer.created'] })
    await api.post('/customers', customer('acme'))
    await env.DB.prepare('UPDATE outbox SET at = at - 8 * 86400000 WHERE organization_id = ?').bind(api.id).run()
    const scheduled = () =>
      worker.scheduled(
        createScheduledController({ scheduledTime: new Date(Date.now() + 1000), cron: '' }),
        { DB: env.DB, SIGNING_SECRET: env.SIGNING_SECRET },
        createExecutionContext(),
      )
    const left = () => env.DB.prepare('SELECT count(*) AS n FROM outbox WHERE organization_id = ?').bind(api.id).first<number>('n')
    await scheduled()
    await scheduled()
    expect([receiver.of(host).length, await left()]).toEqual([1, 0])
  })
})
