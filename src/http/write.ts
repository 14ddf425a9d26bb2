import type { Context } from 'hono'
import type { Ctx, Write } from '../context.ts'
import { commit, keptAnswer } from '../db/commit.ts'
import { ApiError } from '../lib/errors.ts'
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
  const asked = new TextEncoder().encode(`${c.req.method} ${c.req.path}\n${body}`)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', asked)).toHex()
}

/** How the request is to be made: under which key (draft-ietf-httpapi-idempotency-key-header), and whether for show only. */
const writeOf = async (
  c: Context<AppEnv>,
  status: Write['status'],
  locationOf: Write['locationOf'],
  dryRun: boolean,
  hasBody: boolean,
): Promise<Write> => {
  const value = c.req.header('Idempotency-Key')
  if (value !== undefined && (value.length < 1 || value.length > LONGEST_KEY))
    throw new ApiError(400, `Idempotency-Key: must be 1 to ${LONGEST_KEY} characters`)
  const key = value === undefined || dryRun ? undefined : { value, fingerprint: await fingerprintOf(c, hasBody) }
  return { dryRun, key, status, locationOf, done: false }
}

interface Made {
  status: Write['status']
  locationOf: Write['locationOf']
  dryRun: boolean
  hasBody: boolean
  handle: (ctx: Ctx) => Promise<object>
}

/** Answers a request that writes: with what is made now, or with what was made under its key. */
export const answerWrite = async (c: Context<AppEnv>, { status, locationOf, dryRun, hasBody, handle }: Made): Promise<Response> => {
  const write = await writeOf(c, status, locationOf, dryRun, hasBody)
  const ctx = { ...c.get('ctx'), write }
  try {
    const answer = await handle(ctx)
    if (write.key && !write.done) await commit(ctx, [], answer)
    const location = locationOf?.(answer)
    return c.json(answer, status, location === undefined ? {} : { Location: location })
  } catch (error) {
    const kept = error instanceof ApiError ? await keptAnswer(ctx) : undefined
    if (!kept) throw error
    return c.body(kept.body, kept.status, {
      'Content-Type': 'application/json',
      'Idempotency-Replayed': 'true',
      ...(kept.location !== null && { Location: kept.location }),
    })
  }
}
