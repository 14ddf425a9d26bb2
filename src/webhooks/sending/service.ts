import { systemContext } from '../../access/due/service.ts'
import type { Ctx } from '../../db/context.ts'
import { makeEvents } from '../messages/fan_out.ts'
import { partOf } from './parts.ts'
import { type ToldOrganization, tidyUp, waitingOrganizations } from './tidy.ts'
import { type SendingCtx, type SendingRun, sendDue, sendUntilDone } from './turns.ts'
import { SENDERS, countWaiting } from './waiting.ts'

/** The longest time of a run in milliseconds, its most calls to the database, to ledgers and to receivers, and how much a turn of it sends. */
interface Limits extends Pick<SendingRun, 'mostInTurn' | 'mostTurns'> {
  ms: number
  calls: number
}

/** Of a run of `scheduled`, which has other work to do with the calls that Cloudflare allows. */
const EVERY_MINUTE: Limits = { ms: 20_000, calls: 150, mostInTurn: 8, mostTurns: 1 }

/** Of a run after the answer to a write, which Cloudflare gives 30 seconds. */
const AFTER_WRITE: Limits = { ms: 10_000, calls: 60, mostInTurn: 8, mostTurns: 1 }

/** Of an alarm of an object that makes events, so short that those who send them need not wait, or that sends. */
const IN_PARTS: Readonly<Record<PartOfWork['kind'], Limits>> = {
  make: { ms: 5_000, calls: 700, mostInTurn: 0, mostTurns: 0 },
  send: { ms: 20_000, calls: 800, mostInTurn: 16, mostTurns: 4 },
}

/** Calls that are left for what has been begun: to note it, for each lane. */
const LEFT_TO_NOTE = 12

/** How many objects make events, and of how many organizations each does that at once. */
const [MAKERS, MADE_AT_ONCE] = [4, 3]

/** How much a run of `scheduled` sends by itself. If more waits, objects send it. */
const MOST_BY_ITSELF = 80

/** Starts a run at an instant of `ctx.now`. `elapsed` returns the milliseconds since then. */
const startRun = (ctx: SendingCtx, elapsed: () => number, most: Limits): SendingRun => {
  let requests = 0
  const calls = () => ctx.session.calls() + ctx.ledgers.usage.calls + requests
  const [end, first] = [calls() + most.calls - LEFT_TO_NOTE, elapsed()]
  return {
    ctx,
    clock: () => Math.round(ctx.now + elapsed()),
    isOver: () => elapsed() - first > most.ms || calls() >= end,
    count: () => requests++,
    mostInTurn: most.mostInTurn,
    mostTurns: most.mostTurns,
  }
}

/** Makes the events of organizations in turns, some at once, until none waits or the run is over. Returns those of which more waits. */
const makeAllEvents = async (
  run: SendingRun,
  told: readonly ToldOrganization[],
  errors: unknown[],
  atOnce = 1,
): Promise<ToldOrganization[]> => {
  const waiting = [...told]
  const work = async (): Promise<void> => {
    while (!run.isOver()) {
      const organization = waiting.shift()
      if (!organization) return
      try {
        if (await makeEvents(systemContext({ ...run.ctx, now: run.clock() }, organization))) waiting.push(organization)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return waiting
}

/** A part of the work: to make the events of some organizations, or to send to some endpoints. */
export interface PartOfWork {
  kind: 'make' | 'send'
  part: number
  /** Whether it is the turn of endpoints that fail, which are sent one event a minute. */
  takesFailing: boolean
}

/** Lets an object do a part of the work, in invocations of its own. */
export type Wake = (part: PartOfWork) => Promise<void>

/** Lets objects do parts of the work, at the same time. */
const wakeAll = async (wake: Wake, parts: readonly PartOfWork[], errors: unknown[]): Promise<void> => {
  const works = await Promise.allSettled(parts.map((part) => wake(part)))
  for (const work of works) if (work.status === 'rejected') errors.push(work.reason)
}

/** How much is due for the endpoints of a part. */
interface WaitingPart {
  part: number
  count: number
}

const readParts = (ctx: SendingCtx, now: number): Promise<WaitingPart[]> => ctx.session.rows<WaitingPart>(countWaiting({ now }))

/** Lets objects send what is due. */
const wakeSenders = (wake: Wake, parts: readonly WaitingPart[], takesFailing: boolean, errors: unknown[]): Promise<void> =>
  wakeAll(
    wake,
    parts.map(({ part }) => ({ kind: 'send', part, takesFailing })),
    errors,
  )

/** Sends what is due, if it is little; else objects do. */
const sendOrWake = async (run: SendingRun, wake: Wake | undefined, errors: unknown[]): Promise<void> => {
  const parts = wake ? await readParts(run.ctx, run.clock()) : []
  if (wake && parts.reduce((sum, { count }) => sum + count, 0) > MOST_BY_ITSELF) await wakeSenders(wake, parts, true, errors)
  else await sendDue(run)
}

/**
 * Makes events of what has happened, and sends what is due, of all organizations. It goes by the real time. What is more than a run can do,
 * objects do in its place. Nobody who fails keeps the others; the first error is thrown at the end.
 */
export const sendAllWebhooks = async (ctx: SendingCtx, elapsed: () => number, wake?: Wake): Promise<void> => {
  const errors: unknown[] = []
  const told = await tidyUp(ctx, ctx.now)
  const half = { ...EVERY_MINUTE, ms: EVERY_MINUTE.ms / 2, calls: EVERY_MINUTE.calls / 2 }
  const run = startRun(ctx, elapsed, EVERY_MINUTE)
  const left = await makeAllEvents(startRun(ctx, elapsed, half), told, errors)
  if (wake) {
    const makers = new Set(left.map(({ id }) => partOf(id, MAKERS)))
    await wakeAll(
      wake,
      [...makers].map((part) => ({ kind: 'make', part, takesFailing: false })),
      errors,
    )
  }
  await sendOrWake(run, wake, errors).catch((error: unknown) => errors.push(error))
  if (errors.length) throw errors[0]
}

/** Makes the events of the organizations of a part, and lets objects send them. Returns whether more waits. */
const makePart = async (run: SendingRun, part: number, wake: Wake | undefined, errors: unknown[]): Promise<boolean> => {
  const told = await run.ctx.session.rows<ToldOrganization>(waitingOrganizations({ part, of: MAKERS }))
  const left = await makeAllEvents(run, told, errors, MADE_AT_ONCE)
  if (wake && told.length) await wakeSenders(wake, await readParts(run.ctx, run.clock()), false, errors)
  return left.length > 0
}

/**
 * Does a part of the work as far as one invocation can. Returns whether it is to be gone on with at once, in another one. The first error is
 * thrown at the end, and what failed is done again.
 */
export const doPart = async (
  ctx: SendingCtx,
  { kind, part, takesFailing }: PartOfWork,
  elapsed: () => number,
  wake: Wake | undefined,
): Promise<boolean> => {
  const run = startRun(ctx, elapsed, IN_PARTS[kind])
  const errors: unknown[] = []
  if (kind === 'make') {
    const isUnfinished = await makePart(run, part, wake, errors)
    if (errors.length) throw errors[0]
    return isUnfinished
  }
  const sent = await sendUntilDone(run, { part: { part, of: SENDERS } }, takesFailing)
  if (sent.errors.length) throw sent.errors[0]
  return sent.delivered > 0 && run.isOver()
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
      await sendDue(run, { organizationId })
    }
  } finally {
    sending.delete(organizationId)
  }
}
