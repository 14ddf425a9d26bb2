import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { parseExactly } from './exact_json.ts'

export type Json = Record<string, unknown>

export interface Answer {
  status: number
  body: Json
  /** Whether this is the kept answer of a request that a run before sent. */
  isReplayed: boolean
}

export interface Api {
  read: (path: string) => Promise<Answer>
  write: (path: string, body: Json | undefined, key: string) => Promise<Answer>
}

/** A request that got no answer however often it was sent. Nothing further is sent then. */
export class Unreachable extends Error {}

/** What an answer says is wrong. */
export const messageOf = ({ body: { message } }: Answer): string => (typeof message === 'string' ? message : 'no reason is given')

/** A line that the API refuses. The import goes on with the next one. */
export class Refused extends Error {}

/** Ends the import where its token may not do this. */
export const holdToken = (answer: Answer): void => {
  if (answer.status === 401 || answer.status === 403) throw new Error(`${answer.status}: ${messageOf(answer)}`)
}

/** Throws the refusal of an answer. A token that may not do this ends the import. */
export const holdAnswer = (answer: Answer): void => {
  holdToken(answer)
  if (answer.status >= 300) throw new Refused(`${answer.status}: ${messageOf(answer)}`)
}

const ATTEMPTS = 12
const LONGEST_WAIT_SECONDS = 60
const LONGEST_ANSWER = 60_000

/** Says whether the same request may be answered differently later. */
const isPassing = (response: Response): boolean => response.status === 429 || response.status >= 500 || response.headers.has('Retry-After')

const bodyOf = async (response: Response): Promise<Json> => {
  const text = await response.text()
  try {
    return parseExactly(text) as Json
  } catch {
    return { message: text.slice(0, 200) }
  }
}

/**
 * Sends requests, and waits and sends them again as long as the connection fails, the server is overloaded or the token is over its limit. The
 * key of a write is that of its content, so that what was made by a run that was killed is not made again.
 */
export const connectApi = (url: string, token: string, isDry: boolean): Api => {
  const send = async (method: 'GET' | 'POST', path: string, body?: Json, key?: string): Promise<Answer> => {
    const headers: Record<string, string> = {
      Authorization: `Bearer ${token}`,
      ...(body && { 'Content-Type': 'application/json' }),
      ...(key && !isDry && { 'Idempotency-Key': key }),
    }
    const content = body && JSON.stringify(body)
    for (let attempt = 1; ; attempt++) {
      const seconds = Math.min(2 ** (attempt - 2), LONGEST_WAIT_SECONDS) * (0.5 + Math.random())
      let [problem, after] = ['', 0]
      try {
        const response = await fetch(url + path, {
          method,
          headers,
          ...(content && { body: content }),
          signal: AbortSignal.timeout(LONGEST_ANSWER),
        })
        const answer = {
          status: response.status,
          body: await bodyOf(response),
          isReplayed: attempt === 1 && response.headers.has('Idempotency-Replayed'),
        }
        if (!isPassing(response)) return answer
        after = Number(response.headers.get('Retry-After') ?? 0)
        problem = `it answers ${answer.status}: ${messageOf(answer)}`
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error)
      }
      if (attempt === ATTEMPTS) throw new Unreachable(`${method} ${url}${path}: ${problem}`)
      await wait(1000 * (after + seconds))
    }
  }
  return {
    read: (path) => send('GET', path),
    write: (path, body, key) => send('POST', isDry ? `${path}?dry_run=true` : path, body, key),
  }
}

/** A digest of texts, by which a line of a file is known again. */
export const digest = (...texts: readonly string[]): string => createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 32)

/** Reads a list page by page. `path` has a query. */
export async function* readList({ read }: Api, path: string): AsyncGenerator<Json> {
  for (let next: string | undefined = ''; next !== undefined;) {
    const answer: Answer = await read(next ? `${path}&nextToken=${encodeURIComponent(next)}` : path)
    holdAnswer(answer)
    const { body } = answer
    yield* body['data'] as Json[]
    next = (body['nextToken'] as string | undefined) ?? undefined
  }
}
