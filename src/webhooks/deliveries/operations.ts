import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { WebhookEndpointPath } from '../endpoints/schema.ts'
import {
  ListWebhookDeliveriesQuery,
  WebhookDelivery,
  WebhookDeliveryPaginatedResponse,
  WebhookDeliveryPath,
  WebhookDeliveryWithBody,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const webhookDeliveries = feature('Extensions', {
  listWebhookDeliveries: operation({
    method: 'get',
    path: '/webhook_endpoints/{webhook_endpoint_id}/deliveries',
    param: WebhookEndpointPath,
    query: ListWebhookDeliveriesQuery,
    answers: { 200: WebhookDeliveryPaginatedResponse },
    handle: (ctx, { param, query }) => service.listWebhookDeliveries(ctx, param.webhook_endpoint_id, query),
  }),
  getWebhookDelivery: operation({
    method: 'get',
    path: '/webhook_endpoints/{webhook_endpoint_id}/deliveries/{webhook_delivery_id}',
    param: WebhookDeliveryPath,
    answers: { 200: WebhookDeliveryWithBody },
    tagged: true,
    handle: (ctx, { param }) => service.getWebhookDelivery(ctx, param.webhook_endpoint_id, param.webhook_delivery_id),
  }),
  resendWebhookDelivery: operation({
    method: 'post',
    path: '/webhook_endpoints/{webhook_endpoint_id}/deliveries/{webhook_delivery_id}/resend',
    param: WebhookDeliveryPath,
    answers: { 202: WebhookDelivery },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.resendWebhookDelivery(ctx, param.webhook_endpoint_id, param.webhook_delivery_id),
  }),
  testWebhookEndpoint: operation({
    method: 'post',
    path: '/webhook_endpoints/{webhook_endpoint_id}/test',
    param: WebhookEndpointPath,
    answers: { 202: WebhookDelivery },
    handle: (ctx, { param }) => service.testWebhookEndpoint(ctx, param.webhook_endpoint_id),
  }),
})
