import { systemContext } from '../../access/due/service.ts'
import type { Ctx } from '../../db/context.ts'
import { readSigningSecrets } from '../endpoints/secrets.ts'
import { type ClaimedDelivery, claimDeliveries } from './claim.ts'
import { type MadeTry, noteTurn } from './note.ts'
import { sendWebhook } from './send.ts'
import { type Recipients, type WaitingEndpoint, selectWaiting } from './waiting.ts'

/** What scheduled work needs, and a request has. */
export type SendingCtx = Parameters<typeof systemContext>[0] & Pick<Ctx, 'allowsLocalWebhooks'>

/** A run. It is over when its time or its calls are used up. */
export interface SendingRun {
  ctx: SendingCtx
  /** The time now, in milliseconds. */
  clock: () => number
  isOver: () => boolean
  /** Counts a request to a receiver. */
  count: () => void
  /** How much is sent in one turn of an endpoint. One that fails is tried with one first. */
  mostInTurn: number
  /** How many turns an endpoint may have at once, while nobody else waits. */
  mostTurns: number
}

/** Requests to receivers at once: a Worker has six connections. */
const LANES = 4

/** For how long one turn sends, in milliseconds, so that it notes what it has claimed before another run may claim it. */
const LONGEST_TURN = 40_000

/** Puts endpoints into an order in which no organization has a second one before each has its first. */
const inTurns = (endpoints: readonly WaitingEndpoint[]): WaitingEndpoint[] => {
  const queues = [...Map.groupBy(endpoints, ({ id }) => id).values()]
  const longest = Math.max(0, ...queues.map(({ length }) => length))
  return Array.from({ length: longest }, (_, place) => queues.flatMap((queue) => queue[place] ?? [])).flat()
}

/** Sends what was claimed, one after another, until the endpoint does not answer, or the run or the turn is over. */
const sendClaimed = async (run: SendingRun, claimed: Awaited<ReturnType<typeof claimDeliveries>>): Promise<MadeTry[]> => {
  const { endpoint, deliveries } = claimed
  if (!endpoint) return []
  const start = run.clock()
  const secrets = await readSigningSecrets(run.ctx, endpoint, start)
  let isLeft = false
  const send = async (delivery: ClaimedDelivery, place: number): Promise<MadeTry> => {
    const at = run.clock()
    if (isLeft || at - start > LONGEST_TURN || (place && run.isOver())) return { delivery, at, result: undefined }
    run.count()
    const { eventId, body } = delivery
    const result = await sendWebhook({ url: endpoint.url, secrets, eventId, body }, at, run.ctx.allowsLocalWebhooks === true)
    isLeft ||= result.isLeft
    return { delivery, at, result }
  }
  const tries: MadeTry[] = []
  for (const [place, delivery] of deliveries.entries()) tries.push(await send(delivery, place))
  return tries
}

/** What came of a turn: how many were delivered, whether the endpoint is to have another one in this run, and whether more was due than one turn sends. */
interface Turn {
  delivered: number
  isGood: boolean
  isFull: boolean
}

const takeTurn = async (run: SendingRun, waiting: WaitingEndpoint): Promise<Turn> => {
  const { endpointId, isFailing, ...organization } = waiting
  const ctx = systemContext(run.ctx, organization)
  const most = isFailing ? 1 : run.mostInTurn
  const claimed = await claimDeliveries(ctx, { id: endpointId, organizationId: organization.id }, run.clock(), most)
  if (!claimed.endpoint || !claimed.deliveries.length) return { delivered: 0, isGood: false, isFull: false }
  const tries = await sendClaimed(run, claimed)
  await noteTurn(ctx, claimed.endpoint, tries)
  const delivered = tries.filter(({ result }) => result?.outcome === 'DELIVERED').length
  const isLeft = tries.some(({ result }) => !result || result.isLeft)
  return { delivered, isGood: delivered > 0 && !isLeft, isFull: tries.length === most }
}

