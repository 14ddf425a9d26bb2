import { zValidator } from '@hono/zod-validator'
import type { Context, MiddlewareHandler } from 'hono'
import * as z from 'zod/mini'
import type { Reply } from '../db/commit.ts'
import type { Ctx, WriteRequest } from '../db/context.ts'
import { ApiError, expected, explainIssues } from '../lib/errors.ts'
import { described } from '../lib/fields.ts'
import { answerRead, answerLedgerWrite, answerWrite, readKey } from './answer.ts'
import { requireJson } from './body.ts'
import type { AppEnv } from './env.ts'
import { explainRepeatedParameters, requireWellFormedPath } from './parameters.ts'

interface OperationDetails {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** With parameters as in OpenAPI: `/customers/{customer_id}`. */
  path: string
  /** False if the operation stores nothing, whatever its method is. */
  writes?: boolean
  /** False if the operation writes to ledgers, which handle the Idempotency-Key themselves. */
  commits?: boolean
  /** Whether a portal token may call it. The function then restricts it to its customer. */
  portal?: boolean
  /** Whether only an administrator may call it. */
  administrator?: boolean
  /** Whether its answer shows one resource, with its ETag. */
  tagged?: boolean
  /** The precondition that a request may have: the version of the resource (If-Match), or that it does not exist yet (If-None-Match: *). */
  condition?: 'version' | 'absence'
  /** The operationId of the read whose ETag a precondition names, if its path is not the beginning of the operation's own. */
  versionOf?: string
  /** Whether it also counts for INGEST_LIMIT. */
  ingests?: boolean
  /** Whether its answer contains a secret. */
  secret?: boolean
  /** Whether its body may be left out. */
  optionalBody?: boolean
  /** Whether some of its answers have a Location. */
  mayLocate?: boolean
  /** Whether it exists only where the variable TEST_CLOCK is `on`. */
  needsTestClock?: boolean
  /** Whether newer operations do the same. It stays for the clients that call it. */
  deprecated?: boolean
  /** The largest body in bytes, by default 256 KB. */
  largestBody?: number
}

/** The schema of each answer, by its status. */
type Answers = Readonly<Record<number, z.ZodMiniType<object>>>

type HasOne<Statuses, Each = Statuses> = Each extends Statuses ? ([Statuses] extends [Each] ? true : false) : never

/** The result of the function of an operation. If the operation has several answers, the result has a status. */
type ReplyOf<All extends Answers> = {
  [Status in keyof All]: Reply<z.output<All[Status]>> & (HasOne<keyof All> extends true ? unknown : { status: Status })
}[keyof All]

interface Definition<
  Param extends z.ZodMiniType,
  Query extends z.ZodMiniType,
  Json extends z.ZodMiniType,
  All extends Answers,
  Body,
> extends OperationDetails {
  param?: Param
  query?: Query
  json?: Json
  /** Parses the body. The schema then only documents it. */
  parse?: (body: unknown) => Body
  /** The lowest status is the default. */
  answers: All
  /** The path of the new resource, for the Location header. */
  location?: (answer: z.output<All[keyof All]>) => string
  handle: (ctx: Ctx, input: { param: z.output<Param>; query: z.output<Query>; json: Body }) => Promise<ReplyOf<All>>
}

/** An operation that has no operationId and tag yet. */
interface UnnamedOperation extends OperationDetails {
  param: z.ZodMiniType | undefined
  query: z.ZodMiniType
  json: z.ZodMiniType | undefined
  answers: Answers
  /** The default status of its answers. */
  status: number
  writes: boolean
  largestBody: number
  /** Whether its answer has a Location. */
  locates: boolean
  /** Validates and answers a request after authentication. */
  answer: (c: Context<AppEnv>) => Promise<Response>
}

/** A route, its validation and its entry in the document. */
export interface Operation extends UnnamedOperation {
  operationId: string
  tag: string
}

/** Defines the operations of a tag. Their keys are the operationIds of the contract. */
export const feature = (tag: string, operations: Readonly<Record<string, UnnamedOperation>>): Operation[] =>
  Object.entries(operations).map(([operationId, operation]) => ({ ...operation, operationId, tag }))

const validate = (target: 'param' | 'query' | 'json', schema: z.ZodMiniType): MiddlewareHandler =>
  zValidator(target, schema, (result, c) => {
    if (result.success) return
    const { issues } = result.error
    const named = target === 'query' ? explainRepeatedParameters(issues, c.req.queries()) : issues
    throw new ApiError('INVALID', explainIssues(named, target === 'json' ? 'body' : target))
  })

/** Takes a body that is not validated by its schema. `requireJson` has read it. */
const readBody =
  (parse: (body: unknown) => unknown): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    c.req.addValidatedData('json', parse(await c.req.json()) as object)
    return next()
  }

const hasBody = (c: Context<AppEnv>): boolean => c.req.raw.body !== null && c.req.header('Content-Length') !== '0'

/** Validates a query. The empty query is validated only once. */
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

const LARGEST_BODY = 256 * 1024

const proceed = () => Promise.resolve()

/** Defines an operation: its route, its validation and its entry in the OpenAPI document. The schemas give `handle` its types. */
export const operation = <
  const All extends Answers,
  Param extends z.ZodMiniType = z.ZodMiniUndefined,
  Query extends z.ZodMiniType = typeof NO_QUERY,
  Json extends z.ZodMiniType = z.ZodMiniUndefined,
  Body = z.output<Json>,
>(
  definition: Definition<Param, Query, Json, All, Body>,
): UnnamedOperation => {
  const { handle, location, param, json, parse, answers, largestBody = LARGEST_BODY, ...documented } = definition
  const { method } = documented
  const status = Number(Object.keys(answers)[0])
  const writes = method !== 'get' && documented.writes !== false
  const query =
    definition.query && writes
      ? z.extend(definition.query as z.ZodMiniType as typeof NO_QUERY, WRITE_QUERY.shape)
      : (definition.query ?? (writes ? WRITE_QUERY : NO_QUERY))
  const validators: MiddlewareHandler<AppEnv>[] = [
    ...(param ? [requireWellFormedPath, validate('param', param)] : []),
    validateQuery(query),
  ]
  const bodyValidators: MiddlewareHandler<AppEnv>[] = json ? [requireJson, parse ? readBody(parse) : validate('json', json)] : []
  const locationOf = location as WriteRequest['locationOf']
  /** The validators are called here, not as middleware, since authentication must come first. */
  const answer = async (c: Context<AppEnv>) => {
    const isSent = json !== undefined && (!documented.optionalBody || hasBody(c))
    for (const validator of isSent ? [...validators, ...bodyValidators] : validators) await validator(c, proceed)
    const valid = (target: string): unknown => c.req.valid(target as never)
    const input = { param: valid('param'), query: valid('query'), json: valid('json') } as Parameters<typeof handle>[1]
    const answering = { status, locationOf, handle: (ctx: Ctx) => handle(ctx, input) as Promise<Reply<object>> }
    if (!writes) {
      if (method !== 'get') readKey(c)
      return answerRead(c, answering)
    }
    const dryRun = (valid('query') as z.infer<typeof WRITE_QUERY>).dry_run === 'true'
    if (documented.commits === false) return answerLedgerWrite(c, { ...answering, dryRun, hasBody: isSent })
    return answerWrite(c, { ...answering, dryRun, secret: documented.secret === true, hasBody: isSent })
  }
  return { ...documented, param, query, json, answers, status, writes, largestBody, locates: location !== undefined, answer }
}
