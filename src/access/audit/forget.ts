import { type SQL, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { auditLog } from '../../db/table.ts'
import { RESOURCES, hasPersonalId, personalFieldsOf } from '../../lib/resources.ts'
import { type AuditRow, forgetId, forgetPersonal } from './chain.ts'
import { sealAuditLog } from './seal.ts'

/** Rows of the log that are looked at in one slice, and the most characters of changes of those that are changed. */
const ROWS = 500
const CHARACTERS = 1_500_000

/** A place in the log of an organization: behind this row. */
export type AuditPlace = readonly [at: number, sequence: number]

/** Values about a person that are deleted from the audit log in one commit. */
interface Forgetting {
  statements: Statement[]
  /** How many rows lose values. */
  count: number
  /** From where to go on. Undefined if the end of the log was reached. */
  next: AuditPlace | undefined
}

type ForgettableRow = Pick<AuditRow, 'at' | 'sequence' | 'resourceId' | 'changes' | 'digests'> & { isChosen: number }

/** Seals what was written until now, since only rows that are sealed lose values. */
export const sealBeforeForgetting = ({ session }: Pick<Ctx, 'session'>): Promise<void> => sealAuditLog(session)

/** The condition for a sealed row of the log, `its`, to have values that can be deleted. */
const hasPersonalValues = sql`its.salt is not null and its.digests <> '{}'`

/** The fields that may be about a person, by the type of the resource. An id counts as a field that every row has. */
const PERSONAL = JSON.stringify(
  Object.fromEntries(Object.keys(RESOURCES).map((type) => [type, [...personalFieldsOf(type), ...(hasPersonalId(type) ? ['status'] : [])]])),
)

/** The condition for a row of the log, `its`, to have values that can be deleted when it is sealed, or now. */
export const willHavePersonalValues = sql`its.salt is not null and iif(its.digests is not null, its.digests <> '{}', exists (
  select 1 from json_each(${PERSONAL}, '$.' || its.resource_type) as personal cross join json_each(its.changes) as change
  where change.key = personal.value
))`

/** Drafts how the next rows of the log lose their values about a person: those for which `isChosen` holds, a condition on the row `its`. */
export const draftForgetting = async (
  ctx: Pick<Ctx, 'session' | 'organizationId'>,
  isChosen: SQL,
  after: AuditPlace,
): Promise<Forgetting> => {
  const { organizationId, session } = ctx
  const read = await session.db.all<ForgettableRow>(sql`
    select at, sequence, isChosen, iif(isChosen, resource_id, '') as resourceId, iif(isChosen, changes, '{}') as changes,
      iif(isChosen, digests, '{}') as digests
    from (
      select its.*, iif(its.digests is not null and ${hasPersonalValues} and (${isChosen}), 1, 0) as isChosen
      from (
        select at, sequence, resource_type, resource_id, changes, salt, digests from ${auditLog}
        where organization_id = ${organizationId} and (at, sequence) > (${after[0]}, ${after[1]}) order by at, sequence limit ${ROWS}
      ) as its
    )
    order by at, sequence
  `)
  let characters = 0
  const end = read.findIndex(({ changes }, index) => (characters += changes.length) > CHARACTERS && index > 0)
  const rows = end < 0 ? read : read.slice(0, end)
  const chosen = rows.filter((row) => row.isChosen === 1)
  const sent = JSON.stringify(chosen.map((row) => [row.at, row.sequence, forgetPersonal(row), forgetId(row)]))
  const last = rows.at(-1)
  return {
    statements: chosen.length
      ? [
          selectRows(sql`
            update audit_log set changes = sent.value ->> 2, resource_id = sent.value ->> 3, salt = null from json_each(${sent}) as sent
            where audit_log.organization_id = ${organizationId} and audit_log.at = sent.value ->> 0 and audit_log.sequence = sent.value ->> 1`),
        ]
      : [],
    count: chosen.length,
    next: last && (end >= 0 || read.length === ROWS) ? [last.at, last.sequence] : undefined,
  }
}
