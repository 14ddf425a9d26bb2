import * as z from 'zod/mini'
import { described, identifier, named } from '../../lib/fields.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { EVENT_TYPES, TEST_EVENT } from '../messages/schema.ts'
import { DELIVERY_STATUSES } from './table.ts'

const delivery = {
  id: z.string(),
  endpointId: z.string(),
  eventId: described('The id of the event, which is the header webhook-id and the id in the body.', z.string()),
  eventType: z.enum([...EVENT_TYPES, TEST_EVENT]),
  resourceId: described('The id of what the event is about.', z.string()),
  status: described(
    'PENDING until it is DELIVERED, or FAILED a day after the first try, or CANCELLED since its endpoint was disabled or deleted.',
    z.enum(DELIVERY_STATUSES),
  ),
  attempts: described('How often it was tried, or since it was asked for again.', z.int()),
  lastStatusCode: z.optional(described('The status of the last answer, if there was one.', z.int())),
  lastError: z.optional(described('Why the last try failed.', z.string())),
  lastAttemptAt: z.optional(dateTime()),
  nextAttemptAt: z.optional(
    described('When it is tried next, or later if an earlier event of the same resource has not been delivered by then.', dateTime()),
  ),
  createdAt: dateTime(),
  endedAt: z.optional(described('When it was delivered, or failed, or was cancelled. It is kept for 30 days from then on.', dateTime())),
}

export const WebhookDelivery = named('WebhookDelivery', z.strictObject(delivery), 'An event on its way to an endpoint.')
export type WebhookDelivery = z.infer<typeof WebhookDelivery>

export const WebhookDeliveryWithBody = named(
  'WebhookDeliveryWithBody',
  z.strictObject({
    ...delivery,
    body: described('The body that is sent, byte for byte: JSON with id, type, createdAt, organizationId and data.', z.string()),
  }),
)
export type WebhookDeliveryWithBody = z.infer<typeof WebhookDeliveryWithBody>

export const WebhookDeliveryPath = z.strictObject({ webhook_endpoint_id: identifier(), webhook_delivery_id: identifier() })

export const ListWebhookDeliveriesQuery = pageQuery({
  status: z.optional(described('Shows the deliveries of one status.', z.enum(DELIVERY_STATUSES))),
})
export type ListWebhookDeliveriesQuery = z.infer<typeof ListWebhookDeliveriesQuery>

export const WebhookDeliveryPaginatedResponse = named('WebhookDeliveryPaginatedResponse', paginated(WebhookDelivery))
export type WebhookDeliveryPaginatedResponse = z.infer<typeof WebhookDeliveryPaginatedResponse>
