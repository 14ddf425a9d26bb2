import * as z from 'zod/mini'
import { described, label, named } from '../../lib/fields.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { RESOURCES, type ResourceType } from '../../lib/resources.ts'
import { dateTime, instant, iso } from '../../lib/time.ts'

const RESOURCE_TYPES = Object.keys(RESOURCES) as ResourceType[]

const FieldChange = named(
  'FieldChange',
  z.strictObject({ old: z.unknown(), new: z.unknown() }),
  'The old and the new value of a field. null means that there was or is no value. If a list has changed in part, only the changed parts are shown.',
)

export const AuditLogEntry = named(
  'AuditLogEntry',
  z.strictObject({
    sequence: described('The number of the entry in the organization, from 1 on without gaps.', z.int()),
    at: dateTime(),
    tokenId: described('The id of the token that made the change; cli for the command line, and system for scheduled work.', z.string()),
    role: described('The role of the token.', z.string()),
    operationId: z.string(),
    resourceType: z.enum(RESOURCE_TYPES),
    resourceId: z.string(),
    requestId: described('The X-Request-Id of the answer.', z.string()),
    changes: z.record(z.string(), FieldChange),
    hash: z.optional(described('The SHA-256 over the entry and the previous hash. It is present once the entry is sealed.', z.string())),
  }),
)
export type AuditLogEntry = z.infer<typeof AuditLogEntry>

const moment = () => z.pipe(instant(), z.transform(iso))

export const ListAuditLogQuery = pageQuery({
  resource_type: z.optional(z.enum(RESOURCE_TYPES)),
  resource_id: z.optional(described('The id of the resource. Send resource_type with it.', label(1, 1100))),
  token_id: z.optional(label(1, 255)),
  from: z.optional(described('The start of the time range (inclusive).', moment())),
  until: z.optional(described('The end of the time range (exclusive).', moment())),
})
export type ListAuditLogQuery = z.infer<typeof ListAuditLogQuery>

export const AuditLogPaginatedResponse = named('AuditLogPaginatedResponse', paginated(AuditLogEntry))
export type AuditLogPaginatedResponse = z.infer<typeof AuditLogPaginatedResponse>
