import { sql } from 'drizzle-orm'
import type { Session } from '../../db/client.ts'
import { auditLog, auditSeals } from '../../db/table.ts'
import { organizations } from '../organizations/table.ts'
import { type AuditRow, digestChanges, hashRow } from './chain.ts'

/** The most rows and the most characters of changes that are sealed in one batch. A row may have half a million characters. */
const ROWS = 500
const CHARACTERS = 4_000_000

/** The most batches of a run. The next run does the rest, since D1 allows 1,000 queries per Worker call. */
const BATCHES = 400

/**
 * The first rows that are not sealed yet, of every organization in turn, each with the hash at which its organization's seal ends.
 * The joins are crossed to be made in this order: from each seal on, and not over the whole log.
 */
const readUnsealed = ({ db }: Session): Promise<(AuditRow & { before: string })[]> =>
  db.all(sql`
    select * from (
      select *, row_number() over rows as place, sum(length(changes)) over rows as characters from (
        select log.organization_id as organizationId, log.sequence, log.at, log.token_id as tokenId, log.role, log.operation_id as operationId,
          log.resource_type as resourceType, log.resource_id as resourceId, log.request_id as requestId, log.changes, log.hash, log.salt, log.digests,
          coalesce(seal.hash, '') as before
        from ${organizations} as organization left join ${auditSeals} as seal on seal.organization_id = organization.id
        cross join ${auditLog} as log
        where log.organization_id = organization.id and log.at >= coalesce(seal.at, 0) and log.sequence > coalesce(seal.sequence, 0)
        order by organization.id, log.at, log.sequence limit ${ROWS}
      )
      window rows as (order by organizationId, at, sequence)
    )
    where place = 1 or characters <= ${CHARACTERS} order by place
  `)

/**
 * Seals what was written to the audit log since it was last sealed, in the order in which it was written. Two that seal at the
 * same moment write the same, since a row's hash depends on nothing but the rows up to it.
 */
export const sealAuditLog = async (session: Session): Promise<void> => {
  for (let batches = 0; batches < BATCHES; batches++) {
    const rows = await readUnsealed(session)
    const hashes: [organizationId: string, at: number, sequence: number, hash: string, digests: string][] = []
    for (const row of rows) {
      const last = hashes.at(-1)
      const digests = await digestChanges(row)
      const hash = await hashRow(last?.[0] === row.organizationId ? last[3] : row.before, row, digests)
      hashes.push([row.organizationId, row.at, row.sequence, hash, digests])
    }
    if (!hashes.length) return
    const sent = JSON.stringify(hashes)
    const { db } = session
    await session.batch([
      db
        .update(auditLog)
        .set({ hash: sql`sent.value ->> 3`, digests: sql`sent.value ->> 4` })
        .from(sql`json_each(${sent}) as sent`)
        .where(
          sql`${auditLog.organizationId} = sent.value ->> 0 and ${auditLog.at} = sent.value ->> 1 and ${auditLog.sequence} = sent.value ->> 2 and ${auditLog.hash} is null`,
        ),
      db
        .insert(auditSeals)
        .select(sql`select value ->> 0, max(value ->> 2), value ->> 1, value ->> 3 from json_each(${sent}) where true group by value ->> 0`)
        .onConflictDoUpdate({
          target: auditSeals.organizationId,
          set: { sequence: sql`excluded.sequence`, at: sql`excluded.at`, hash: sql`excluded.hash` },
          setWhere: sql`excluded.sequence > ${auditSeals.sequence}`,
        }),
    ])
  }
}
