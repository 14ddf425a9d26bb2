import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { EventPath, GetEventResponse, GetEventsQuery, GetEventsResponse } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const events = feature('Event Management', {
  getEvents: operation({
    method: 'get',
    path: '/events',
    query: GetEventsQuery,
    portal: true,
    answers: { 200: GetEventsResponse },
    handle: (ctx, { query }) => service.getEvents(ctx, query),
  }),
  getSingleEvent: operation({
    method: 'get',
    path: '/events/{event_id}',
    param: EventPath,
    portal: true,
    answers: { 200: GetEventResponse },
    handle: (ctx, { param }) => service.getSingleEvent(ctx, param.event_id),
  }),
})
