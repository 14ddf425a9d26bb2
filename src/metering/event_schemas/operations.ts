import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import {
  CreateEventSchemaRequest,
  EventSchema,
  EventSchemaListPaginatedResponse,
  EventSchemaPath,
  EventSchemaVersionsResponse,
  GetEventSchemaQuery,
  ListEventSchemasQuery,
  UpdateEventSchemaRequest,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const eventSchemas = feature('Event Schemas', {
  createEventSchema: operation({
    method: 'post',
    path: '/event_schema',
    json: CreateEventSchemaRequest,
    answers: { 201: EventSchema },
    tagged: true,
    condition: 'absence',
    location: ({ name }) => `/event_schema/${encodeURIComponent(name)}`,
    handle: (ctx, { json }) => service.createEventSchema(ctx, json),
  }),
  listEventSchemas: operation({
    method: 'get',
    path: '/event_schema',
    query: ListEventSchemasQuery,
    answers: { 200: EventSchemaListPaginatedResponse },
    handle: (ctx, { query }) => service.listEventSchemas(ctx, query),
  }),
  getEventSchema: operation({
    method: 'get',
    path: '/event_schema/{event_schema_name}',
    param: EventSchemaPath,
    query: GetEventSchemaQuery,
    answers: { 200: EventSchema },
    tagged: true,
    handle: (ctx, { param, query }) => service.getEventSchema(ctx, param.event_schema_name, query),
  }),
  eventSchemaEventSchemaNamePatch: operation({
    method: 'patch',
    path: '/event_schema/{event_schema_name}',
    param: EventSchemaPath,
    json: UpdateEventSchemaRequest,
    answers: { 200: EventSchema },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updateEventSchema(ctx, param.event_schema_name, json),
  }),
  deleteEventSchema: operation({
    method: 'delete',
    path: '/event_schema/{event_schema_name}',
    param: EventSchemaPath,
    answers: { 200: BaseSuccessResponse },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.deleteEventSchema(ctx, param.event_schema_name),
  }),
  listEventSchemaVersions: operation({
    method: 'get',
    path: '/event_schema/{event_schema_name}/versions',
    param: EventSchemaPath,
    answers: { 200: EventSchemaVersionsResponse },
    handle: (ctx, { param }) => service.listEventSchemaVersions(ctx, param.event_schema_name),
  }),
  activateEventSchema: operation({
    method: 'post',
    path: '/event_schema/{event_schema_name}/activate',
    param: EventSchemaPath,
    answers: { 200: EventSchema },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.activateEventSchema(ctx, param.event_schema_name),
  }),
  deactivateEventSchema: operation({
    method: 'post',
    path: '/event_schema/{event_schema_name}/deactivate',
    param: EventSchemaPath,
    answers: { 200: EventSchema },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.deactivateEventSchema(ctx, param.event_schema_name),
  }),
})
