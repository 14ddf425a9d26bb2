import { and, lt, sql } from 'drizzle-orm'
import type { Session } from '../db/client.ts'
import { forgetKeys } from '../db/idempotency.ts'
import { qualified } from '../db/statements.ts'
import { outbox, outboxCursors } from '../db/table.ts'
import { sealAuditLog } from './audit/seal.ts'

/** How long a change stays in the outbox, in milliseconds. */
const KEPT_FOR = 7 * 86_400_000

/** Deletes old changes. One of which webhooks have not been made yet stays. */
const forgetOutbox = ({ db }: Session, now: number) =>
  db.delete(outbox).where(
    and(
      lt(outbox.at, now - KEPT_FOR),
      sql`not exists (
          select 1 from ${outboxCursors} as its
          where its.organization_id = ${qualified(outbox.organizationId)} and its.sequence < ${qualified(outbox.sequence)} and ${qualified(outbox.status)} is not null
        )`,
    ),
  )

/** Seals the audit log, and deletes expired answers and outbox entries. */
export const runAccessTasks = (session: Session, now: number): Promise<unknown>[] => [
  sealAuditLog(session),
  forgetKeys(session, now),
  forgetOutbox(session, now).run(),
]
