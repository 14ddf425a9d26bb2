import { LONGEST_MESSAGE } from '../lib/errors.ts'

export type Json = Record<string, unknown>

export const ErrorResponse = {
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

/** What any operation may be refused with. */
export const SHARED = {
  BadRequest: 'The request is malformed: the message names every wrong field and what would be right.',
  Unauthorized: 'The token is missing, unknown, expired or revoked.',
  ContentTooLarge: 'The body is over 256 KB.',
  UnsupportedMediaType: 'The body is not JSON in UTF-8 with Content-Type: application/json, or has a Content-Encoding.',
  KeyReused: 'The Idempotency-Key was used for another request, or by another role.',
  TooManyRequests:
    'The token is over its limit of requests, or the address over that of refused tokens. Retry-After says how long to wait.',
  Unavailable: 'The database is out of reach. Whether a write was made is told by sending it again under its Idempotency-Key.',
  Unexpected: 'Anything else, which is not the fault of the request.',
}

export const INTRODUCTION = `Customers, their accounts and whatever belongs to them. Every request carries a token, as \`Authorization: Bearer <token>\`; that of \`npm run dev\` is \`dev-token\`.

Your own ids name what you make, and are percent-encoded in a path; ours are made by the server. Ids, names, tags and e-mail addresses are kept in Unicode's NFC and hold no invisible characters, but for the joiners of letters and emoji in a name. A name stands once in an object of a body and once in a query. Times are ISO 8601 in UTC. Whatever a list has no room for is behind its \`nextToken\`. The examples are those of one customer, and each can be sent once there is what it names.

A refused request (4xx) changes nothing. It is answered with \`{ "message": "…" }\`. Each operation says which are its own. Any of them may be refused with

- **400** ${SHARED.BadRequest}
- **401** ${SHARED.Unauthorized}
- **413** ${SHARED.ContentTooLarge}
- **415** ${SHARED.UnsupportedMediaType}
- **422** ${SHARED.KeyReused}
- **429** ${SHARED.TooManyRequests}
- **503** ${SHARED.Unavailable}`

export const FORBIDDEN = {
  reading: 'It is a portal token, which reads its own customer and the accounts of that only.',
  writing: 'It is a portal token or one of the role ANALYST, which read only.',
  administrators: 'It is a portal token, or one of another role than ADMINISTRATOR.',
}

export const BUSY = 'Too many change it at this moment, and this change was not made: send it again.'

export const PRECONDITION = {
  version: 'It has another version than If-Match names, or the one that If-None-Match names.',
  absence: 'It exists, and If-None-Match is *; or If-Match was sent, and there is nothing yet to match.',
  none: 'If-Match was sent, and there is nothing yet to match.',
  reading: 'It has another version than If-Match names.',
}

export const NEXT_TOKEN = 'nextToken is not one of this list, or comes with something else than the page before was asked for.'
const SECRET_KEPT = 'The Idempotency-Key was used for another request or with another token, or its secret can no longer be read.'

const headerParameter = (name: string, description: string, schema: Json = {}): Json => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string', ...schema },
})

export const HEADERS_IN = {
  IdempotencyKey: headerParameter(
    'Idempotency-Key',
    'The answer is kept under it for 30 days, and given again to the same request with Idempotency-Replayed: true, without a second change. It holds no comma, with which two headers of one name are joined on their way.',
    { minLength: 1, maxLength: 255, pattern: '^[^,]+$' },
  ),
  Bookmark: headerParameter(
    'X-D1-Bookmark',
    'The X-D1-Bookmark of an answer: what that answer saw is seen. Without it the nearest copy answers.',
  ),
  IfMatch: headerParameter('If-Match', 'An ETag: what is asked is done to that version only, or refused with 412.'),
  IfAbsent: headerParameter('If-None-Match', '*: what exists already is refused with 412, and not with 409.'),
  IfNew: headerParameter('If-None-Match', 'An ETag: the answer is 304 when it is still that of the resource.'),
}

const header = (description: string): Json => ({ description, schema: { type: 'string' } })

export const HEADERS_OUT = {
  Location: header('The path at which it is read.'),
  ETag: header('The version of the resource.'),
  'Idempotency-Replayed': header('true, when this is the answer kept under the Idempotency-Key.'),
  'X-D1-Bookmark': header('What a read sends to see at least what this answer saw.'),
  'X-Request-Id': header('The id of the request, by which its line in the log is found.'),
  'Retry-After': header('Seconds to wait.'),
  'WWW-Authenticate': header('Bearer.'),
  'Accept-Encoding': header('identity, when the body had a Content-Encoding: it is taken as it is.'),
}

export const headers = (...names: (keyof typeof HEADERS_OUT | false)[]): Json =>
  Object.fromEntries(names.filter((name) => name !== false).map((name) => [name, { $ref: `#/components/headers/${name}` }]))

export const content = (schema: Json, example?: Json): Json => ({ 'application/json': { schema, ...(example && { example }) } })

export const refusal = (description: string, ...more: (keyof typeof HEADERS_OUT)[]): Json => ({
  description,
  headers: headers(...more, 'X-Request-Id'),
  content: content({ $ref: '#/components/schemas/ErrorResponse' }),
})

export const RESPONSES: Record<keyof typeof SHARED, Json> = {
  BadRequest: refusal(SHARED.BadRequest),
  Unauthorized: refusal(SHARED.Unauthorized, 'WWW-Authenticate'),
  ContentTooLarge: refusal(SHARED.ContentTooLarge),
  UnsupportedMediaType: refusal(SHARED.UnsupportedMediaType, 'Accept-Encoding'),
  KeyReused: refusal(SHARED.KeyReused),
  TooManyRequests: refusal(SHARED.TooManyRequests, 'Retry-After'),
  Unavailable: refusal(SHARED.Unavailable, 'Retry-After'),
  Unexpected: refusal(SHARED.Unexpected),
}

export const shared = (name: keyof typeof SHARED): Json => ({ $ref: `#/components/responses/${name}` })

/** What a write is refused with for its key, and for a limit of its own. */
export const unprocessable = (secret: boolean | undefined, own: string | undefined): Json => {
  if (secret) return refusal(SECRET_KEPT)
  return own ? refusal(`${SHARED.KeyReused} ${own}`) : shared('KeyReused')
}
