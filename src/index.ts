import { doAllDue } from './access/due/service.ts'
import { runAccessTasks } from './access/scheduled.ts'
import { app } from './app.ts'
import type { Bindings } from './db/context.ts'
import { loadLater } from './lib/load.ts'
import { steps } from './steps.ts'
import { openSystem } from './system.ts'
import { openSenders } from './webhook_sender.ts'

const webhooks = loadLater(() => import('./webhooks/sending/service.ts'))

export { AccountLedger, EventLedger } from './ledger/objects.ts'
export { WebhookSender } from './webhook_sender.ts'

export default {
  fetch: app.fetch,
  /** Runs the scheduled work once a minute. If a part fails, the others still run, and the first error is thrown at the end. */
  scheduled: async ({ scheduledTime }, env, context) => {
    const start = performance.now()
    const elapsed = () => performance.now() - start
    const ctx = openSystem(env, context, scheduledTime)
    const doDue = async (): Promise<void> => {
      const { errors } = await doAllDue(ctx, steps, elapsed)
      if (errors[0]) throw errors[0]
    }
    const sendWebhooks = () => webhooks.sendAllWebhooks(openSystem(env, context, scheduledTime), elapsed, openSenders(context))
    const works = await Promise.allSettled([...runAccessTasks(ctx.session, scheduledTime), doDue(), sendWebhooks()])
    for (const work of works) if (work.status === 'rejected') throw work.reason
  },
} satisfies ExportedHandler<Bindings>
