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
  describeContent,
  referToHeaders,
  describeRefusal,
  referToResponse,
  describeUnprocessable,
} from './components.ts'
import { REDIRECTED } from './answer.ts'
import type { DocumentTexts, Example, Reference } from './document_texts.ts'
import type { Operation } from './operation.ts'
import { about } from './root.ts'

export { type ReferenceFile, mergeReferences } from './document_texts.ts'

/** Points each `$ref` of a JSON Schema to the components of the document. */
const pointToComponents = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(pointToComponents)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === '$ref' ? String(value).replace('#/$defs/', '#/components/schemas/') : pointToComponents(value),
    ]),
  )
}

/** Keeps Scalar from sending this example together with those of the other parameters. */
const NOT_SENT = { 'x-disabled': true }

const listRequestHeaders = ({ method, writes, tagged, condition }: Operation): Json[] => {
  const names: (keyof typeof HEADERS_IN | false)[] = [
    writes && 'IdempotencyKey',
    method === 'get' && 'Bookmark',
    method === 'get' && tagged === true && 'IfNew',
    (condition === 'version' || (method === 'get' && tagged === true)) && 'IfMatch',
    condition === 'absence' && 'IfAbsent',
  ]
  return names.filter((name) => name !== false).map((name) => ({ $ref: `#/components/parameters/${name}` }))
}

const explainForbidden = ({ writes, administrator }: Operation): string => {
  if (administrator) return FORBIDDEN.administrators
  return writes ? FORBIDDEN.writing : FORBIDDEN.reading
}

const joinCauses = (...causes: (string | false | undefined)[]): string => causes.filter(Boolean).join(' ')

/** The causes of an operation's own refusals, by status. */
const listRefusals = (
  operation: Operation,
  { refuses = {} }: Reference,
  isList: boolean,
): Partial<Record<400 | 403 | 404 | 409 | 412 | 422, string>> => {
  const { method, writes, tagged, condition } = operation
  const all = {
    400: joinCauses(refuses[400], isList && !refuses[400]?.includes('nextToken') && NEXT_TOKEN),
    403: refuses[403] ?? explainForbidden(operation),
    404: joinCauses(refuses[404]),
    409: joinCauses(refuses[409], condition === 'version' && BUSY),
    412: joinCauses((writes || tagged) && PRECONDITION[condition ?? (method === 'get' ? 'reading' : 'none')]),
    422: joinCauses(refuses[422]),
  }
  return Object.fromEntries(Object.entries(all).filter(([, cause]) => cause))
}

/** Orders tags by name, with Extensions at the end. */
const compareTags = (one: string, other: string): number =>
  Number(one === 'Extensions') - Number(other === 'Extensions') || (one < other ? -1 : 1)

