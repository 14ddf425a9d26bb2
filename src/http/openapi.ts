import * as z from 'zod/mini'
import { LONGEST_MESSAGE } from '../lib/errors.ts'
import type { Operation } from './operation.ts'
import { about } from './root.ts'

type Json = Record<string, unknown>

/** What the document says of an operation, beside what its schemas say. */
export interface Reference {
  summary: string
  description: string
  /** The refusals of its own, each with its cause; those that every operation shares are not named. */
  refuses?: Partial<Record<403 | 404 | 409, string>>
  /** A body that can be sent as it is, and how it is answered. */
  example?: { request?: Json; answer: Json }
}

const ErrorResponse = {
  type: 'object',
  additionalProperties: false,
  properties: {
    message: {
      type: 'string',
      maxLength: LONGEST_MESSAGE,
      description: 'What is wrong, by the path of each field, and what would be right.',
    },
  },
  required: ['message'],
}

const refs = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(refs)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === '$ref' ? String(value).replace('#/$defs/', '#/components/schemas/') : refs(value),
    ]),
  )
}

const INTRODUCTION =
  'Customers, their accounts and whatever belongs to them. Every request carries a token, as `Authorization: Bearer <token>`; that of `npm run dev` is `dev-token`.'

const FORBIDDEN = 'The token may not do this: a portal token reads its own customer only, and the role ANALYST only reads.'
const FORBIDDEN_BUT_TO_ADMINISTRATORS = 'The role of the token is not ADMINISTRATOR.'

const BUSY = 'Too many change it at this moment, and this change was not made: send it again.'

const PRECONDITION = {
  version: 'It has another version than If-Match names, or the one that If-None-Match names.',
  absence: 'It exists, and If-None-Match is *.',
  none: 'If-Match was sent, and there is nothing yet to match.',
}

const headerParameter = (name: string, description: string, schema: Json = {}): Json => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string', ...schema },
})

const IDEMPOTENCY_KEY = headerParameter(
  'Idempotency-Key',
  'The answer is kept under it for 30 days, and given again to the same request with Idempotency-Replayed: true, without a second change.',
  { minLength: 1, maxLength: 255 },
)
const BOOKMARK = headerParameter(
  'X-D1-Bookmark',
  'The X-D1-Bookmark of an answer: what that answer saw is seen. Without it the nearest copy answers.',
)
const IF_MATCH = headerParameter('If-Match', 'An ETag: what is asked is done to that version only, or refused with 412.')
const IF_ABSENT = headerParameter('If-None-Match', '*: what exists already is refused with 412, and not with 409.')
const IF_NEW = headerParameter('If-None-Match', 'An ETag: the answer is 304 when it is still that of the resource.')

const content = (schema: Json, example?: Json): Json => ({ 'application/json': { schema, ...(example && { example }) } })

const header = (description: string): Json => ({ description, schema: { type: 'string' } })
const RETRY_AFTER = { 'Retry-After': header('Seconds to wait.') }

const headersIn = ({ method, writes, tagged, condition }: Operation): Json[] => [
  ...(writes ? [IDEMPOTENCY_KEY] : []),
  ...(method === 'get' ? [BOOKMARK] : []),
  ...(method === 'get' && tagged ? [IF_NEW] : []),
  ...(condition === 'version' || (method === 'get' && tagged) ? [IF_MATCH] : []),
  ...(condition === 'absence' ? [IF_ABSENT] : []),
]

const headersOut = ({ writes, tagged, locates }: Operation): Json => ({
  ...(locates && { Location: header('The path at which it is read.') }),
  ...(tagged && { ETag: header('The version of the resource.') }),
  ...(writes && { 'Idempotency-Replayed': header('true, when this is the answer kept under the Idempotency-Key.') }),
  'X-D1-Bookmark': header('What a read sends to see at least what this answer saw.'),
  'X-Request-Id': header('The id of the request, by which its line in the log is found.'),
})

