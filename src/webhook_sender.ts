import { DurableObject } from 'cloudflare:workers'
import type { Bindings } from './db/context.ts'
import { loadLater } from './lib/load.ts'
import { openSystem } from './system.ts'
import type { PartOfWork, Wake } from './webhooks/sending/service.ts'

const webhooks = loadLater(() => import('./webhooks/sending/service.ts'))

const startTimer = (): (() => number) => {
  const start = performance.now()
  return () => performance.now() - start
}

/**
 * Does a part of the work of webhooks while there is more of it than a run of `scheduled` can do. It works in its alarm: each alarm has the
 * connections and the calls of an invocation of its own, and an object has one alarm at a time. It keeps nothing but which part is its own.
 */
export class WebhookSender extends DurableObject<Bindings> {
  async wake(part: PartOfWork): Promise<void> {
    await this.ctx.storage.put('part', part)
    if (part.takesFailing) await this.ctx.storage.put('takesFailing', true)
    await this.ctx.storage.setAlarm(Date.now())
  }

  override async alarm(): Promise<void> {
    const { storage } = this.ctx
    const part = await storage.get<PartOfWork>('part')
    if (!part) return
    const takesFailing = await storage.delete('takesFailing')
    const system = openSystem(this.env, this.ctx, Date.now())
    const isUnfinished = await webhooks.doPart(system, { ...part, takesFailing }, startTimer(), openSenders(this.ctx))
    if (isUnfinished) await storage.setAlarm(Date.now())
  }
}

/** Wakes objects of the class that the Worker exports. Undefined if it exports none. */
export const openSenders = (context: { exports?: unknown }): Wake | undefined => {
  const { WebhookSender: senders } = (context.exports ?? {}) as { WebhookSender?: DurableObjectNamespace<WebhookSender> }
  return senders && ((part) => senders.getByName(`${part.kind} ${part.part}`).wake(part))
}
