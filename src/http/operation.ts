import { zValidator } from '@hono/zod-validator'
import type { Context, MiddlewareHandler } from 'hono'
import * as z from 'zod/mini'
import type { Ctx, Write } from '../db/context.ts'
import { ApiError, expected, explainIssues } from '../lib/errors.ts'
import { CHANGED } from '../lib/etag.ts'
import { described } from '../lib/fields.ts'
import type { AppEnv } from './env.ts'
import { answerJson, answerWrite, headersOf, keyIn } from './write.ts'

interface Documented {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** With its parameters as in OpenAPI: `/customers/{customer_id}`. */
  path: string
  operationId: string
  tag: string
  status: 200 | 201
  /** False for what keeps nothing, whatever its method. */
  writes?: boolean
  /** Whether a portal token may call it; the verb then keeps it to its customer. */
  portal?: boolean
  /** Whether only an administrator may call it. */
  administrator?: boolean
  /** Whether its answer shows one resource, with its ETag. */
  tagged?: boolean
  /** What it can be made to depend on: the version of what it changes (If-Match), or that what it makes is not there yet (If-None-Match: *). */
  condition?: 'version' | 'absence'
  /** Whether its answer holds a secret. */
  secret?: boolean
}

interface Definition<
  Param extends z.ZodMiniType,
  Query extends z.ZodMiniType,
  Json extends z.ZodMiniType,
  Returns extends z.ZodMiniType,
> extends Documented {
  param?: Param
  query?: Query
  json?: Json
  returns: Returns
  /** Where what was made is read from now on, for the Location header. */
  location?: (answer: z.output<Returns>) => string
  handle: (ctx: Ctx, input: { param: z.output<Param>; query: z.output<Query>; json: z.output<Json> }) => Promise<z.output<Returns>>
}

/** A route, its validation and its entry in the document. */
export interface Operation extends Documented {
  param: z.ZodMiniType | undefined
  query: z.ZodMiniType
  json: z.ZodMiniType | undefined
  writes: boolean
  /** Whether its answer says where what was made is read. */
  locates: boolean
  returns: z.ZodMiniType
  /** Validates a request whose caller is known, and answers it. */
  answer: (c: Context<AppEnv>) => Promise<Response>
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i

/** Lets JSON through, and has it decoded once and strictly: bytes that are not UTF-8 would otherwise be replaced without a word. */
const onlyJson: MiddlewareHandler<AppEnv> = (c, next) => {
  if (!JSON_TYPE.test(c.req.header('Content-Type') ?? ''))
    throw new ApiError(415, 'The body must be JSON, with Content-Type: application/json.')
  Object.assign(c.req.bodyCache, { text: c.req.raw.arrayBuffer().then((bytes) => UTF8.decode(bytes)) })
  return next()
}

const validate = (target: 'param' | 'query' | 'json', schema: z.ZodMiniType): MiddlewareHandler =>
  zValidator(target, schema, (result) => {
    if (!result.success) throw new ApiError(400, explainIssues(result.error.issues, target === 'json' ? 'body' : target))
  })

/** Validates the query of a request that has one, and once for all that have none. */
const validateQuery = (schema: z.ZodMiniType): MiddlewareHandler<AppEnv> => {
  const validator = validate('query', schema)
  let none: ReturnType<typeof schema.safeParse> | undefined
  return (c, next) => {
    none ??= schema.safeParse({})
    if (!none.success || c.req.url.includes('?')) return validator(c, next)
    c.req.addValidatedData('query', none.data as object)
    return next()
  }
}

z.config({ customError: expected })

const NO_QUERY = z.strictObject({})

const WRITE_QUERY = z.strictObject({
  dry_run: z.optional(
    described(
      'Whether only to say what the answer would be. Nothing is kept of it, a key neither.',
      z.enum(['true', 'false']).register(z.globalRegistry, { type: 'boolean' }),
    ),
  ),
})

/** Answers a request that reads: with 304 when the caller has what it would be answered (RFC 9110, 13.1.2). */
const answerRead = async (c: Context<AppEnv>, status: 200 | 201, handle: (ctx: Ctx) => Promise<object>): Promise<Response> => {
  const ctx = c.get('ctx')
  const answer = await handle(ctx)
  const { tag } = ctx.reply
  const { match, noneMatch } = ctx.conditions
  if (tag === undefined) return answerJson(JSON.stringify(answer), status)
  if (match && match !== '*' && !match.includes(tag)) throw CHANGED
  const headers = headersOf(tag, undefined)
  return noneMatch === '*' || noneMatch?.includes(tag) ? c.body(null, 304, headers) : answerJson(JSON.stringify(answer), status, headers)
}

const passed = () => Promise.resolve()

/** One object gives the route, the validation and the entry in the document; `handle` is typed by its schemas. */
export const operation = <
  Returns extends z.ZodMiniType<object>,
  Param extends z.ZodMiniType = z.ZodMiniUndefined,
  Query extends z.ZodMiniType = typeof NO_QUERY,
  Json extends z.ZodMiniType = z.ZodMiniUndefined,
>(
  definition: Definition<Param, Query, Json, Returns>,
): Operation => {
  const { handle, location, param, json, ...documented } = definition
  const { method, status } = documented
  const writes = method !== 'get' && documented.writes !== false
  const query = definition.query ?? (writes ? WRITE_QUERY : NO_QUERY)
  const validators: MiddlewareHandler<AppEnv>[] = [
    ...(param ? [validate('param', param)] : []),
    validateQuery(query),
    ...(json ? [onlyJson, validate('json', json)] : []),
  ]
  const answer = async (c: Context<AppEnv>) => {
    for (const validator of validators) await validator(c, passed)
    const valid = (target: string): unknown => c.req.valid(target as never)
    const input = { param: valid('param'), query: valid('query'), json: valid('json') } as Parameters<typeof handle>[1]
    if (!writes) {
      if (method !== 'get') keyIn(c)
      return answerRead(c, status, (ctx) => handle(ctx, input))
    }
    const dryRun = (valid('query') as z.infer<typeof WRITE_QUERY>).dry_run === 'true'
    return answerWrite(c, {
      status,
      locationOf: location as Write['locationOf'],
      dryRun,
      secret: documented.secret === true,
      hasBody: json !== undefined,
      handle: (ctx) => handle(ctx, input),
    })
  }
  return { ...documented, param, query, json, writes, locates: location !== undefined, answer }
}
