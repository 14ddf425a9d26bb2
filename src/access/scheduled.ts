import { lt } from 'drizzle-orm'
import type { Session } from '../db/client.ts'
import { forgetKeys } from '../db/idempotency.ts'
import { outbox } from '../db/table.ts'
import { sealAuditLog } from './audit/seal.ts'

/** How long a change stays in the outbox, in milliseconds. */
const KEPT_FOR = 7 * 86_400_000

const forgetOutbox = ({ db }: Session, now: number) => db.delete(outbox).where(lt(outbox.at, now - KEPT_FOR))

/** Seals the audit log, and deletes expired answers and outbox entries. */
export const runAccessTasks = (session: Session, now: number): Promise<unknown>[] => [
  sealAuditLog(session),
  forgetKeys(session, now),
  forgetOutbox(session, now).run(),
]
