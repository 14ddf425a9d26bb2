import { IngestEventRequest, parseEntitled } from '../../events/ingestion/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'

const service = loadLater(() => import('../../events/ingestion/service.ts'))

export const entitled = feature('Entitlements', {
  ingestEntitledEvent: operation({
    method: 'post',
    path: '/entitled',
    json: IngestEventRequest,
    parse: parseEntitled,
    answers: { 200: BaseSuccessResponse },
    commits: false,
    ingests: true,
    handle: (ctx, { json }) => service.ingestEntitledEvent(ctx, json),
  }),
})
