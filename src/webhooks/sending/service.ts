import { systemContext } from '../../access/due/service.ts'
import type { Ctx } from '../../db/context.ts'
import { makeEvents } from '../messages/fan_out.ts'
import { type ToldOrganization, tidyUp } from './tidy.ts'
import { type SendingCtx, type SendingRun, sendDue } from './turns.ts'

/** The longest time in milliseconds, and the most calls to the database, to ledgers and to receivers, of one run of `scheduled`. */
const EVERY_MINUTE = { ms: 20_000, calls: 150 }

/** The same of a run after the answer to a write, which Cloudflare gives 30 seconds. */
const AFTER_WRITE = { ms: 10_000, calls: 60 }

/** Calls that are left for what has been begun: to note it, for each lane. */
const LEFT_TO_NOTE = 12

/** Starts a run at an instant of `ctx.now`. `elapsed` returns the milliseconds since then. */
const startRun = (ctx: SendingCtx, elapsed: () => number, most: { ms: number; calls: number }): SendingRun => {
  let requests = 0
  const calls = () => ctx.session.calls() + ctx.ledgers.usage.calls + requests
  const [end, first] = [calls() + most.calls - LEFT_TO_NOTE, elapsed()]
  return {
    ctx,
    clock: () => Math.round(ctx.now + elapsed()),
    isOver: () => elapsed() - first > most.ms || calls() >= end,
    count: () => requests++,
  }
}

/** Makes the events of organizations in turns, until none waits, or half of the run is over. */
const makeAllEvents = async (run: SendingRun, told: readonly ToldOrganization[], errors: unknown[]): Promise<void> => {
  let waiting = told
  while (waiting.length && !run.isOver()) {
    const left: ToldOrganization[] = []
    for (const organization of waiting) {
      if (run.isOver()) return
      try {
        if (await makeEvents(systemContext({ ...run.ctx, now: run.clock() }, organization))) left.push(organization)
      } catch (error) {
        errors.push(error)
      }
    }
    waiting = left
  }
}

/**
 * Makes events of what has happened, and sends what is due, of all organizations. It goes by the real time. Nobody who fails keeps the others;
 * the first error is thrown at the end.
 */
export const sendAllWebhooks = async (ctx: SendingCtx, elapsed: () => number): Promise<void> => {
  const errors: unknown[] = []
  const told = await tidyUp(ctx, ctx.now)
  const half = { ms: EVERY_MINUTE.ms / 2, calls: EVERY_MINUTE.calls / 2 }
  const run = startRun(ctx, elapsed, EVERY_MINUTE)
  await makeAllEvents(startRun(ctx, elapsed, half), told, errors)
  await sendDue(run).catch((error: unknown) => errors.push(error))
  if (errors.length) throw errors[0]
}

/** The organizations for which this isolate sends after a write, until when at most (milliseconds), and whether another write came meanwhile. */
const sending = new Map<string, { until: number; isAskedAgain: boolean }>()

const startTimer = (): (() => number) => {
  const start = performance.now()
  return () => performance.now() - start
}

/** Makes events of what has happened in the caller's organization, and sends what is due, once for writes that come together. */
export const sendWebhooksAfterWrite = async (
  { session, ledgers, files, assets, wallClock: now, secrets, conflicts, organizationId, baseCurrency, clockAt, ...own }: Ctx,
  elapsed = startTimer(),
): Promise<void> => {
  const known = sending.get(organizationId)
  if (known && known.until > now) {
    known.isAskedAgain = true
    return
  }
  const allowsLocalWebhooks = own.allowsLocalWebhooks === true
  const ctx: SendingCtx = { session, ledgers, files, assets, now, secrets, conflicts, allowsLocalWebhooks }
  const run = startRun(ctx, elapsed, AFTER_WRITE)
  const state = { until: now + 3 * AFTER_WRITE.ms, isAskedAgain: true }
  sending.set(organizationId, state)
  try {
    while (state.isAskedAgain && !run.isOver()) {
      state.isAskedAgain = false
      await makeAllEvents(run, [{ id: organizationId, baseCurrency, clockAt }], [])
      await sendDue(run, organizationId)
    }
  } finally {
    sending.delete(organizationId)
  }
}
