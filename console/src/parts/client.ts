import createClient from 'openapi-fetch'
import type { components, paths } from '../../../docs/clients/togai.d.ts'
import { parseExactly } from './exact_json.ts'
import { Failure, LOST, UNREACHABLE } from './failure.ts'
import { session, signOut } from './session.ts'
import { createStore } from './store.ts'

export type Schemas = components['schemas']

const MOST_ATTEMPTS = 4
const LONGEST_WAIT = 30_000

/** Until when requests wait, in milliseconds, because the token reached its limit or the server is busy. */
export const waitsUntil = createStore<number | undefined>(undefined)

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** The newest state of the database that this tab has seen. Reads show at least that. */
let bookmark: string | undefined

/** The keys of writes that got no answer. The same write that is sent again has the same key, and so is made once. */
const openKeys = new Map<string, string>()

/** Operations that are sent with POST and write nothing. */
const READING = /\/(authenticate|metrics|revenue_calculator)$/

/** The kept tag of each answer that has one, for the write that changes what it showed. */
const tags = new WeakMap<object, string>()

/** The ETag with which an object was read. */
export const tagOf = (read: object): string | undefined => tags.get(read)

/** Sends a request, and again after Retry-After if the server says so. */
const sendPatiently = async (request: Request): Promise<Response> => {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(request.clone())
    const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN)
    const pause = Math.max(1000, seconds * 1000)
    if (Number.isNaN(seconds) || attempt === MOST_ATTEMPTS || pause > LONGEST_WAIT) return response
    /** Of several requests that wait, the page shows the longest. */
    const until = Date.now() + pause
    waitsUntil.set(Math.max(until, waitsUntil.get() ?? 0))
    await wait(pause)
    if (waitsUntil.get() === until) waitsUntil.set(undefined)
  }
}

const isWrite = ({ method, url }: Request): boolean => method !== 'GET' && !READING.test(new URL(url).pathname)

const send = async (asked: Request): Promise<Response> => {
  const request = new Request(asked)
  const { headers } = request
  const jwt = session.get()?.jwt
  if (jwt && !headers.has('Authorization')) headers.set('Authorization', `Bearer ${jwt}`)
  if (request.method === 'GET' && bookmark) headers.set('X-D1-Bookmark', bookmark)
  const writes = isWrite(request) && !new URL(request.url).searchParams.has('dry_run')
  const content = writes ? `${request.method} ${request.url} ${headers.get('If-Match') ?? ''} ${await request.clone().text()}` : ''
  const key = headers.get('Idempotency-Key') ?? openKeys.get(content) ?? crypto.randomUUID()
  if (writes) {
    headers.set('Idempotency-Key', key)
    openKeys.set(content, key)
  }
  let [response, text]: [Response | undefined, string] = [undefined, '']
  try {
    response = await sendPatiently(request)
    text = await response.text()
  } catch (error) {
    if (request.signal.aborted) throw error
    throw new Failure(LOST, UNREACHABLE)
  }
  /** A write whose answer was lost half way may have been made, so its key stays until all of an answer is there. */
  if (response.status < 500) openKeys.delete(content)
  bookmark = response.headers.get('X-D1-Bookmark') ?? bookmark
  const read = new Response([204, 304].includes(response.status) ? null : text, response)
  read.headers.set('Content-Length', String(text.length))
  return Object.assign(read, { json: () => Promise.resolve(parseExactly(text)) })
}

/** The client whose types are generated from our OpenAPI document. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send })

/** An answer of the API: its data, or what was refused. */
export interface Answer<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/** The data of an answer. Throws a Failure if it was refused or got none. */
export const read = async <Data>(asked: Promise<Answer<Data>>): Promise<Data> => {
  const { data, error, response } = await asked
  if (data !== undefined) {
    const tag = response.headers.get('ETag')
    if (tag && typeof data === 'object' && data !== null) tags.set(data, tag)
    return data
  }
  const said = (error as { message?: string } | undefined)?.message
  if (response.status === 401 && session.get()) signOut('Your session has ended. Paste your token again to go on where you were.')
  throw new Failure(
    response.status,
    said ?? `The server answered ${response.status} ${response.statusText}.`,
    response.headers.get('X-Request-Id') ?? undefined,
  )
}
