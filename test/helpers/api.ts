import { createExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import * as z from 'zod/mini'
import { app } from '../../src/app.ts'
import type { Bindings, Ledgers } from '../../src/db/context.ts'
import { openLedgers } from '../../src/ledger/client.ts'
import { findRefusals } from './client_models.ts'
import { openApiDocument } from '../../src/http/openapi.ts'
import { brief, explainIssues } from '../../src/lib/errors.ts'
import { operations } from '../../src/operations.ts'
import { findTreeFaults } from './invoice_tree.ts'
import { described, said } from './reference.ts'
import { hashToken } from '../../src/access/tokens/secret.ts'

export interface Answer {
  status: number
  headers: Headers
  // The schema of its operation has been held against it.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any
}

const ErrorResponse = z.strictObject({ message: z.string().check(z.minLength(1), z.maxLength(500)) })

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

type Documented = Record<string, Record<string, { responses: Record<string, unknown> }>>

const documented = openApiDocument(described, said)['paths'] as Documented

const routes = operations.map((operation) => ({
  operation,
  method: operation.method.toUpperCase(),
  pattern: new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  statuses: Object.keys(documented[operation.path]?.[operation.method]?.responses ?? {}),
}))

/** Where an answer is not of its schema, in a line. */
const faultOf = (schema: z.ZodMiniType, body: unknown): string | undefined => {
  const { success, error } = z.safeParse(schema, body)
  return success ? undefined : brief(explainIssues(error.issues, 'body'))
}

/** What is answered to a request that is not refused. */
export const done = async (answer: Promise<Pick<Answer, 'status' | 'body'>>): Promise<Answer['body']> => {
  const { status, body } = await answer
  expect([status < 300, body.message]).toEqual([true, undefined])
  return body
}

/** The ledgers of the Worker, as its parts are given them. */
export const ledgers: Ledgers = openLedgers({ exports })

/**
 * Sends a request through the front door, and holds the answer against the schema of its operation: the document cannot lie. The invoices
 * in it add up.
 * Operations that need the variable TEST_CLOCK have it, unless the bindings say otherwise.
 */
export const send = async (request: Request, d1: D1Database = env.DB, secrets: Partial<Bindings> = {}): Promise<Answer> => {
  const { method, url } = request
  const { pathname } = new URL(url)
  const ofTestClock = routes.some(({ operation: { needsTestClock }, pattern }) => needsTestClock && pattern.test(pathname))
  const bindings = {
    DB: d1,
    FILES: env.FILES,
    ASSETS: env.ASSETS,
    SIGNING_SECRET: env.SIGNING_SECRET,
    ...(ofTestClock && { TEST_CLOCK: 'on' }),
    ...secrets,
  }
  const response = await app.fetch(request, bindings, createExecutionContext())
  const { status, headers } = response
  const text = await response.text()
  const location = { location: headers.get('Location') } as { message?: string }
  const body = status === 304 ? undefined : status === 302 ? location : (JSON.parse(text) as { message?: string })
  const { operation, statuses } = routes.find((route) => route.method === method && route.pattern.test(pathname)) ?? {}
  const answer = `${method} ${pathname} answered ${status} ${body?.message ?? ''}`
  if (body) expect(faultOf(operation?.answers[status] ?? ErrorResponse, body), `${answer}: not as its schema says`).toBeUndefined()
  if (operation && body) expect(findRefusals(operation.operationId, status, body), `${answer}: Togai's clients refuse it`).toEqual([])
  expect(findTreeFaults(text), answer).toEqual([])
  expect(headers.get('X-Request-Id'), answer).toMatch(UUID)
  if (statuses && status !== 500) expect(statuses.includes(String(status)), `${answer}: the document has no such status`).toBe(true)
  if (operation && status === operation.status) {
    if (!operation.mayLocate) expect(headers.has('Location'), `${answer}: Location`).toBe(operation.locates)
    expect(headers.get('ETag'), `${answer}: ETag`).toEqual(operation.tagged ? expect.stringMatching(/^"[\w.-]+"$/) : null)
  }
  return { status, headers, body }
}

const ORIGIN = 'http://localhost'

/** The API as one token sees it. */
export const client = (token: string | undefined, d1?: D1Database, secrets?: Partial<Bindings>) => {
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    send(
      new Request(ORIGIN + path, {
        method,
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) }),
      }),
      d1,
      secrets,
    )
  return {
    call,
    get: (path: string) => call('GET', path),
    post: (path: string, body?: unknown) => call('POST', path, body),
    patch: (path: string, body?: unknown) => call('PATCH', path, body),
    delete: (path: string) => call('DELETE', path),
  }
}

