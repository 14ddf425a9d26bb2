import type { Context } from 'hono'
import type { Ctx, Write } from '../db/context.ts'
import { commit } from '../db/commit.ts'
import { keptAnswer } from '../db/idempotency.ts'
import { ApiError } from '../lib/errors.ts'
import { macOf } from '../lib/sign.ts'
import type { AppEnv } from './env.ts'

const LONGEST_KEY = 255

/** The same JSON for the same content: the names of every object in their order. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const sorted = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, inner]) => [name, canonical(inner)]))
}

/** The method, the path and the body as each of the secrets marks them. A mark shows nothing of a body, which may hold a password. */
const fingerprintsOf = async (c: Context<AppEnv>, hasBody: boolean): Promise<string[]> => {
  const body = hasBody ? JSON.stringify(canonical(await c.req.json())) : ''
  const asked = `${c.req.method} ${c.req.path}\n${body}`
  return Promise.all(c.get('ctx').secrets.map((secret) => macOf(secret, 'idempotency key', asked)))
}

interface Made extends Pick<Write, 'status' | 'locationOf' | 'dryRun' | 'secret'> {
  hasBody: boolean
  handle: (ctx: Ctx) => Promise<object>
}

/** The key in a request's header (draft-ietf-httpapi-idempotency-key-header). */
export const keyIn = (c: Context<AppEnv>): string | undefined => {
  const value = c.req.header('Idempotency-Key')
  if (value !== undefined && (value.length < 1 || value.length > LONGEST_KEY))
    throw new ApiError(400, `Idempotency-Key: must be 1 to ${LONGEST_KEY} characters`)
  return value
}

/** Under which key a write is made. */
const keyOf = async (c: Context<AppEnv>, { dryRun, hasBody }: Made): Promise<Write['key']> => {
  const value = keyIn(c)
  return value === undefined || dryRun ? undefined : { value, fingerprints: await fingerprintsOf(c, hasBody) }
}

/** What is said of an answer beside its body. */
export const headersOf = (tag: string | null | undefined, location: string | null | undefined): Record<string, string> => ({
  ...(tag && { ETag: `"${tag}"` }),
  ...(location && { Location: location }),
})

/** An answer of JSON. Hono's own makes Headers of more than one header, and copies them. */
export const answerJson = (json: string, status: 200 | 201, headers: Record<string, string> = {}): Response =>
  new Response(json, { status, headers: { 'Content-Type': 'application/json', ...headers } })

/** Answers a request that writes: with what is made now, or with what was made under its key. */
export const answerWrite = async (c: Context<AppEnv>, made: Made): Promise<Response> => {
  const { status, locationOf, dryRun, secret, handle } = made
  const write: Write = { dryRun, status, locationOf, secret, key: await keyOf(c, made), done: false }
  const ctx = Object.assign(c.get('ctx'), { write })
  try {
    const answer = await handle(ctx)
    if (write.key && !write.done) await commit(ctx, { statements: [], changes: [], answer })
    return answerJson(write.json ?? JSON.stringify(answer), status, headersOf(ctx.reply.tag, locationOf?.(answer)))
  } catch (error) {
    const kept = error instanceof ApiError ? await keptAnswer(ctx) : undefined
    if (!kept) throw error
    return answerJson(kept.body, kept.status, { 'Idempotency-Replayed': 'true', ...headersOf(kept.etag, kept.location) })
  }
}
