import { setTimeout as wait } from 'node:timers/promises'
import { PATIENCE, server } from './torture_server.ts'
import { must } from './torture_values.ts'

type Shown = Record<string, unknown>

export interface Request {
  method: string
  path: string
  body?: Shown | undefined
  headers?: Record<string, string>
  /** The statuses of refusals that may come, such as that another client or the clock was faster, or that there are too few credits. */
  refusals?: readonly number[]
}

/** Who sends. Requests that were answered last, or whose answer was lost, are known by what went before. */
interface Sender {
  token: string
  last?: readonly [Request, unknown]
  lost?: Request | undefined
}

export const sendCounts = { requests: 0, slowed: 0, replayed: 0 }

const json = (what: unknown): string => JSON.stringify(what) ?? 'nothing'

export interface Answer {
  status: number
  body: Shown
  tag: string | undefined
  replayed: boolean
  requestId: string
}

/** Sends a request and returns its answer. Undefined if the Worker is killed in the meantime. */
export type Send = (request: Request) => Promise<Pick<Answer, 'status' | 'body'> | undefined>

/** Sends a request of a client, and repeats it after a 429. Returns no answer if the server is killed in the meantime. */
export const send = async (client: Sender, request: Request): Promise<Answer | undefined> => {
  const { method, path, body, headers, refusals = [] } = request
  const authorized = { Authorization: `Bearer ${client.token}`, 'Content-Type': 'application/json', ...headers }
  const init = { method, headers: authorized, signal: AbortSignal.timeout(PATIENCE), ...(body && { body: json(body) }) }
  sendCounts.requests++
  const response = await fetch(server.url + path, init).catch(() => undefined)
  if (response?.status === 429) {
    sendCounts.slowed++
    await wait(1000 * Number(response.headers.get('Retry-After')))
    return send(client, request)
  }
  const answer = (await response?.json().catch(() => undefined)) as Shown | undefined
  const isAnswered = answer && response && (response.ok || refusals.includes(response.status))
  if (server.killed && !isAnswered) return undefined
  const [after] = client.last ?? []
  const when =
    client.lost === request ? ', sent again since its answer was lost,' : after === request ? ', sent again after its answer,' : ''
  must(isAnswered, `${method} ${path}${when} was answered ${response?.status ?? ''} ${json(answer)}`)
  const [tag, replayed, requestId] = ['ETag', 'Idempotency-Replayed', 'X-Request-Id'].map((name) => response.headers.get(name))
  if (replayed) sendCounts.replayed++
  return { status: response.status, body: answer, tag: tag?.slice(1, -1), replayed: replayed === 'true', requestId: requestId ?? '' }
}
