import * as z from 'zod/mini'
import { described, named } from '../../lib/fields.ts'
import { dateTime } from '../../lib/time.ts'

/** What an endpoint can be told of. */
export const EVENT_TYPES = [
  'account.created',
  'customer.created',
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

export const WebhookEvent = named(
  'WebhookEvent',
  z.strictObject({
    id: described(
      'The id of the event, which is the same in each try and for each endpoint, and is also the header webhook-id.',
      z.string(),
    ),
    type: z.enum([...EVENT_TYPES, TEST_EVENT]),
    createdAt: described('When it happened.', dateTime()),
    organizationId: z.string(),
    data: described('What the read of the resource answered when the event was taken up.', z.record(z.string(), z.unknown())),
  }),
  'The body of a webhook.',
)
export type WebhookEvent = z.infer<typeof WebhookEvent>
