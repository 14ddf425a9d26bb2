/** What an endpoint can be told of. */
export const EVENT_TYPES = [
  'account.created',
  'customer.created',
  'incident.closed',
  'incident.generated',
  'invoice.generated',
  'invoice.updated',
  'order.generated',
  'payment.recorded',
  'price_plan.created',
  'pricing_cycle.ended',
  'pricing_cycle.started',
  'proposal.created',
  'purchase.created',
  'report.generated',
] as const
export type WebhookEventType = (typeof EVENT_TYPES)[number]

/** What is sent when an endpoint is tested. */
export const TEST_EVENT = 'webhook.test'
