import type { Context } from 'hono'
import type { Ctx, Write } from '../context.ts'
import { commit } from '../db/commit.ts'
import { keptAnswer } from '../db/idempotency.ts'
import { ApiError } from '../lib/errors.ts'
import { sha256 } from '../lib/hash.ts'
import type { AppEnv } from './env.ts'

const LONGEST_KEY = 255

/** The same JSON for the same content: the names of every object in their order. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const sorted = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, inner]) => [name, canonical(inner)]))
}

/** SHA-256 of the method, the path and the body, in hexadecimal. */
const fingerprintOf = async (c: Context<AppEnv>, hasBody: boolean): Promise<string> => {
  const body = hasBody ? JSON.stringify(canonical(await c.req.json())) : ''
  return sha256(`${c.req.method} ${c.req.path}\n${body}`)
}

interface Made extends Pick<Write, 'status' | 'locationOf' | 'dryRun' | 'secret'> {
  hasBody: boolean
  handle: (ctx: Ctx) => Promise<object>
}

/** Under which key the request is made (draft-ietf-httpapi-idempotency-key-header). */
const keyOf = async (c: Context<AppEnv>, { dryRun, hasBody }: Made): Promise<Write['key']> => {
  const value = c.req.header('Idempotency-Key')
  if (value !== undefined && (value.length < 1 || value.length > LONGEST_KEY))
    throw new ApiError(400, `Idempotency-Key: must be 1 to ${LONGEST_KEY} characters`)
  return value === undefined || dryRun ? undefined : { value, fingerprint: await fingerprintOf(c, hasBody) }
}

/** What is said of an answer beside its body. */
export const headersOf = (tag: string | null | undefined, location: string | null | undefined): Record<string, string> => ({
  ...(tag && { ETag: `"${tag}"` }),
  ...(location && { Location: location }),
})

/** Answers a request that writes: with what is made now, or with what was made under its key. */
export const answerWrite = async (c: Context<AppEnv>, made: Made): Promise<Response> => {
  const { status, locationOf, dryRun, secret, handle } = made
  const write: Write = { dryRun, status, locationOf, secret, key: await keyOf(c, made), done: false }
  const ctx = { ...c.get('ctx'), write }
  try {
    const answer = await handle(ctx)
    if (write.key && !write.done) await commit(ctx, { statements: [], changes: [], answer })
    return c.json(answer, status, headersOf(ctx.reply.tag, locationOf?.(answer)))
  } catch (error) {
    const kept = error instanceof ApiError ? await keptAnswer(ctx) : undefined
    if (!kept) throw error
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Replayed': 'true' }
    return c.body(kept.body, kept.status, { ...headers, ...headersOf(kept.etag, kept.location) })
  }
}
