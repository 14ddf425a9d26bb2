import { app } from './app.ts'
import { sealAuditLog } from './access/audit/seal.ts'
import type { Bindings } from './db/context.ts'
import { connect } from './db/client.ts'
import { forgetKeys } from './db/idempotency.ts'

export default {
  fetch: app.fetch,
  /** Once a minute: the audit log is sealed, and answers that were kept long enough go. */
  scheduled: async ({ scheduledTime }, env) => {
    const session = connect(env.DB).primary()
    const works = await Promise.allSettled([sealAuditLog(session), forgetKeys(session, scheduledTime)])
    for (const work of works) if (work.status === 'rejected') throw work.reason
  },
} satisfies ExportedHandler<Bindings>