/** The descriptions of answers that are not 200, by status. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  201: 'Created.',
  202: 'Accepted.',
  207: 'Some events were accepted.',
  302: 'The header Location leads to it. The answer has no body.',
}

/** Writes the OpenAPI 3.1 document of `operations`. A schema that has a name is written once, under components. */
export const openApiDocument = (operations: readonly Operation[], texts: DocumentTexts): Json => {
  const schemas: Record<string, unknown> = { ErrorResponse }

  const writeSchema = (schema: z.core.$ZodType, io: 'input' | 'output'): Json => {
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
      const { id: _id, ...ours } = pointToComponents(definition) as Json
      if (schemas[name] && JSON.stringify(schemas[name]) !== JSON.stringify(ours)) throw new Error(`Two schemas are named ${name}`)
      schemas[name] = ours
    }
    return pointToComponents(rest) as Json
  }

  const writeParameters = (
    schema: z.core.$ZodType | undefined,
    place: 'path' | 'query',
    examples: Example['query'] = {},
    instead: Example['instead'] = {},
    otherwise: Example['otherwise'] = {},
  ): Json[] => {
    if (!schema) return []
    const { properties = {}, required = [] } = writeSchema(schema, 'input') as { properties?: Record<string, Json>; required?: string[] }
    return Object.entries(properties).map(([name, { description = texts.parameters[name], ...rest }]) => ({
      name,
      in: place,
      required: required.includes(name),
      description,
      ...(examples[name] !== undefined && { example: examples[name] }),
      ...(instead[name] !== undefined && { examples: { alone: { summary: 'Sent alone', value: instead[name], ...NOT_SENT } } }),
      ...(otherwise[name] !== undefined && {
        examples: { otherwise: { summary: 'Sent instead of other parameters', value: otherwise[name], ...NOT_SENT } },
      }),
      schema: rest,
    }))
  }

  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const { method, path, operationId, tag, param, query, json, writes, tagged, locates, secret, deprecated, answers } = operation
    const reference = texts.reference[operationId]
    if (!reference) throw new Error(`${operationId} has no reference`)
    const { path: inPath, query: inQuery, instead, otherwise, request, answer } = reference.example
    const queryParameters = writeParameters(query, 'query', inQuery, instead, otherwise)
    const own = listRefusals(
      operation,
      reference,
      queryParameters.some(({ name }) => name === 'nextToken'),
    )
    const refused = Object.entries(own).map(([code, cause]) => `- **${code}** ${cause}`)
    paths[path] ??= {}
    paths[path][method] = {
      operationId,
      tags: [tag],
      ...(deprecated && { deprecated }),
      summary: reference.summary,
      description: `${reference.description}\n\nRefusals:\n\n${refused.join('\n')}`,
      parameters: [...writeParameters(param, 'path', inPath), ...queryParameters, ...listRequestHeaders(operation)],
      ...(json && { requestBody: { required: !operation.optionalBody, content: describeContent(writeSchema(json, 'input'), request) } }),
      responses: {
        ...Object.fromEntries(
          Object.entries(answers).map(([status, schema], index) => [
            status,
            {
              description: DESCRIPTIONS[status] ?? 'Done.',
              headers: referToHeaders(
                (locates || operation.mayLocate === true) && 'Location',
                tagged === true && 'ETag',
                writes && 'Idempotency-Replayed',
                'X-D1-Bookmark',
                'X-Request-Id',
              ),
              ...(Number(status) !== REDIRECTED && { content: describeContent(writeSchema(schema, 'output'), index ? undefined : answer) }),
            },
          ]),
        ),
        ...(method === 'get' &&
          tagged && {
            304: {
              description: 'The resource still has the ETag of If-None-Match. The answer has no body.',
              headers: referToHeaders('ETag', 'X-Request-Id'),
            },
          }),
        400: own[400] ? describeRefusal(`${SHARED.BadRequest} ${own[400]}`) : referToResponse('BadRequest'),
        401: referToResponse('Unauthorized'),
        ...Object.fromEntries(
          Object.entries(own)
            .filter(([code]) => code !== '400' && code !== '422')
            .map(([code, cause]) => [code, describeRefusal(cause)]),
        ),
        ...(method !== 'get' && { 413: referToResponse('ContentTooLarge') }),
        ...(json && { 415: referToResponse('UnsupportedMediaType') }),
        ...(writes ? { 422: describeUnprocessable(secret, own[422]) } : own[422] && { 422: describeRefusal(own[422]) }),
        429: referToResponse('TooManyRequests'),
        503: referToResponse('Unavailable'),
        default: referToResponse('Unexpected'),
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
    tags: [...new Set(operations.map(({ tag }) => tag))].toSorted(compareTags).map((name) => ({ name, description: texts.tags[name] })),
    paths,
    components: {
      securitySchemes: {
        bearerAuth: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of the organization, a JWT from the operation authenticate, or a portal token.',
        },
      },
      parameters: HEADERS_IN,
      headers: HEADERS_OUT,
      responses: RESPONSES,
      schemas: Object.fromEntries(Object.entries(schemas).toSorted(([one], [other]) => (one < other ? -1 : 1))),
    },
  }
}
