import { doAllDue } from './access/due/service.ts'
import { runAccessTasks } from './access/scheduled.ts'
import { app } from './app.ts'
import { conflicts } from './conflicts.ts'
import { connect } from './db/client.ts'
import type { Bindings } from './db/context.ts'
import { openLedgers } from './ledger/open.ts'
import { loadLater } from './lib/load.ts'
import { steps } from './steps.ts'

const webhooks = loadLater(() => import('./webhooks/sending/service.ts'))

export { AccountLedger, EventLedger } from './ledger/objects.ts'

export default {
  fetch: app.fetch,
  /** Runs the scheduled work once a minute. If a part fails, the others still run, and the first error is thrown at the end. */
  scheduled: async ({ scheduledTime }, env, context) => {
    const session = connect(env.DB).primary()
    const start = performance.now()
    const { FILES: files, ASSETS: assets, SIGNING_SECRET, SIGNING_SECRET_PREVIOUS } = env
    const secrets = [SIGNING_SECRET, ...(SIGNING_SECRET_PREVIOUS ? [SIGNING_SECRET_PREVIOUS] : [])]
    const ctx = { session, ledgers: openLedgers(context), files, assets, now: scheduledTime, secrets, conflicts }
    const doDue = async (): Promise<void> => {
      const { errors } = await doAllDue(ctx, steps, () => performance.now() - start)
      if (errors[0]) throw errors[0]
    }
    const own = {
      ...ctx,
      session: connect(env.DB).primary(),
      ledgers: openLedgers(context),
      allowsLocalWebhooks: env.WEBHOOK_LOCAL === 'on',
    }
    const sendWebhooks = () => webhooks.sendAllWebhooks(own, () => performance.now() - start)
    const works = await Promise.allSettled([...runAccessTasks(session, scheduledTime), doDue(), sendWebhooks()])
    for (const work of works) if (work.status === 'rejected') throw work.reason
  },
} satisfies ExportedHandler<Bindings>
