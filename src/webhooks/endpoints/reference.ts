import { done, first, second, webhookEndpointId } from '../../lib/examples.ts'

const MISSING = 'The organization has no webhook endpoint with this id.'
const DELETED = 'The endpoint is deleted.'
const NO_ADDRESS =
  'The url is not https, or its host is not one of the public internet: a private or loopback address, or a name such as localhost.'

const endpoint = {
  id: webhookEndpointId,
  url: 'https://billing.acme.example/webhooks',
  description: 'Bookkeeping',
  eventTypes: ['invoice.generated', 'invoice.updated', 'payment.recorded'],
  status: 'ENABLED',
  createdAt: first,
  updatedAt: first,
}

const path = { webhook_endpoint_id: webhookEndpointId }
const request = { url: endpoint.url, description: endpoint.description, eventTypes: endpoint.eventTypes }
const secret = 'whsec_QW4gZXhhbXBsZSBvZiB0aGUgcmVmZXJlbmNlISEhISE='

export const parameters = {
  webhook_endpoint_id: 'The id of the webhook endpoint, from the answer to its creation.',
}

export const createWebhookEndpoint = {
  summary: 'Create a webhook endpoint',
  description:
    'Creates an endpoint, which is sent what happens from now on, by the Standard Webhooks specification. The answer contains the secret that signs, which is shown only once. docs/webhooks.md says what is sent when, and has a receiver.',
  refuses: { 400: NO_ADDRESS, 422: 'There are 50 endpoints that are not deleted.' },
  example: {
    request,
    answer: { ...endpoint, secret },
    other: { request: { url: 'https://reports.acme.example/webhooks' } },
  },
}

export const listWebhookEndpoints = {
  summary: 'List webhook endpoints',
  description:
    'Lists the endpoints of the organization in the order in which they were created, page by page, without those that are deleted.',
  example: {
    after: ['createWebhookEndpoint'],
    query: { status: 'ENABLED', pageSize: 20 },
    answer: { data: [endpoint], context: { pageSize: 20, sortOrder: 'ASC' } },
  },
}

export const getWebhookEndpoint = {
  summary: 'Read a webhook endpoint',
  description: 'Reads an endpoint without its secret. failingSince says since when nothing could be delivered to it.',
  refuses: { 404: MISSING },
  example: { after: ['createWebhookEndpoint'], path, answer: endpoint },
}

export const updateWebhookEndpoint = {
  summary: 'Change a webhook endpoint',
  description:
    'Replaces the fields that are sent. If an endpoint is DISABLED, what is on its way to it is cancelled, and it is not sent what happens until it is ENABLED again. An endpoint is disabled by itself if it answers 410, or if nothing could be delivered to it for 5 days; statusReason says so. Only an administrator changes url.',
  refuses: {
    400: NO_ADDRESS,
    403: 'The token is a portal token, or has the role ANALYST. Or the url is another one, and the token does not have the role ADMINISTRATOR.',
    404: MISSING,
    409: DELETED,
  },
  example: {
    after: ['createWebhookEndpoint'],
    path,
    request: { status: 'DISABLED' },
    answer: { ...endpoint, status: 'DISABLED', updatedAt: second },
    other: { request: { description: 'Bookkeeping of 2026' } },
  },
}

export const rotateWebhookEndpoint = {
  summary: 'Rotate the secret of a webhook endpoint',
  description:
    'Gives an endpoint a new secret, which is shown only once. Until the time is over that is asked for, what is sent has a signature with each of the two secrets, so that a receiver can change to the new one at any moment of it.',
  refuses: { 404: MISSING, 409: DELETED },
  example: {
    after: ['createWebhookEndpoint'],
    path,
    request: { previousValidFor: 3600 },
    answer: {
      ...endpoint,
      previousSecretValidUntil: second.replace('T10', 'T11'),
      updatedAt: second,
      secret: 'whsec_QW5vdGhlciBleGFtcGxlIG9mIHRoZSByZWZlcmVuY2U=',
    },
    other: { request: { previousValidFor: 60 } },
  },
}

export const deleteWebhookEndpoint = {
  summary: 'Delete a webhook endpoint',
  description:
    'Deletes an endpoint: it is sent nothing more, and what is on its way to it is cancelled. It can still be read, and changes no more. Deleting it again changes nothing.',
  refuses: { 404: MISSING },
  example: { after: ['createWebhookEndpoint'], path, answer: done, other: { path: { webhook_endpoint_id: 'webhook.0VFLVzYqf1k.00000' } } },
}
