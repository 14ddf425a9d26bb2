import * as z from 'zod/mini'
import {
  BUSY,
  ErrorResponse,
  FORBIDDEN,
  HEADERS_IN,
  HEADERS_OUT,
  INTRODUCTION,
  type Json,
  NEXT_TOKEN,
  PRECONDITION,
  RESPONSES,
  SHARED,
  content,
  headers,
  refusal,
  shared,
  unprocessable,
} from './components.ts'
import type { Operation } from './operation.ts'
import { about } from './root.ts'

/** A request that can be sent as it is once there is what it names, and how it is answered. */
interface Example {
  /** The operations whose examples are sent before, so that there is what this one names. */
  after?: readonly string[]
  path?: Readonly<Record<string, string>>
  query?: Readonly<Record<string, string | number | boolean>>
  /** What the query can hold instead, each by itself, and is answered alike. */
  instead?: Readonly<Record<string, string>>
  /** What the query can hold in place of some of it, and is answered in another way: shown, and not sent. */
  otherwise?: Readonly<Record<string, string>>
  request?: Json
  answer: Json
  /** Of a write a second request that its schemas take, with another body or path. Only the tests send it, under the key of the first. */
  other?: Readonly<{ path?: Readonly<Record<string, string>>; request?: Json }>
}

/** What the document says of an operation, beside what its schemas say. */
export interface Reference {
  summary: string
  description: string
  /** The refusals of its own, each with its cause; those that it shares with others are not named. */
  refuses?: Partial<Record<400 | 403 | 404 | 409 | 422, string>>
  example: Example
}

/** What the document says. */
export interface Said {
  reference: Readonly<Record<string, Reference>>
  /** By the name of each tag. */
  tags: Readonly<Record<string, string>>
  /** By the name of each parameter of which no schema says what it is. */
  parameters: Readonly<Record<string, string>>
}

/** What a file `reference.ts` exports: what is said of each operation under its name, of tags and of parameters. */
export interface ReferenceFile {
  tags?: Readonly<Record<string, string>>
  parameters?: Readonly<Record<string, string>>
  [operationId: string]: unknown
}

/** What all files say together. */
export const mergeReferences = (files: readonly ReferenceFile[]): Said => ({
  reference: Object.assign({}, ...files.map(({ tags: _tags, parameters: _parameters, ...reference }) => reference)) as Said['reference'],
  tags: Object.assign({}, ...files.map(({ tags }) => tags)) as Said['tags'],
  parameters: Object.assign({}, ...files.map(({ parameters }) => parameters)) as Said['parameters'],
})

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

/** Keeps Scalar from sending an example with those of the other parameters. */
const NOT_SENT = { 'x-disabled': true }

const headersIn = ({ method, writes, tagged, condition }: Operation): Json[] => {
  const names: (keyof typeof HEADERS_IN | false)[] = [
    writes && 'IdempotencyKey',
    method === 'get' && 'Bookmark',
    method === 'get' && tagged === true && 'IfNew',
    (condition === 'version' || (method === 'get' && tagged === true)) && 'IfMatch',
    condition === 'absence' && 'IfAbsent',
  ]
  return names.filter((name) => name !== false).map((name) => ({ $ref: `#/components/parameters/${name}` }))
}

const forbidden = ({ writes, administrator }: Operation): string => {
  if (administrator) return FORBIDDEN.administrators
  return writes ? FORBIDDEN.writing : FORBIDDEN.reading
}

const and = (...causes: (string | false | undefined)[]): string => causes.filter(Boolean).join(' ')

/** The refusals that are an operation's own, by their status. */
const refusals = (
  operation: Operation,
  { refuses = {} }: Reference,
  isList: boolean,
): Partial<Record<400 | 403 | 404 | 409 | 412 | 422, string>> => {
  const { method, writes, tagged, condition } = operation
  const all = {
    400: and(refuses[400], isList && !refuses[400]?.includes('nextToken') && NEXT_TOKEN),
    403: refuses[403] ?? forbidden(operation),
    404: and(refuses[404]),
    409: and(refuses[409], condition === 'version' && BUSY),
    412: and((writes || tagged) && PRECONDITION[condition ?? (method === 'get' ? 'reading' : 'none')]),
    422: and(refuses[422]),
  }
  return Object.fromEntries(Object.entries(all).filter(([, cause]) => cause))
}

