import { type SQL, sql } from 'drizzle-orm'
import type { Fields } from '../lib/changes.ts'
import type { ResourceType } from '../lib/resources.ts'
import type { Statement } from './client.ts'
import type { Ctx } from './context.ts'
import { builder, prepare } from './statements.ts'
import { auditLog, outbox, outboxCursors } from './table.ts'

/** The change of one resource. */
export interface Change {
  type: ResourceType
  id: string
  fields: Fields
  /** The status before and after by which webhooks name the change, if it is not the field `status`. Null if webhooks do not report it. */
  status?: readonly [before: string | null, after: string | null] | null
}

const RECORDED = ['organizationId', 'wallClock', 'actor', 'role', 'operationId', 'requestId', 'sent'] as const

/** The statement that appends to the audit log: one row for each resource, with the next numbers of the organization. */
const appendAudit = (recorded: Readonly<Record<(typeof RECORDED)[number], unknown>>, fields: SQL) => {
  const { organizationId, wallClock, actor, role, operationId, requestId, sent } = recorded
  return builder.insert(auditLog).select(sql`
    select ${organizationId}, coalesce(last.sequence, 0) + 1 + sent.key, max(${wallClock}, coalesce(last.at, 0)), ${actor}, ${role}, ${operationId},
      sent.value ->> 0, sent.value ->> 1, ${requestId}, ${fields}, null, lower(hex(randomblob(16))), null
    from json_each(${sent}) as sent left join (
      select sequence, at from ${auditLog} where organization_id = ${organizationId} order by at desc, sequence desc limit 1
    ) as last
  `)
}

const appendPlainly = prepare(RECORDED, (at) => appendAudit(at, sql`sent.value -> 2`))

const appendToOutbox = prepare(['organizationId', 'wallClock', 'operationId', 'sent'], (at) =>
  builder.insert(outbox).select(sql`
    select null, ${at.organizationId}, ${at.wallClock}, ${at.operationId}, sent.value ->> 0, sent.value ->> 1,
      iif(exists (select 1 from ${outboxCursors} where organization_id = ${at.organizationId}), sent.value -> 3, null)
    from json_each(${at.sent}) as sent
  `),
)

/** Whether webhooks may report some of the changes. */
export const areTold = (changes: readonly Change[]): boolean => changes.some(({ status }) => status !== null)

/**
 * The statements that record changes: a row each in the audit log, and one in the outbox, from which webhooks are sent. The outbox keeps the
 * status only of organizations that have somewhere to send them.
 * `fromDatabase` is a query for the fields that only the database knows, as one JSON object. They are added to those of the first change.
 */
export const recordChanges = (ctx: Ctx, changes: readonly Change[], fromDatabase: SQL | undefined): Statement[] => {
  if (!changes.length) return []
  const { organizationId, wallClock, actor, role, operationId, requestId } = ctx
  const sent = JSON.stringify(
    changes.map(({ type, id, fields, status = fields['status'] }) => [type, id, fields, ...(status ? [status] : [])]),
  )
  const recorded = { organizationId, wallClock, actor, role, operationId, requestId, sent }
  const fields = fromDatabase && sql`iif(sent.key, sent.value -> 2, json_patch(sent.value -> 2, ${fromDatabase}))`
  return [fields ? appendAudit(recorded, fields) : appendPlainly(recorded), appendToOutbox(recorded)]
}
