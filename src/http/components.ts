import { LONGEST_MESSAGE } from '../lib/errors.ts'

export type Json = Record<string, unknown>

export const ErrorResponse = {
  type: 'object',
  additionalProperties: false,
  properties: {
    message: {
      type: 'string',
      maxLength: LONGEST_MESSAGE,
      description: 'The path of each wrong field, and what it should be.',
    },
  },
  required: ['message'],
}

/** Refusals that every operation can have. */
export const SHARED = {
  BadRequest: 'The request is not valid. The message names every wrong field and what it should be.',
  Unauthorized: 'The token is missing, unknown, expired or revoked.',
  ContentTooLarge:
    'The body is larger than 256 KB; than 1 MB, where it can hold rate cards in bulk, or for a schedule, a purchase or a proposal; or than 6 MB, for ingestBatch.',
  UnsupportedMediaType: 'The body is not JSON in UTF-8 with Content-Type: application/json, or has a Content-Encoding.',
  KeyReused: 'The Idempotency-Key was used for another request, or by a token with another role.',
  TooManyRequests:
    'The token has made too many requests, or the IP address has sent too many invalid tokens. Retry-After says how long to wait.',
  Unavailable: 'The database cannot be reached. A write may have been made or not: send it again with the same Idempotency-Key.',
  Unexpected: 'An unexpected error that the request did not cause.',
}

export const INTRODUCTION = `Customers and their accounts, the usage events that are counted for them, price plans, and the invoices, wallets and payments that follow from these. Every request needs a token in the header \`Authorization: Bearer <token>\`. The token of \`npm run dev\` is \`dev-token\`.

You choose the ids of customers, accounts and events, and percent-encode them in a path; the server creates all other ids. Ids, names, tags and e-mail addresses are stored in Unicode NFC and contain no invisible characters, except joiners between letters or emoji in a name. A body must not contain the same name twice in an object, nor a number of so many digits that it would be read as another one, and a query must not contain the same parameter twice. Times are ISO 8601 in UTC. If a list has more items than a page, \`nextToken\` leads to the next page. The examples belong to one customer, and each can be sent as soon as the resources that it names exist.

A refused request (4xx) changes nothing. The answer is \`{ "message": "…" }\`. Each operation lists its own refusals. Every operation can also be refused with:

- **400** ${SHARED.BadRequest}
- **401** ${SHARED.Unauthorized}
- **413** ${SHARED.ContentTooLarge}
- **415** ${SHARED.UnsupportedMediaType}
- **422** ${SHARED.KeyReused}
- **429** ${SHARED.TooManyRequests}
- **503** ${SHARED.Unavailable}`

export const FORBIDDEN = {
  reading: 'The token is a portal token, which can read only what belongs to its customer and accounts.',
  writing: 'The token is a portal token or has the role ANALYST. Both can only read.',
  administrators: 'The token is a portal token, or does not have the role ADMINISTRATOR.',
}

export const BUSY = 'Too many requests are changing the resource, and this change was not made. Send it again after Retry-After.'

export const PRECONDITION = {
  version: 'The resource does not have the ETag of If-Match, or has the ETag of If-None-Match.',
  absence: 'If-None-Match is * and the resource exists; or If-Match was sent, which a creation cannot match.',
  none: 'If-Match was sent, but this operation has no version that could match.',
  reading: 'The resource does not have the ETag of If-Match.',
}

export const NEXT_TOKEN = 'nextToken is not from this list, or other parameters differ from those of the previous page.'
const SECRET_KEPT = 'The Idempotency-Key was used for another request or by another token, or the stored secret can no longer be decrypted.'

const describeHeaderParameter = (name: string, description: string, schema: Json = {}): Json => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string', ...schema },
})

export const HEADERS_IN = {
  IdempotencyKey: describeHeaderParameter(
    'Idempotency-Key',
    'A key that you choose, without commas. The answer is stored under it for 30 days. If the same request is sent again with the key, it gets the stored answer with Idempotency-Replayed: true, and nothing changes.',
    { minLength: 1, maxLength: 255, pattern: '^[^,]+$' },
  ),
  Bookmark: describeHeaderParameter(
    'X-D1-Bookmark',
    'The X-D1-Bookmark of an earlier answer. The read then sees at least what that answer saw. Without it, the nearest copy of the database answers, which may lag behind.',
  ),
  IfMatch: describeHeaderParameter('If-Match', 'An ETag. The request is refused with 412 unless the resource has this ETag.'),
  IfAbsent: describeHeaderParameter('If-None-Match', '*. If the resource exists, the request is refused with 412 instead of 409.'),
  IfNew: describeHeaderParameter('If-None-Match', 'An ETag. If the resource still has it, the answer is 304 without a body.'),
}

const describeHeader = (description: string): Json => ({ description, schema: { type: 'string' } })

export const HEADERS_OUT = {
  Location: describeHeader('The path at which the new resource can be read.'),
  ETag: describeHeader('The version of the resource.'),
  'Idempotency-Replayed': describeHeader('The value true, if this is the answer that was stored under the Idempotency-Key.'),
  'X-D1-Bookmark': describeHeader('Send it with a read that must see at least what this answer saw.'),
  'X-Request-Id': describeHeader('The id of the request. Its line in the log has the same id.'),
  'Retry-After': describeHeader('The number of seconds to wait.'),
  'WWW-Authenticate': describeHeader('Bearer.'),
  'Accept-Encoding': describeHeader('The value identity, if the body had a Content-Encoding. Send the body without one.'),
}

export const referToHeaders = (...names: (keyof typeof HEADERS_OUT | false)[]): Json =>
  Object.fromEntries(names.filter((name) => name !== false).map((name) => [name, { $ref: `#/components/headers/${name}` }]))

export const describeContent = (schema: Json, example?: Json): Json => ({ 'application/json': { schema, ...(example && { example }) } })

export const describeRefusal = (description: string, ...more: (keyof typeof HEADERS_OUT)[]): Json => ({
  description,
  headers: referToHeaders(...more, 'X-Request-Id'),
  content: describeContent({ $ref: '#/components/schemas/ErrorResponse' }),
})

export const RESPONSES: Record<keyof typeof SHARED, Json> = {
  BadRequest: describeRefusal(SHARED.BadRequest),
  Unauthorized: describeRefusal(SHARED.Unauthorized, 'WWW-Authenticate'),
  ContentTooLarge: describeRefusal(SHARED.ContentTooLarge),
  UnsupportedMediaType: describeRefusal(SHARED.UnsupportedMediaType, 'Accept-Encoding'),
  KeyReused: describeRefusal(SHARED.KeyReused),
  TooManyRequests: describeRefusal(SHARED.TooManyRequests, 'Retry-After'),
  Unavailable: describeRefusal(SHARED.Unavailable, 'Retry-After'),
  Unexpected: describeRefusal(SHARED.Unexpected),
}

export const referToResponse = (name: keyof typeof SHARED): Json => ({ $ref: `#/components/responses/${name}` })

/** The refusal 422 of a write: for its key, and for a limit of the operation. */
export const describeUnprocessable = (secret: boolean | undefined, own: string | undefined): Json => {
  if (secret) return describeRefusal(SECRET_KEPT)
  return own ? describeRefusal(`${SHARED.KeyReused} ${own}`) : referToResponse('KeyReused')
}
