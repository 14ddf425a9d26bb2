import { first, organizationId, second, third, webhookEndpointId as endpointId } from '../../lib/examples.ts'

const MISSING = 'The organization has no webhook endpoint with this id.'
const NOT_THERE = 'The organization has no webhook endpoint with this id, or the endpoint no delivery with this id.'
const NOT_ENABLED = 'The endpoint is DISABLED or DELETED.'

const made = ['createWebhookEndpoint', 'testWebhookEndpoint']

const path = { webhook_endpoint_id: endpointId }

const delivery = {
  id: 'delivery.0VFLWOg4dLv.8mRtS',
  endpointId,
  eventId: 'evt.0VFLWOg4eVt.2wQxN',
  eventType: 'webhook.test',
  resourceId: endpointId,
  status: 'PENDING',
  attempts: 0,
  nextAttemptAt: second,
  createdAt: second,
}

const one = { ...path, webhook_delivery_id: delivery.id }

const body = JSON.stringify({
  id: delivery.eventId,
  type: delivery.eventType,
  createdAt: second,
  organizationId,
  data: {
    id: endpointId,
    url: 'https://billing.acme.example/webhooks',
    description: 'Bookkeeping',
    eventTypes: ['invoice.generated', 'invoice.updated', 'payment.recorded'],
    status: 'ENABLED',
    createdAt: first,
    updatedAt: first,
  },
})

/** The test of the endpoint, and another one. */
const tested = { operation: 'testWebhookEndpoint', path, request: {}, answer: delivery, other: { request: {} } }

export const parameters = {
  webhook_delivery_id: 'The id of the delivery, from the list of deliveries.',
}

export const listWebhookDeliveries = {
  summary: 'List the deliveries of a webhook endpoint',
  description:
    'Lists what was sent to an endpoint, or is on its way to it, the newest first, page by page, with how often it was tried and what came of it. A delivery is kept for 30 days after it ended.',
  refuses: { 404: MISSING },
  example: {
    after: ['createWebhookEndpoint', tested],
    path,
    query: { status: 'PENDING', pageSize: 20 },
    answer: { data: [delivery], context: { pageSize: 20, sortOrder: 'DESC' } },
  },
}

export const getWebhookDelivery = {
  summary: 'Read a delivery of a webhook endpoint',
  description: 'Reads a delivery with the body that is sent, as it is sent.',
  refuses: { 404: NOT_THERE },
  example: { after: made, path: one, answer: { ...delivery, body } },
}

export const resendWebhookDelivery = {
  summary: 'Send a delivery again',
  description:
    'Sends an event again within a minute, with the same id and the same bytes, however the delivery ended, and tries it for another day. If it is still PENDING, it is tried now.',
  refuses: { 404: NOT_THERE, 409: NOT_ENABLED },
  example: {
    after: made,
    path: one,
    answer: { ...delivery, nextAttemptAt: third },
    other: { path: { ...one, webhook_delivery_id: 'delivery.0VFLVzYqf1k.00000' } },
  },
}

export const testWebhookEndpoint = {
  summary: 'Test a webhook endpoint',
  description: 'Sends the event webhook.test within a minute to an endpoint, whatever eventTypes it has. Its data is the endpoint.',
  refuses: { 404: MISSING, 409: NOT_ENABLED },
  example: {
    after: ['createWebhookEndpoint'],
    path,
    answer: delivery,
    other: { path: { webhook_endpoint_id: 'webhook.0VFLVzYqf1k.00000' } },
  },
}