/** A new organization with one token, so that no test sees another's rows. */
export const organization = async ({
  baseCurrency = 'USD',
  name = 'test',
  tokenId = `token.${crypto.randomUUID()}`,
  createdAt = 0,
  lastUsedOn = null as string | null,
  expiresAt = null as number | null,
  revokedAt = null as number | null,
} = {}) => {
  const id = `org.${crypto.randomUUID()}`
  const token = `token-${crypto.randomUUID()}`
  await env.DB.batch([
    env.DB.prepare('INSERT INTO organizations (id, name, base_currency, created_at) VALUES (?1, ?1, ?2, ?3)').bind(
      id,
      baseCurrency,
      createdAt,
    ),
    env.DB.prepare(
      'INSERT INTO tokens (id, organization_id, name, hash, created_at, last_used_on, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ).bind(tokenId, id, name, await hashToken(token), createdAt, lastUsedOn, expiresAt, revokedAt),
  ])
  return { id, token, tokenId, ...client(token) }
}

export type Api = Awaited<ReturnType<typeof organization>>

type Queries = Pick<D1DatabaseSession, 'prepare' | 'batch'>

/** A failure as D1 throws it: its words stand in its cause, without the prefix. */
export const failed = (message: string): Error => new Error(`D1_ERROR: ${message}`, { cause: new Error(message) })

/** The statements that write. */
const writing = new WeakSet<D1PreparedStatement>()

/** Remembers whether a statement writes, also when it is bound. */
const note = (statement: D1PreparedStatement, query: string): D1PreparedStatement => {
  if (/^\s*(?:insert|update|delete)\b/i.test(query)) writing.add(statement)
  const bind = statement.bind.bind(statement)
  statement.bind = (...values) => note(bind(...values), query)
  return statement
}

/** Whether a batch is a commit, and not a read of several things at once. */
export const writesIn = (statements: readonly D1PreparedStatement[]): boolean => statements.some((statement) => writing.has(statement))

/** The same D1, with `change` made to each session that is opened of it. */
export const changed = (change: (session: D1DatabaseSession, place: string) => Partial<Queries>): D1Database =>
  new Proxy(env.DB, {
    get: (of, name) =>
      name === 'withSession'
        ? (place: string) => {
            const session = of.withSession(place)
            return {
              prepare: (query: string) => note(session.prepare(query), query),
              batch: session.batch.bind(session),
              getBookmark: session.getBookmark.bind(session),
              ...change(session, place),
            }
          }
        : Reflect.get(of, name).bind(of),
  })

/** The same D1, which answers no question that is asked alone. */
export const unreadable = (error: Error): D1Database => {
  const inner = new WeakMap<D1PreparedStatement, D1PreparedStatement>()
  const unasked = (statement: D1PreparedStatement): D1PreparedStatement => {
    const hidden = new Proxy(statement, {
      get: (of, name) =>
        name === 'bind'
          ? (...values: unknown[]) => unasked(of.bind(...values))
          : () => {
              throw error
            },
    })
    inner.set(hidden, statement)
    return hidden
  }
  return changed((session) => ({
    prepare: (query) => unasked(session.prepare(query)),
    batch: (statements) => session.batch(statements.map((one) => inner.get(one) ?? one)),
  }))
}

/** The same D1 with each round trip counted at the binding, and its batches passed through `batch` first. */
export const watched = (batch = (statements: D1PreparedStatement[]) => statements) => {
  const seen = { calls: 0, places: [] as string[] }
  const inner = new WeakMap<D1PreparedStatement, D1PreparedStatement>()
  const count = (statement: D1PreparedStatement): D1PreparedStatement => {
    const counted = new Proxy(statement, {
      get: (of, name) => {
        const call = Reflect.get(of, name) as (...args: unknown[]) => unknown
        return (...args: unknown[]) => {
          if (name === 'bind') return count(call.apply(of, args) as D1PreparedStatement)
          seen.calls++
          return call.apply(of, args)
        }
      },
    })
    inner.set(counted, statement)
    return counted
  }
  const d1 = changed((session, place) => {
    seen.places.push(place)
    return {
      prepare: (query) => count(session.prepare(query)),
      batch: (statements) => {
        seen.calls++
        return session.batch(batch(statements.map((one) => inner.get(one) ?? one)))
      },
    }
  })
  return { d1, seen }
}

/** The rows that D1 reads for a request. */
export const rowsRead = async ({ token }: Pick<Api, 'token'>, path: string, body?: unknown): Promise<number> => {
  let rows = 0
  const count = <Result extends D1Result>(result: Result): Result => {
    rows += result.meta.rows_read
    return result
  }
  const d1 = changed((session) => ({ batch: async (statements) => (await session.batch(statements)).map(count) as never }))
  const { status } = await client(token, d1).call(body ? 'POST' : 'GET', path, body)
  expect([200, 202]).toContain(status)
  return rows
}
