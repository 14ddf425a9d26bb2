import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { EventCorrectionQuery, EventCorrectionRequest, EventsCorrectionResponse } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const corrections = feature('Event Management', {
  eventCorrection: operation({
    method: 'post',
    path: '/events/correction',
    query: EventCorrectionQuery,
    json: EventCorrectionRequest,
    optionalBody: true,
    parse: (body): unknown => body,
    answers: { 200: EventsCorrectionResponse },
    commits: false,
    mayLocate: true,
    handle: (ctx, { query, json }) => service.correctEvents(ctx, query, json),
  }),
})
