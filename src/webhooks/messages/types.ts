import type { WebhookEventType } from './schema.ts'

/** What a resource was and is, by which it is known what happened. Null if it was not there. */
type StatusPair = readonly [before: string | null, after: string | null]

const UNTOLD_INVOICES: ReadonlySet<string | null> = new Set([null, 'DRAFT', 'GONE'])

/**
 * DRAFTs are not told of, and neither is one that becomes VOID. An order is told of when it is made, and as an invoice when it has been paid
 * and gets its number.
 */
const eventOfInvoice: EventRule = ([before, after]) => {
  const [wasOrder, isOrder] = [before, after].map((status) => status?.startsWith('ORDER_') ?? false)
  if (UNTOLD_INVOICES.has(after)) return undefined
  if (!UNTOLD_INVOICES.has(before)) return wasOrder && !isOrder ? 'invoice.generated' : 'invoice.updated'
  if (isOrder) return 'order.generated'
  return after === 'VOID' ? undefined : 'invoice.generated'
}

/** A proposal that is approved becomes a purchase. */
const eventOfPurchase: EventRule = ([before, after]) => {
  if (after === 'PROPOSAL_ACTIVE') return before === null ? 'proposal.created' : undefined
  const wasPurchase = before !== null && !before.startsWith('PROPOSAL_')
  return wasPurchase || after === null || after.startsWith('PROPOSAL_') ? undefined : 'purchase.created'
}

type EventRule = (pair: StatusPair) => WebhookEventType | undefined

const whenMade =
  (type: WebhookEventType): EventRule =>
  ([before]) =>
    before === null ? type : undefined

const whenBecomes =
  (status: string, type: WebhookEventType): EventRule =>
  ([before, after]) =>
    after === status && before !== status ? type : undefined

/** What is told of changes, by the kind of their resource. */
const RULES: Readonly<Record<string, EventRule>> = {
  ACCOUNT: whenMade('account.created'),
  CUSTOMER: whenMade('customer.created'),
  INCIDENT: (pair) => whenBecomes('OPEN', 'incident.generated')(pair) ?? whenBecomes('CLOSED', 'incident.closed')(pair),
  INVOICE: eventOfInvoice,
  PAYMENT: whenMade('payment.recorded'),
  PRICE_PLAN: whenMade('price_plan.created'),
  PRICING_CYCLE: (pair) => whenBecomes('IN_FORCE', 'pricing_cycle.started')(pair) ?? whenBecomes('ENDED', 'pricing_cycle.ended')(pair),
  PURCHASE: eventOfPurchase,
  REPORT: whenBecomes('COMPLETED', 'report.generated'),
}

/** What happened to a resource, if it is told. */
export const eventOf = (resourceType: string, [before, after]: StatusPair): WebhookEventType | undefined =>
  RULES[resourceType]?.([before, after])
