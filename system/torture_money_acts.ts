import { randomInt, randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { START } from './torture_invoices.ts'
import { type Act, type BoughtEvent, GATEWAY, type Kind, MONEY, type MoneyModel } from './torture_money_model.ts'
import type { Answer, Request } from './torture_requests.ts'
import { DAY, HOUR, iso, must, pick, textOf } from './torture_values.ts'

/** An invoice as a list shows it. */
export interface Listed {
  id: string
  invoiceType: string
  status: string
  totalAmount: number
  paidAmount: number
}

type Body = Record<string, unknown>

/** What clients can be refused, since the clock or another client was faster, or since they ask for what cannot be. */
const REFUSALS = [400, 404, 409]

/** What a correction is answered that its ledger is just carrying out: it is sent again. */
export const BUSY = 503

const dateOf = (time: number): string => iso(time).slice(0, 10)
const someMoney = (most: number): string => textOf(BigInt(randomInt(1, 100 * most)))

const actOf = (kind: Kind, mark: string, method: string, path: string, body: Body | undefined, more: Partial<Act> = {}): Act => ({
  kind,
  mark,
  request: { method, path, ...(body && { body }), headers: { 'Idempotency-Key': randomUUID() }, refusals: REFUSALS },
  ...more,
})

const topUp = (account: string): Act => {
  const amount = someMoney(2000)
  return actOf('TOP_UP', `${account} ${Number(amount)}`, 'POST', `/accounts/${account}/wallet_topup`, { topupAmount: Number(amount) })
}

const STATUSES: Readonly<Record<string, readonly string[]>> = {
  DUE: ['PAID', 'UN_COLLECTIBLE', 'VOID'],
  PARTIALLY_PAID: ['PAID', 'UN_COLLECTIBLE', 'REFUND_INITIATED', 'VOID', 'VOID'],
  UN_COLLECTIBLE: ['PAID', 'VOID'],
  PAID: ['REFUND_INITIATED', 'VOID', 'VOID'],
}

/** What buyers can ask for. `clock` says where the clock stands, as far as that is known. */
export const openActs = (model: MoneyModel, catalogue: { plans: readonly string[]; license: string }, clock: () => number) => {
  let named = 0
  /** The invoices and credits that are being changed, each by one client at a time. */
  const busy = new Set<string>()

  const credits: { id: string; account: string }[] = []
  const giveCredit = (account: string): Act => {
    const [amount, key] = [someMoney(500), `credit-${++named}`]
    const from = clock() - randomInt(5) * DAY
    const request = {
      accountId: account,
      purpose: 'Gift',
      effectiveFrom: dateOf(from),
      ...(randomInt(2) && { effectiveUntil: dateOf(from + randomInt(1, 30) * DAY) }),
      creditAmount: Number(amount),
      priority: randomInt(5),
      idempotencyKey: key,
    }
    const learn = ({ body }: Pick<Answer, 'body'>): void => {
      const [{ id } = { id: '' }] = body['credits'] as { id: string }[]
      credits.push({ id, account })
    }
    return actOf('CREDIT', `${account} ${key} ${Number(amount)}`, 'POST', '/credits', { creditRequests: [request] }, { learn })
  }

  const voidCredit = (account: string): Act | undefined => {
    const one = pick(credits.filter((credit) => credit.account === account && !busy.has(credit.id)).slice(-10))
    if (!one) return undefined
    busy.add(one.id)
    return actOf('VOID_CREDIT', one.id, 'POST', `/credits/${one.id}/void`, undefined)
  }

  const pay = (kind: 'PAYMENT' | 'REFUND', account: string, total: string, lineItemRecords: readonly Body[]): Act => {
    const transactionNumber = `T-${++named}`
    const body = {
      accountId: account,
      externalPaymentReference: { sourceName: GATEWAY, sourceType: 'GATEWAY', transactionNumber },
      lineItemRecords,
      currency: 'USD',
      totalAmount: Number(total),
    }
    const act = actOf(kind, `${account} ${transactionNumber} ${Number(total)}`, 'POST', '/payments', body)
    return { ...act, learn: (answer) => learnPayment(transactionNumber, act.request, answer) }
  }

  const learnPayment = (reference: string, request: Request, { body }: Pick<Answer, 'body'>): void => {
    const before = model.payments.get(reference)?.body ?? body
    must(isDeepStrictEqual(before, body), `the payment ${reference} was ${JSON.stringify(before)}, and is ${JSON.stringify(body)}`)
    model.payments.set(reference, { request, body })
  }

  /** A payment for an invoice, or for none: with a credit that it buys, and a rest that comes into the wallet. */
  const payInvoice = (account: string, invoices: readonly Listed[]): Act => {
    const open = pick(invoices.filter(({ status }) => status === 'DUE' || status === 'PARTIALLY_PAID' || status === 'UN_COLLECTIBLE'))
    const rest = open ? Math.round(100 * (open.totalAmount - open.paidAmount)) : 0
    const paid = BigInt(randomInt(3) ? rest : randomInt(rest + 1))
    const [bought, more] = [BigInt(randomInt(3) ? 0 : randomInt(1, 5000)), BigInt(randomInt(2) ? 0 : randomInt(1, 20_000))]
    const lines = [
      ...(open && paid > 0n ? [{ type: 'INVOICE', togaiId: open.id, amount: Number(textOf(paid)), order: 1 }] : []),
      ...(bought > 0n ? [{ type: 'CREDIT', amount: Number(textOf(bought)), order: 2 }] : []),
      ...(more > 0n && randomInt(2) ? [{ type: 'WALLET_CREDIT', order: 3 }] : []),
    ]
    const total = (open ? paid : 0n) + bought + more
    return pay('PAYMENT', account, textOf(total > 0n ? total : 1n), lines)
  }

  const refund = (account: string, invoices: readonly Listed[]): Act | undefined => {
    const one = pick(invoices.filter(({ status, paidAmount }) => status === 'REFUND_INITIATED' && paidAmount > 0))
    if (!one) return undefined
    const paid = Math.round(100 * one.paidAmount)
    const total = textOf(-BigInt(randomInt(2) ? paid : randomInt(1, paid + 1)))
    return pay('REFUND', account, total, [{ type: 'INVOICE', togaiId: one.id, order: 1 }])
  }

  /** Sends a payment again that was recorded before. */
  const payAgain = (): Request | undefined => pick([...model.payments.values()])?.request

  const changeStatus = (invoices: readonly Listed[], wanted?: string): Act | undefined => {
    const one = pick(invoices.filter(({ id, status }) => status in STATUSES && !busy.has(id)))
    const status = wanted ?? pick(STATUSES[one?.status ?? ''] ?? [])
    if (!one || status === undefined) return undefined
    busy.add(one.id)
    const free = (): unknown => busy.delete(one.id)
    const kind = status === 'PAID' ? 'PAID' : 'STATUS'
    return actOf(kind, `${one.id} ${status}`, 'PATCH', `/invoices/${one.id}`, { status }, { learn: free, forget: free })
  }

  const license = (account: string): Act => {
    const [quantity, key] = [randomInt(2) ? randomInt(1, 9) : -randomInt(1, 4), `license-${++named}`]
    const body = { licenseId: catalogue.license, accountId: account, updateType: 'RELATIVE', quantity, idempotencyKey: key }
    return actOf('LICENSE', `${account} ${key} ${quantity}`, 'POST', '/license_updates', body)
  }

  /** Gives an account a plan without an end, in the next days. Only one client edits the plans of an account. */
  const editPlan = (account: string): Act | undefined => {
    if (busy.has(account)) return undefined
    busy.add(account)
    const [plan = '', from] = [pick(catalogue.plans), dateOf(clock() + randomInt(1, 12) * DAY)]
    const body = { pricePlanId: plan, effectiveFrom: from, effectiveUntil: '9999-01-01' }
    const forget = (): unknown => busy.delete(account)
    const learn = (): void => {
      model.plans.set(account, plan)
      forget()
    }
    return actOf('PLAN', `${account} ${plan} ${from}`, 'POST', `/accounts/${account}/price_plans`, body, { learn, forget })
  }

  const bill = (account: string): Act => {
    const [key, value] = [`custom-${++named}`, Number(someMoney(300))]
    const [startDate, endDate] = [iso(clock() - 3 * DAY), iso(Math.max(START, clock() - DAY))]
    const body = { accountId: account, startDate, endDate, idempotencyKey: key, status: 'DUE', lineItems: [{ value }] }
    return actOf('CUSTOM', `${account} ${key}`, 'POST', '/invoices', body)
  }

  const sendEvents = (account: string): Act => {
    const made = Array.from({ length: randomInt(1, 8) }, (): BoughtEvent & { distance: bigint } => {
      const distance = BigInt(randomInt(1, 5000))
      const time = Math.max(START, clock() - randomInt(40) * HOUR)
      return { id: `${MONEY}${++named}`, account, time, may: new Set([undefined, distance]), isBusy: true, distance }
    })
    for (const event of made) model.events.set(event.id, event)
    const settle = (isThere: boolean) => (): void => {
      for (const event of made) Object.assign(event, { may: new Set([isThere ? event.distance : undefined]), isBusy: false })
    }
    const body = { events: made.map(({ distance, ...event }) => showEvent(event, distance)) }
    return actOf('EVENTS', '', 'POST', '/ingestBatch', body, { learn: settle(true), forget: settle(false) })
  }

  /** Corrects an event of the last days: it is taken back, ingested again as it was, or with another distance. */
  const correct = (account: string): Act | undefined => {
    const least = clock() - 2 * DAY
    const all = [...model.events.values()].slice(-400)
    const event = pick(all.filter((one) => one.account === account && !one.isBusy && one.time >= least && !one.may.has(undefined)))
    if (!event) return undefined
    const before = event.may
    const distance = BigInt(randomInt(1, 5000))
    const action = pick(['UNDO', 'UNDO', 'REDO', 'REDO_EVENT']) ?? 'UNDO'
    const after = action === 'UNDO' ? new Set([undefined]) : action === 'REDO' ? before : new Set([distance])
    Object.assign(event, { may: new Set([...before, ...after, undefined]), isBusy: true })
    const settle = (may: BoughtEvent['may']): unknown => Object.assign(event, { may, isBusy: false })
    const learn = ({ body }: Pick<Answer, 'body'>): void => {
      const said = (body['data'] as { status: string }[]).map(({ status }) => status)
      const done = said.filter((status) => status !== 'FAILED')
      must(done.length < 2, `${action} of ${event.id} was answered ${said.join(', ')}`)
      settle(done.length ? after : before)
    }
    const body = action === 'REDO_EVENT' ? { event: showEvent(event, distance) } : undefined
    const path = `/events/correction?action=${action}&account_id=${account}&event_id=${event.id}`
    const act = actOf('CORRECTION', '', 'POST', path, body, { learn, forget: () => settle(before) })
    return { ...act, request: { ...act.request, refusals: [...REFUSALS, BUSY] } }
  }

  return { topUp, giveCredit, voidCredit, payInvoice, refund, payAgain, changeStatus, license, editPlan, bill, sendEvents, correct }
}
export type Acts = ReturnType<typeof openActs>

const showEvent = ({ id, account, time }: Pick<BoughtEvent, 'id' | 'account' | 'time'>, distance: bigint) => ({
  id,
  schemaName: 'trips',
  timestamp: iso(time),
  accountId: account,
  attributes: [{ name: 'distance', value: textOf(distance) }],
  dimensions: {},
})
