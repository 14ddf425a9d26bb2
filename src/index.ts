import { doAllDue } from './access/due/service.ts'
import { runAccessTasks } from './access/scheduled.ts'
import { app } from './app.ts'
import type { Bindings } from './db/context.ts'
import { nameError } from './http/error-response.ts'
import { brief } from './lib/errors.ts'
import { loadLater } from './lib/load.ts'
import { steps } from './steps.ts'
import { openSystem } from './system.ts'
import { openSenders } from './webhook_sender.ts'

const webhooks = loadLater(() => import('./webhooks/sending/service.ts'))

export { AccountLedger, EventLedger } from './ledger/objects.ts'
export { WebhookSender } from './webhook_sender.ts'

export default {
  fetch: app.fetch,
  /**
   * Runs the scheduled work once a minute. If a part fails, the others still run, and the errors are thrown at the end: by their names, since
   * Cloudflare logs what is thrown, and their messages could contain personal data.
   */
  scheduled: async ({ scheduledTime }, env, context) => {
    const start = performance.now()
    const elapsed = () => performance.now() - start
    const ctx = openSystem(env, context, scheduledTime)
    const errors: unknown[] = []
    const doDue = async (): Promise<void> => {
      errors.push(...(await doAllDue(ctx, steps, elapsed)).errors)
    }
    const sendWebhooks = () => webhooks.sendAllWebhooks(openSystem(env, context, scheduledTime), elapsed, openSenders(context))
    const works = await Promise.allSettled([...runAccessTasks(ctx.session, scheduledTime), doDue(), sendWebhooks()])
    for (const work of works) if (work.status === 'rejected') errors.push(work.reason)
    const names = new Set(errors.map((error) => (error instanceof Error ? nameError(error) : 'what is no error')))
    if (names.size) throw new Error(brief([...names].join('; ')))
  },
} satisfies ExportedHandler<Bindings>
