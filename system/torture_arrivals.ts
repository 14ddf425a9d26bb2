import { type ChildProcess, fork } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { root } from '../scripts/wrangler.ts'
import type { Arrival, Order, Told } from './torture_receiver.ts'
import { must } from './torture_values.ts'

/** The least whole seconds between two tries of a delivery: the first wait of 5 seconds is up to a tenth shorter. */
const SHORTEST_WAIT = 4
/** How far the time in a webhook may be from when it came, in milliseconds. */
const MOST_OFF = 60_000

/** Starts the receiver as a process of its own, and keeps what comes. */
export const openReceiver = async () => {
  const child: ChildProcess = fork(join(root, 'system/torture_receiver.ts'))
  const arrivals = new Map<number, Arrival>()
  const kills: number[] = []
  const asked = new Map<number, () => void>()
  const port = await new Promise<number>((resolve, reject) => {
    child.on('exit', () => reject(new Error('the receiver ended')))
    child.on('message', (told: Told) => {
      if ('port' in told) resolve(told.port)
      else if ('arrival' in told) arrivals.set(told.number, told.arrival)
      else if ('asked' in told) asked.get(told.asked)?.()
      else if ('busy' in told) Object.assign(arrivals.get(told.busy) ?? {}, { retryAfter: told.retryAfter })
      else Object.assign(arrivals.get(told.accepted) ?? {}, { acceptedAt: told.at })
    })
  })
  const say = (order: Order): unknown => child.send(order)
  let questions = 0
  /** Resolves when all is known that has come until now. */
  const catchUp = (): Promise<void> =>
    new Promise((resolve) => {
      asked.set(++questions, resolve)
      say({ order: 'ASK', asked: questions })
    })
  return {
    url: `http://127.0.0.1:${port}`,
    kills,
    list: (): readonly Arrival[] => [...arrivals.values()],
    noteKill: (at: number): Promise<void> => {
      kills.push(at)
      say({ order: 'KILLED' })
      return catchUp()
    },
    heal: (): unknown => say({ order: 'HEAL' }),
    catchUp,
    stop: (): unknown => child.kill(),
  }
}
export type Receiver = Awaited<ReturnType<typeof openReceiver>>

/** An endpoint as it was made: its path at the receiver, its id, and its secret. */
export interface MadeEndpoint {
  to: string
  id: string
  secret: string
}

const holdSignature = ({ id, timestamp, signature, body }: Arrival, { secret, to }: MadeEndpoint): void => {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const right = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  must(signature === right, `${id} came to ${to} with a signature that is not of the secret of that`)
}

/**
 * Holds two tries of the same event against each other: what was accepted is not sent again unless the Worker was killed before it could note
 * that, and what was not waits. Once the cron goes by another time than the objects that send beside it, claims of the one mean nothing to the
 * other.
 */
const holdTries = (tries: readonly Arrival[], kills: readonly number[], shiftedAt: number): void => {
  for (const [at, one] of tries.entries()) {
    const next = tries[at + 1]
    if (!next || next.at >= shiftedAt) return
    const what = `${one.id} came to ${one.to}`
    const isKilled = kills.some((kill) => kill >= one.at && kill <= next.at)
    must(one.acceptedAt === undefined || isKilled, `${what} again after ${next.at - one.at} ms, though it had been accepted`)
    const waited = Number(next.timestamp) - Number(one.timestamp)
    const least = Math.max(SHORTEST_WAIT, one.retryAfter ?? 0)
    must(waited >= least, `${what} again ${waited} s later by its time, though ${least} s were to be waited`)
  }
}

/**
 * Holds what came to an endpoint by itself: signatures, times, bytes, and tries. Gives the tries of each event. `shiftedAt` is when the time of
 * the Worker was moved on.
 */
export const holdArrivals = (
  { list, kills }: Pick<Receiver, 'list' | 'kills'>,
  endpoint: MadeEndpoint,
  shiftedAt: number,
): Map<string, Arrival[]> => {
  const own = list().filter(({ to }) => to === endpoint.to)
  for (const arrival of own) {
    holdSignature(arrival, endpoint)
    const off = Math.abs(1000 * Number(arrival.timestamp) - arrival.at)
    must(arrival.at >= shiftedAt || off < MOST_OFF, `${arrival.id} came ${off} ms away from the time that it says`)
  }
  const byEvent = Map.groupBy(own, ({ id }) => id)
  for (const [id, tries] of byEvent) {
    must(
      tries.every(({ body }) => body === tries[0]?.body),
      `${id} came to ${endpoint.to} with other bytes`,
    )
    holdTries(tries, kills, shiftedAt)
  }
  return byEvent
}
