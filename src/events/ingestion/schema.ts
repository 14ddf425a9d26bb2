import * as z from 'zod/mini'
import { described, named } from '../../lib/fields.ts'

export const IngestEventResponse = named(
  'IngestEventResponse',
  z.strictObject({
    success: z.optional(described('Whether every event was accepted.', z.boolean())),
    statusCode: z.optional(z.int32()),
    name: z.optional(described('PARTIAL_FAILURE, if some events were not accepted.', z.string())),
    message: z.optional(z.string().check(z.maxLength(500))),
    code: z.optional(z.string()),
    details: z.optional(
      described(
        'If events were not accepted, errors has the index, the id, a message and the payload of each of them. After a dry run, events shows how each event would be processed.',
        z.record(z.string(), z.unknown()),
      ),
    ),
  }),
)
export type IngestEventResponse = z.infer<typeof IngestEventResponse>

export { IngestEventRequest, parseEntitled } from './event.ts'