/** Which endpoints have turns in a run, and how many at once. */
const startTurns = (run: SendingRun, waiting: readonly WaitingEndpoint[]) => {
  const healthy = waiting.filter(({ isFailing }) => !isFailing)
  const failing = waiting.filter(({ isFailing }) => isFailing)
  const turns = new Map(waiting.map(({ endpointId }) => [endpointId, 1]))
  const turnsOf = ({ endpointId }: WaitingEndpoint): number => turns.get(endpointId) ?? 0
  return {
    next: (): WaitingEndpoint | undefined => healthy.shift() ?? failing.shift(),
    end: (endpoint: WaitingEndpoint): void => {
      if (turnsOf(endpoint) > 1) turns.set(endpoint.endpointId, turnsOf(endpoint) - 1)
      else turns.delete(endpoint.endpointId)
    },
    goOn: (endpoint: WaitingEndpoint): unknown => healthy.push({ ...endpoint, isFailing: 0 }),
    /** Gives an endpoint of which much waits one turn more, if it has not its share of the lanes yet. */
    spread: (endpoint: WaitingEndpoint): boolean => {
      if (turnsOf(endpoint) >= Math.min(run.mostTurns, Math.floor(LANES / turns.size))) return false
      turns.set(endpoint.endpointId, turnsOf(endpoint) + 1)
      healthy.push({ ...endpoint, isFailing: 0 })
      return true
    },
  }
}

/** What came of a run: how many were delivered, which endpoints are left for the rest of it, and what went wrong. */
export interface Sent {
  delivered: number
  left: Set<string>
  errors: unknown[]
}

/** Gives endpoints turns, with at most four at once. One that does not answer, or to which nothing could be delivered in a turn, has none again. */
const sendInTurns = async (run: SendingRun, waiting: readonly WaitingEndpoint[], sent: Sent): Promise<void> => {
  const turns = startTurns(run, waiting)
  const lanes: Promise<void>[] = []
  let open = 0
  const sendNext = async (next: WaitingEndpoint): Promise<void> => {
    try {
      const { delivered, isGood, isFull } = await takeTurn(run, next)
      sent.delivered += delivered
      if (isGood) {
        turns.goOn(next)
        if (isFull) for (let free = LANES - open; free > 0 && turns.spread(next); free--) openLane()
        return
      }
    } catch (error) {
      sent.errors.push(error)
    }
    sent.left.add(next.endpointId)
    turns.end(next)
  }
  const work = async (): Promise<void> => {
    while (!run.isOver()) {
      const next = turns.next()
      if (!next) break
      await sendNext(next)
    }
    open--
  }
  const openLane = (): void => {
    open++
    lanes.push(work())
  }
  for (let lane = 0; lane < LANES; lane++) openLane()
  for (const lane of lanes) await lane
}

/** Reads for which endpoints something is due, without those that are left. */
const readWaiting = async (run: SendingRun, recipients: Recipients, left: ReadonlySet<string>): Promise<WaitingEndpoint[]> => {
  const rows = await run.ctx.session.rows<WaitingEndpoint>(selectWaiting(run.clock(), recipients))
  return inTurns(rows.filter(({ endpointId }) => !left.has(endpointId)))
}

/** Sends what is due. The first error is thrown at the end. */
export const sendDue = async (run: SendingRun, recipients: Recipients = {}): Promise<void> => {
  const sent: Sent = { delivered: 0, left: new Set(), errors: [] }
  await sendInTurns(run, await readWaiting(run, recipients, sent.left), sent)
  if (sent.errors.length) throw sent.errors[0]
}

/** Sends what is due, and what becomes due meanwhile, until nothing is left or the run is over. To those that fail only if it is their turn. */
export const sendUntilDone = async (run: SendingRun, recipients: Recipients, takesFailing: boolean): Promise<Sent> => {
  const sent: Sent = { delivered: 0, left: new Set(), errors: [] }
  for (let isFirst = true; !run.isOver(); isFirst = false) {
    const found = await readWaiting(run, recipients, sent.left)
    const waiting = takesFailing && isFirst ? found : found.filter(({ isFailing }) => !isFailing)
    if (!waiting.length) break
    await sendInTurns(run, waiting, sent)
  }
  return sent
}