/** Tags are in the order of their names, with ours at the end. */
const byName = (one: string, other: string): number =>
  Number(one === 'Extensions') - Number(other === 'Extensions') || (one < other ? -1 : 1)

/** What an answer says by its status. */
const DONE: Readonly<Record<string, string>> = { 201: 'Made.', 202: 'Accepted.', 207: 'Accepted in part.' }

/** OpenAPI 3.1 of `operations`. Schemas with a name are written once, under components, and referred to. */
export const openApiDocument = (operations: readonly Operation[], said: Said): Json => {
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

  const parameters = (
    schema: z.core.$ZodType | undefined,
    place: 'path' | 'query',
    examples: Example['query'] = {},
    instead: Example['instead'] = {},
    otherwise: Example['otherwise'] = {},
  ): Json[] => {
    if (!schema) return []
    const { properties = {}, required = [] } = written(schema, 'input') as { properties?: Record<string, Json>; required?: string[] }
    return Object.entries(properties).map(([name, { description = said.parameters[name], ...rest }]) => ({
      name,
      in: place,
      required: required.includes(name),
      description,
      ...(examples[name] !== undefined && { example: examples[name] }),
      ...(instead[name] !== undefined && { examples: { alone: { summary: 'By itself', value: instead[name], ...NOT_SENT } } }),
      ...(otherwise[name] !== undefined && {
        examples: { otherwise: { summary: 'In place of others', value: otherwise[name], ...NOT_SENT } },
      }),
      schema: rest,
    }))
  }

  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const { method, path, operationId, tag, param, query, json, writes, tagged, locates, secret, answers } = operation
    const its = said.reference[operationId]
    if (!its) throw new Error(`No reference says what ${operationId} does`)
    const { path: inPath, query: inQuery, instead, otherwise, request, answer } = its.example
    const asked = parameters(query, 'query', inQuery, instead, otherwise)
    const own = refusals(
      operation,
      its,
      asked.some(({ name }) => name === 'nextToken'),
    )
    const refused = Object.entries(own).map(([code, cause]) => `- **${code}** ${cause}`)
    paths[path] ??= {}
    paths[path][method] = {
      operationId,
      tags: [tag],
      summary: its.summary,
      description: `${its.description}\n\nWhat it refuses:\n\n${refused.join('\n')}`,
      parameters: [...parameters(param, 'path', inPath), ...asked, ...headersIn(operation)],
      ...(json && { requestBody: { required: !operation.optionalBody, content: content(written(json, 'input'), request) } }),
      responses: {
        ...Object.fromEntries(
          Object.entries(answers).map(([status, schema], index) => [
            status,
            {
              description: DONE[status] ?? 'Done.',
              headers: headers(
                (locates || operation.mayLocate === true) && 'Location',
                tagged === true && 'ETag',
                writes && 'Idempotency-Replayed',
                'X-D1-Bookmark',
                'X-Request-Id',
              ),
              content: content(written(schema, 'output'), index ? undefined : answer),
            },
          ]),
        ),
        ...(method === 'get' &&
          tagged && { 304: { description: 'It is as the If-None-Match says.', headers: headers('ETag', 'X-Request-Id') } }),
        400: own[400] ? refusal(`${SHARED.BadRequest} ${own[400]}`) : shared('BadRequest'),
        401: shared('Unauthorized'),
        ...Object.fromEntries(
          Object.entries(own)
            .filter(([code]) => code !== '400' && code !== '422')
            .map(([code, cause]) => [code, refusal(cause)]),
        ),
        ...(method !== 'get' && { 413: shared('ContentTooLarge') }),
        ...(json && { 415: shared('UnsupportedMediaType') }),
        ...(writes ? { 422: unprocessable(secret, own[422]) } : own[422] && { 422: refusal(own[422]) }),
        429: shared('TooManyRequests'),
        503: shared('Unavailable'),
        default: shared('Unexpected'),
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
    tags: [...new Set(operations.map(({ tag }) => tag))].toSorted(byName).map((name) => ({ name, description: said.tags[name] })),
    paths,
    components: {
      securitySchemes: {
        bearerAuth: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of the organization, the JWT that authenticate gives for one, or a portal token.',
        },
      },
      parameters: HEADERS_IN,
      headers: HEADERS_OUT,
      responses: RESPONSES,
      schemas: Object.fromEntries(Object.entries(schemas).toSorted(([one], [other]) => (one < other ? -1 : 1))),
    },
  }
}
