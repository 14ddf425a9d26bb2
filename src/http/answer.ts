import type { Context } from 'hono'
import { type Reply, commit } from '../db/commit.ts'
import type { Ctx, WriteRequest } from '../db/context.ts'
import { readKeptAnswer } from '../db/idempotency.ts'
import { ApiError } from '../lib/errors.ts'
import { CHANGED, UNVERSIONED } from '../lib/etag.ts'
import { macOf } from '../lib/sign.ts'
import type { AppEnv } from './env.ts'

const LONGEST_KEY = 255

/** Sorts the names of all objects, so that equal content gives equal JSON. */
const sortNames = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortNames)
  if (typeof value !== 'object' || value === null) return value
  const sorted = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, inner]) => [name, sortNames(inner)]))
}

/** The query with its parameters sorted. dry_run is left out, since no stored answer has it. */
const queryOf = (c: Context<AppEnv>): string => {
  const { dry_run: _dryRun, ...query } = c.req.query()
  return Object.keys(query).length ? `?${JSON.stringify(sortNames(query))}` : ''
}

/** A MAC of the method, path, query and body with each secret. It reveals nothing about the body, which may contain a password. */
const fingerprintsOf = async (c: Context<AppEnv>, hasBody: boolean): Promise<string[]> => {
  const body = hasBody ? JSON.stringify(sortNames(await c.req.json())) : ''
  const marked = `${c.req.method} ${c.req.path}${queryOf(c)}\n${body}`
  return Promise.all(c.get('ctx').secrets.map((secret) => macOf(secret, 'idempotency key', marked)))
}

/** Reads the Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header). Throws INVALID. */
export const readKey = (c: Context<AppEnv>): string | undefined => {
  const value = c.req.header('Idempotency-Key')
  if (value !== undefined && (value.length < 1 || value.length > LONGEST_KEY))
    throw new ApiError('INVALID', `Idempotency-Key: must be 1 to ${LONGEST_KEY} characters`)
  if (value?.includes(','))
    throw new ApiError('INVALID', 'Idempotency-Key: must be sent once and hold no comma, with which two of them are joined')
  return value
}

/** The headers ETag and Location of an answer. */
const headersOf = (tag: string | null | undefined, location: string | null | undefined): Record<string, string> => ({
  ...(tag && { ETag: `"${tag}"` }),
  ...(location && { Location: location }),
})

/** Makes a JSON response. Hono's own function creates and copies Headers, which is slower. */
const answerJson = (json: string, status: number, headers: Record<string, string> = {}): Response =>
  new Response(json, { status, headers: { 'Content-Type': 'application/json', ...headers } })

/** The function that answers a request, and the defaults for its answer. */
interface ReadHandler extends Pick<WriteRequest, 'status' | 'locationOf'> {
  handle: (ctx: Ctx) => Promise<Reply<object>>
}

/** The status of an answer that has a Location and no body. */
export const REDIRECTED = 302

/** Answers a read, with 304 if the caller already has this version (RFC 9110, 13.1.2). */
export const answerRead = async (c: Context<AppEnv>, { handle, ...usual }: ReadHandler): Promise<Response> => {
  const ctx = c.get('ctx')
  const { answer, tag, status = usual.status } = await handle(ctx)
  if (status === REDIRECTED) return new Response(null, { status, headers: headersOf(undefined, usual.locationOf?.(answer)) })
  if (tag === undefined) return answerJson(JSON.stringify(answer), status)
  const { match, noneMatch } = ctx.conditions
  if (match && match !== '*' && !match.includes(tag)) throw CHANGED
  const headers = headersOf(tag, undefined)
  return noneMatch === '*' || noneMatch?.includes(tag) ? c.body(null, 304, headers) : answerJson(JSON.stringify(answer), status, headers)
}

interface WriteHandler extends ReadHandler, Pick<WriteRequest, 'dryRun' | 'secret'> {
  hasBody: boolean
}

/** The Idempotency-Key of a write, if it has one. */
const readWriteKey = async (
  c: Context<AppEnv>,
  { dryRun, hasBody }: Pick<WriteHandler, 'dryRun' | 'hasBody'>,
): Promise<WriteRequest['key']> => {
  const value = readKey(c)
  return value === undefined || dryRun ? undefined : { value, fingerprints: await fingerprintsOf(c, hasBody) }
}

/** Answers a write to ledgers, whose function handles the Idempotency-Key itself. Work that became due at once is done before the answer. */
export const answerLedgerWrite = async (c: Context<AppEnv>, recording: Omit<WriteHandler, 'secret'>): Promise<Response> => {
  const { dryRun, handle, status, locationOf } = recording
  const write: WriteRequest = { dryRun, status, locationOf, secret: false, key: await readWriteKey(c, recording) }
  const ctx: Ctx = Object.assign(c.get('ctx'), { write })
  if (ctx.conditions.match) throw UNVERSIONED
  const reply = await handle(ctx)
  const { due = [] } = reply.committed ?? {}
  if (due.length) await c.get('doDue')(ctx, due, (work) => c.executionCtx.waitUntil(work))
  const headers = { ...(reply.isReplayed && { 'Idempotency-Replayed': 'true' }), ...headersOf(undefined, reply.location) }
  return answerJson(JSON.stringify(reply.answer), reply.status ?? status, headers)
}

/**
 * Answers a write, with the stored answer if its Idempotency-Key was used before. Work that became due at once is done before the answer,
 * and webhooks are sent after it; `scheduled` sends those that fail.
 */
export const answerWrite = async (c: Context<AppEnv>, writing: WriteHandler): Promise<Response> => {
  const { locationOf, dryRun, secret, handle } = writing
  const write: WriteRequest = { dryRun, status: writing.status, locationOf, secret, key: await readWriteKey(c, writing) }
  const ctx: Ctx = Object.assign(c.get('ctx'), { write })
  try {
    const reply = await handle(ctx)
    const { answer, tag, status = writing.status } = reply
    if (write.key && !reply.committed) await commit(ctx, { statements: [], changes: [], answer, ...(tag !== undefined && { tag }) }, true)
    const { json = JSON.stringify(answer), due = [], isTold = false } = reply.committed ?? {}
    if (due.length) await c.get('doDue')(ctx, due, (work) => c.executionCtx.waitUntil(work))
    if (ctx.hasWebhooks && isTold && !dryRun)
      c.executionCtx.waitUntil(
        scheduler
          .wait(0)
          .then(() => c.get('sendWebhooks')(ctx))
          .catch(() => {}),
      )
    return answerJson(json, status, headersOf(tag, reply.location ?? locationOf?.(answer)))
  } catch (error) {
    const kept = error instanceof ApiError ? await readKeptAnswer(ctx) : undefined
    if (!kept) throw error
    return answerJson(kept.body, kept.status, { 'Idempotency-Replayed': 'true', ...headersOf(kept.etag, kept.location) })
  }
}
