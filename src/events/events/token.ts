import * as z from 'zod/mini'
import type { Ctx } from '../../db/context.ts'
import { type EventFilter, type EventShown, codeOf } from '../../ledger/client.ts'
import { ApiError } from '../../lib/errors.ts'
import { seal, unseal } from '../../lib/sign.ts'
import type { GetEventsQuery } from './schema.ts'

/** The query of a page of events. */
export interface EventsQuery {
  account?: string | undefined
  schema?: string | undefined
  customer?: string | undefined
  /** In NFC. */
  eventId?: string | undefined
  statuses?: readonly number[] | undefined
  /** In milliseconds. */
  from?: number | undefined
  until?: number | undefined
  reference?: string | undefined
  size: number
  after?: EventFilter['after']
}

/** The contract's limit for a token. */
const LONGEST = 500

/** No account has a longer id or alias. */
const LONGEST_NAME = 50

/** A text of the query, or true if it is the same as that of the last event of the previous page. */
const Text = z.optional(z.union([z.string(), z.literal(true)]))

const Sealed = z.object({
  a: Text,
  m: Text,
  c: Text,
  i: Text,
  s: z.optional(z.number()),
  f: z.optional(z.number()),
  u: z.optional(z.number()),
  n: z.number(),
  /** The time, id and reference of the last event of the previous page, or only its reference. */
  p: z.union([z.tuple([z.number(), z.string(), z.string()]), z.string()]),
})

const purposeOf = ({ organizationId }: Ctx): string => `page getEvents ${organizationId}`

const bitsOf = (statuses: readonly number[]): number => statuses.reduce((bits, status) => bits | (1 << status), 0)
const statusesOf = (bits: number): number[] => Array.from({ length: 16 }, (_, status) => status).filter((status) => bits & (1 << status))

/** Makes the token of the page after `last`. If a text of the query is too long, the token refers to that event, which has the same text. */
export const sealNext = async (ctx: Ctx, asked: EventsQuery, last: EventShown): Promise<string> => {
  const { account, schema, customer, eventId, statuses, from, until, size } = asked
  const rest = { ...(statuses && { s: bitsOf(statuses) }), f: from, u: until, n: size }
  const sealed = (payload: z.infer<typeof Sealed>) => seal(ctx.secrets[0] ?? '', purposeOf(ctx), payload)
  const whole = await sealed({ a: account, m: schema, c: customer, i: eventId, ...rest, p: [last.time, last.id, last.reference] })
  if (whole.length <= LONGEST) return whole
  return sealed({
    ...(account !== undefined && { a: account.length > LONGEST_NAME ? true : account }),
    ...(schema !== undefined && { m: true }),
    ...(customer !== undefined && { c: true }),
    ...(eventId !== undefined && { i: true }),
    ...rest,
    p: last.reference,
  })
}

const wrong = (message: string): ApiError => new ApiError('INVALID', `nextToken: ${message}`)

/** A text of a token, or the one of the last event. */
const text = (given: string | true | undefined, its: string | null | undefined): string | undefined =>
  given === true ? (its ?? undefined) : given

/** Opens a token. `find` returns the event with a reference. */
export const openNext = async (
  ctx: Ctx,
  token: string,
  find: (reference: string) => Promise<EventShown | undefined>,
): Promise<EventsQuery> => {
  const sealed = await unseal(ctx.secrets, purposeOf(ctx), token, Sealed)
  if (!sealed) throw wrong('must be the nextToken of a page of this list, as it was given')
  const { a, m, c, i, s, f, u, n, p } = sealed
  const last = typeof p === 'string' ? await find(p) : undefined
  if (typeof p === 'string' && !last) throw wrong('the last event of the page before is no longer kept')
  return {
    account: text(a, last?.account.slice(1)),
    schema: text(m, last?.schema),
    customer: text(c, last?.customer),
    eventId: text(i, last?.id),
    statuses: s === undefined ? undefined : statusesOf(s),
    from: f,
    until: u,
    size: n,
    after: typeof p === 'string' ? last && [last.time, last.id, last.reference] : p,
  }
}

/** The codes of the statuses of a query. */
export const codesOf = (status: GetEventsQuery['status']): number[] | undefined => status?.map(codeOf)
