import * as z from 'zod/mini'
import { described, named } from '../../lib/fields.ts'

export const IngestEventResponse = named(
  'IngestEventResponse',
  z.strictObject({
    success: z.optional(described('Whether every event was accepted.', z.boolean())),
    statusCode: z.optional(z.int32()),
    name: z.optional(described('PARTIAL_FAILURE, when some events were not accepted.', z.string())),
    message: z.optional(z.string().check(z.maxLength(500))),
    code: z.optional(z.string()),
    details: z.optional(
      described(
        'For events that were not accepted: errors, with the index, the id, the message and the payload of each. For a dry run: events, with what would become of each.',
        z.record(z.string(), z.unknown()),
      ),
    ),
  }),
)
export type IngestEventResponse = z.infer<typeof IngestEventResponse>