/** OpenAPI 3.1 of `operations`. Schemas with a name are written once, under components, and referred to. */
export const openApiDocument = (operations: readonly Operation[], reference: Readonly<Record<string, Reference>>): Json => {
  const schemas: Record<string, unknown> = { ErrorResponse }

  const written = (schema: z.core.$ZodType, io: 'input' | 'output'): Json => {
    const {
      $schema: _schema,
      $defs = {},
      ...rest
    } = z.toJSONSchema(schema, {
      io,
      override: ({ jsonSchema }) => {
        if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
        if (jsonSchema.type === 'boolean') delete jsonSchema.enum
      },
    })
    for (const [name, definition] of Object.entries($defs)) {
      const { id: _id, ...ours } = refs(definition) as Json
      if (schemas[name] && JSON.stringify(schemas[name]) !== JSON.stringify(ours)) throw new Error(`Two schemas are named ${name}`)
      schemas[name] = ours
    }
    return refs(rest) as Json
  }

  const parameters = (schema: z.core.$ZodType | undefined, place: 'path' | 'query'): Json[] => {
    if (!schema) return []
    const { properties = {}, required = [] } = written(schema, 'input') as { properties?: Record<string, Json>; required?: string[] }
    return Object.entries(properties).map(([name, { description, ...rest }]) => ({
      name,
      in: place,
      required: required.includes(name),
      ...(description !== undefined && { description }),
      schema: rest,
    }))
  }

  const refusal = (description: string, headers?: Json) => ({
    description,
    ...(headers && { headers }),
    content: content({ $ref: '#/components/schemas/ErrorResponse' }),
  })

  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const { method, path, operationId, tag, param, query, json, writes, tagged, condition, administrator, status, returns } = operation
    const said = reference[operationId]
    if (!said) throw new Error(`No reference says what ${operationId} does`)
    const { summary, description, refuses = {}, example } = said
    paths[path] ??= {}
    paths[path][method] = {
      operationId,
      tags: [tag],
      summary,
      description,
      parameters: [...parameters(param, 'path'), ...parameters(query, 'query'), ...headersIn(operation)],
      ...(json && { requestBody: { required: true, content: content(written(json, 'input'), example?.request) } }),
      responses: {
        [status]: {
          description: status === 201 ? 'Made.' : 'Done.',
          headers: headersOut(operation),
          content: content(written(returns, 'output'), example?.answer),
        },
        ...(method === 'get' &&
          tagged && {
            304: { description: 'It is as the If-None-Match says.', headers: { ETag: header('The version of the resource.') } },
          }),
        400: refusal('The request is malformed: the message names every wrong field and what would be right.'),
        401: refusal('The token is missing, unknown, expired or revoked.', { 'WWW-Authenticate': header('Bearer.') }),
        403: refusal(administrator ? FORBIDDEN_BUT_TO_ADMINISTRATORS : FORBIDDEN),
        ...Object.fromEntries(
          Object.entries(refuses).map(([code, cause]) => [
            code,
            refusal(code === '409' && condition === 'version' ? `${cause} ${BUSY}` : cause),
          ]),
        ),
        ...(condition === 'version' && !refuses[409] && { 409: refusal(BUSY) }),
        ...((writes || tagged) && { 412: refusal(PRECONDITION[condition ?? (writes ? 'none' : 'version')]) }),
        ...(json && { 413: refusal('The body is over 256 KB.'), 415: refusal('The body is not JSON.') }),
        ...(writes && { 422: refusal('The Idempotency-Key was used for another request, or by another role.') }),
        429: refusal('The token is over its limit of requests, or the address over that of refused tokens.', RETRY_AFTER),
        503: refusal('The database is out of reach. Whether a write was made is told by sending it again under its key.', RETRY_AFTER),
        default: refusal('Anything else, which is not the fault of the request.'),
      },
    }
  }

  return {
    openapi: '3.1.0',
    info: {
      title: about.name,
      version: about.version,
      description: INTRODUCTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearerAuth: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { bearerAuth: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(Object.entries(schemas).toSorted(([one], [other]) => (one < other ? -1 : 1))),
    },
  }
}
