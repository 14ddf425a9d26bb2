import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import {
  CreateWebhookEndpointRequest,
  ListWebhookEndpointsQuery,
  RotateWebhookEndpointRequest,
  UpdateWebhookEndpointRequest,
  WebhookEndpoint,
  WebhookEndpointPaginatedResponse,
  WebhookEndpointPath,
  WebhookEndpointWithSecret,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const webhookEndpoints = feature('Extensions', {
  createWebhookEndpoint: operation({
    method: 'post',
    path: '/webhook_endpoints',
    json: CreateWebhookEndpointRequest,
    answers: { 201: WebhookEndpointWithSecret },
    location: ({ id }) => `/webhook_endpoints/${id}`,
    tagged: true,
    administrator: true,
    secret: true,
    handle: (ctx, { json }) => service.createWebhookEndpoint(ctx, json),
  }),
  listWebhookEndpoints: operation({
    method: 'get',
    path: '/webhook_endpoints',
    query: ListWebhookEndpointsQuery,
    answers: { 200: WebhookEndpointPaginatedResponse },
    handle: (ctx, { query }) => service.listWebhookEndpoints(ctx, query),
  }),
  getWebhookEndpoint: operation({
    method: 'get',
    path: '/webhook_endpoints/{webhook_endpoint_id}',
    param: WebhookEndpointPath,
    answers: { 200: WebhookEndpoint },
    tagged: true,
    handle: (ctx, { param }) => service.getWebhookEndpoint(ctx, param.webhook_endpoint_id),
  }),
  updateWebhookEndpoint: operation({
    method: 'patch',
    path: '/webhook_endpoints/{webhook_endpoint_id}',
    param: WebhookEndpointPath,
    json: UpdateWebhookEndpointRequest,
    answers: { 200: WebhookEndpoint },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updateWebhookEndpoint(ctx, param.webhook_endpoint_id, json),
  }),
  rotateWebhookEndpoint: operation({
    method: 'post',
    path: '/webhook_endpoints/{webhook_endpoint_id}/rotate',
    param: WebhookEndpointPath,
    json: RotateWebhookEndpointRequest,
    optionalBody: true,
    answers: { 200: WebhookEndpointWithSecret },
    tagged: true,
    condition: 'version',
    administrator: true,
    secret: true,
    handle: (ctx, { param, json }) => service.rotateWebhookEndpoint(ctx, param.webhook_endpoint_id, json),
  }),
  deleteWebhookEndpoint: operation({
    method: 'delete',
    path: '/webhook_endpoints/{webhook_endpoint_id}',
    param: WebhookEndpointPath,
    answers: { 200: BaseSuccessResponse },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.deleteWebhookEndpoint(ctx, param.webhook_endpoint_id),
  }),
})
