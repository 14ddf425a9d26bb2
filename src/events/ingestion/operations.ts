import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { IngestBatchEventRequest, IngestEventRequest, parseBatch, parseIngest } from './event.ts'
import { IngestEventResponse } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

const LARGEST_BODY = 6 * 1024 * 1024

export const ingestion = feature('Event Ingestion', {
  ingest: operation({
    method: 'post',
    path: '/ingest',
    json: IngestEventRequest,
    parse: parseIngest,
    answers: { 202: IngestEventResponse },
    commits: false,
    ingests: true,
    handle: async (ctx, { json }) => {
      const { answer } = await service.ingestEvents(ctx, 'INGEST', json.events)
      return { answer }
    },
  }),
  ingestBatch: operation({
    method: 'post',
    path: '/ingestBatch',
    json: IngestBatchEventRequest,
    parse: parseBatch,
    answers: { 202: IngestEventResponse, 207: IngestEventResponse },
    commits: false,
    ingests: true,
    largestBody: LARGEST_BODY,
    handle: (ctx, { json }) => service.ingestEvents(ctx, 'INGEST_BATCH', json.events),
  }),
})
