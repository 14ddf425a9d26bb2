import { randomInt } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

/** What came to an endpoint, all of it, and how it was answered. Times are in milliseconds. */
export interface Arrival {
  /** The path of the endpoint. */
  to: string
  id: string
  timestamp: string
  signature: string
  body: string
  at: number
  /** When it was answered with a 204. Undefined if it was not. */
  acceptedAt?: number
  /** For how many seconds it was told to leave the endpoint alone. */
  retryAfter?: number
}

/** What the receiver tells: where it listens, what came, what it accepted, and that it has told all that was before it was asked. */
export type Told =
  | { port: number }
  | { arrival: Arrival; number: number }
  | { accepted: number; at: number }
  | { busy: number; retryAfter: number }
  | { asked: number }

/** What the receiver is told: that the Worker has been killed, that all is to be answered well from now on, or to say that it has told all. */
export type Order = { order: 'KILLED' | 'HEAL' } | { order: 'ASK'; asked: number }

/** Behind the 10 seconds after which the Worker gives a receiver up, in milliseconds. */
const TOO_LATE = 12_000
/** How late an answer comes that is not too late, at most, in milliseconds. */
const LATE = 1500
/** The longest Retry-After, in seconds. It may be shorter or longer than the wait of the Worker. */
const LONGEST_RETRY = 8

const tell = (what: Told): unknown => process.send?.(what)

let number = 0
let isGood = false
/** Resolves when the Worker is killed the next time. */
let killed = Promise.withResolvers<undefined>()

type Way = (response: ServerResponse, accept: () => void, own: number) => unknown

const accepts: Way = (_, accept) => accept()

const refuseAsBusy: Way = (response, _, own) => {
  const retryAfter = randomInt(1, LONGEST_RETRY)
  tell({ busy: own, retryAfter })
  response.writeHead(429, { 'Retry-After': String(retryAfter) }).end()
}

/** How the endpoint that is often ill answers, each as often as it stands here in 20. */
const WAYS: readonly (readonly [often: number, way: Way])[] = [
  [9, accepts],
  [3, (_, accept) => wait(randomInt(LATE)).then(accept)],
  [3, (response) => response.writeHead(500).end()],
  [2, refuseAsBusy],
  [2, (response) => response.destroy()],
  [1, (_, accept) => Promise.race([killed.promise, wait(TOO_LATE)]).then(accept)],
]

const chooseWay = (): Way => {
  let left = randomInt(WAYS.reduce((sum, [often]) => sum + often, 0))
  return WAYS.find(([often]) => (left -= often) < 0)?.[1] ?? accepts
}

const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await textOf(request)
  const { url: to = '', headers } = request
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => String(headers[name]))
  const own = ++number
  tell({ arrival: { to, id: id ?? '', timestamp: timestamp ?? '', signature: signature ?? '', body, at: Date.now() }, number: own })
  const accept = (): void => {
    if (response.destroyed) return
    response.writeHead(204).end()
    tell({ accepted: own, at: Date.now() })
  }
  const way = isGood || to === '/good' ? accepts : chooseWay()
  await way(response, accept, own)
}

const server = createServer((request, response) => void receive(request, response).catch(() => request.socket.destroy()))
server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }))

process.on('message', (what: Order) => {
  if (what.order === 'ASK') tell({ asked: what.asked })
  else if (what.order === 'HEAL') isGood = true
  else {
    killed.resolve(undefined)
    killed = Promise.withResolvers()
  }
})
process.on('disconnect', () => process.exit())
