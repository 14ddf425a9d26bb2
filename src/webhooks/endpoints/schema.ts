import * as z from 'zod/mini'
import { described, displayName, identifier, label, list, named, whole } from '../../lib/fields.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { EVENT_TYPES } from '../messages/schema.ts'
import { ENDPOINT_STATUSES } from './table.ts'

const url = () =>
  described(
    'The URL that is sent POST requests: https, of a host of the public internet, without a user name and a password.',
    label(1, 2000),
  )

const description = () => described('What it is for.', displayName(0, 255))

const EventTypeName = z.enum(EVENT_TYPES)

const eventTypes = () =>
  described('The events that are sent. If it is empty, all are, also those of later versions.', list(EventTypeName, 0, EVENT_TYPES.length))

const endpoint = {
  id: z.string(),
  url: url(),
  description: z.optional(z.string()),
  eventTypes: z.optional(described('The events that are sent. If it is left out, all are.', z.array(EventTypeName))),
  status: described('Only an endpoint that is ENABLED is sent anything.', z.enum(ENDPOINT_STATUSES)),
  statusReason: z.optional(described('Why it was disabled by itself.', z.string())),
  previousSecretValidUntil: z.optional(described('Until when the secret before the last rotation signs too.', dateTime())),
  failingSince: z.optional(described('The first failure since something was delivered last.', dateTime())),
  createdAt: dateTime(),
  updatedAt: dateTime(),
}

export const WebhookEndpoint = named('WebhookEndpoint', z.strictObject(endpoint), 'An endpoint, without its secret.')
export type WebhookEndpoint = z.infer<typeof WebhookEndpoint>

export const WebhookEndpointWithSecret = named(
  'WebhookEndpointWithSecret',
  z.strictObject({
    ...endpoint,
    secret: described('The secret that signs, which is shown only once: whsec_ and 32 bytes in base64.', z.string()),
  }),
)
export type WebhookEndpointWithSecret = z.infer<typeof WebhookEndpointWithSecret>

export const CreateWebhookEndpointRequest = named(
  'CreateWebhookEndpointRequest',
  z.strictObject({ url: url(), description: z.optional(description()), eventTypes: z.optional(eventTypes()) }),
)
export type CreateWebhookEndpointRequest = z.infer<typeof CreateWebhookEndpointRequest>

export const UpdateWebhookEndpointRequest = named(
  'UpdateWebhookEndpointRequest',
  z.strictObject({
    url: z.optional(url()),
    description: z.optional(description()),
    eventTypes: z.optional(eventTypes()),
    status: z.optional(z.enum(['ENABLED', 'DISABLED'])),
  }),
  'What is sent replaces what was there.',
)
export type UpdateWebhookEndpointRequest = z.infer<typeof UpdateWebhookEndpointRequest>

const LONGEST_VALID = 7 * 86_400
export const USUALLY_VALID = 86_400

export const RotateWebhookEndpointRequest = named(
  'RotateWebhookEndpointRequest',
  z.strictObject({
    previousValidFor: z._default(
      described(
        'The number of seconds for which the previous secret signs too: 0 to 604800 (7 days), by default 86400 (a day).',
        whole(0, LONGEST_VALID, 'int32'),
      ),
      USUALLY_VALID,
    ),
  }),
)
export type RotateWebhookEndpointRequest = z.infer<typeof RotateWebhookEndpointRequest>

export const WebhookEndpointPath = z.strictObject({ webhook_endpoint_id: identifier() })

export const ListWebhookEndpointsQuery = pageQuery({
  status: z.optional(described('ENABLED and DISABLED when left out.', z.enum(ENDPOINT_STATUSES))),
})
export type ListWebhookEndpointsQuery = z.infer<typeof ListWebhookEndpointsQuery>

export const WebhookEndpointPaginatedResponse = named('WebhookEndpointPaginatedResponse', paginated(WebhookEndpoint))
export type WebhookEndpointPaginatedResponse = z.infer<typeof WebhookEndpointPaginatedResponse>
