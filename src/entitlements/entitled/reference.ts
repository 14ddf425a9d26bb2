import { accountId, done } from '../../lib/examples.ts'
import { entitledSteps } from '../examples.ts'

const event = {
  id: 'call-1',
  schemaName: 'api_call',
  timestamp: '2026-03-30T10:41:00Z',
  accountId,
  attributes: [{ name: 'calls', value: '5' }],
  dimensions: {},
}

export const ingestEntitledEvent = {
  summary: 'Ingest an event if there are enough credits',
  description:
    'Takes the credits that an event needs, and ingests it, in one step: after a 200 the customer may be let in. If there are too few credits and too little overage, it is refused whole: nothing of it is kept, and its id is free. The event is otherwise as one of ingest: it is metered, has the source ENTITLED, and its id is taken for 45 days by all operations that ingest. An event of 0 units takes nothing and passes; one of fewer gives units back. A request that was not answered can be sent again: it goes on from where it was. With an Idempotency-Key, the same request is answered again as it was.',
  refuses: {
    400: 'The account has too few credits of the feature, which the message names, with what is left. Or the event would count nothing: no account has the accountId at its time, its schema is not active or feeds no feature, it lacks a field, or its pricing cycle is closed.',
    409: 'An event with this id was ingested before.',
  },
  example: {
    after: entitledSteps,
    request: { event },
    answer: done,
    other: { request: { event: { ...event, id: 'call-2' } } },
  },
}
