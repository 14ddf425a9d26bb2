import type { DatabaseSync } from 'node:sqlite'
import type { MadeEndpoint } from './torture_arrivals.ts'
import { BILLING_ORGANIZATION } from './torture_invoices.ts'
import type { Arrival } from './torture_receiver.ts'
import { must } from './torture_values.ts'

/** What webhooks tell, by the audit log alone: the name of the event, and what it is about. */
export interface Event {
  name: string
  type: string
  id: string
}

interface LogRow {
  sequence: number
  type: string
  id: string
  before: string | null
  after: string | null
}

interface KeptDelivery {
  endpoint: string
  number: number
  event: string
  name: string
  type: string
  id: string
  status: string
  attempts: number
  error: string | null
  body: string
}

const of = `organization_id = '${BILLING_ORGANIZATION}'`

const QUIET_INVOICES = new Set([null, 'DRAFT', 'GONE'])

/**
 * What is told of a row of the audit log. `isFirst` says that it is the first of its resource. An invoice that is no draft is told of also where
 * its status stays, as when a part of it is paid again.
 */
const nameOf = ({ type, before, after }: LogRow, isFirst: boolean): string | undefined => {
  if (type === 'CUSTOMER') return isFirst ? 'customer.created' : undefined
  if (type === 'ACCOUNT') return isFirst ? 'account.created' : undefined
  if (type === 'PAYMENT') return isFirst ? 'payment.recorded' : undefined
  if (type === 'PRICE_PLAN') return isFirst ? 'price_plan.created' : undefined
  if (before === after && type !== 'INVOICE') return undefined
  if (type === 'INCIDENT') return after === 'OPEN' ? 'incident.generated' : 'incident.closed'
  if (type === 'REPORT') return after === 'COMPLETED' ? 'report.generated' : undefined
  if (type === 'PRICING_CYCLE') return after === 'IN_FORCE' ? 'pricing_cycle.started' : 'pricing_cycle.ended'
  if (type !== 'INVOICE' || QUIET_INVOICES.has(after)) return undefined
  if (!QUIET_INVOICES.has(before)) return 'invoice.updated'
  return after === 'VOID' ? undefined : 'invoice.generated'
}

/** All that is to be told, in its order, which is that of the audit log. */
export const readTold = (database: DatabaseSync): Event[] => {
  const rows = database
    .prepare(
      `SELECT sequence, resource_type AS type, resource_id AS id, changes ->> '$.status[0]' AS before, changes ->> '$.status[1]' AS after
       FROM audit_log WHERE ${of} ORDER BY sequence`,
    )
    .all() as unknown as LogRow[]
  const begun = rows.findLast(({ type }) => type === 'WEBHOOK_ENDPOINT')?.sequence ?? 0
  /** The status of each resource that is known, which a row does not say where that has not changed. */
  const known = new Map<string, string | null>()
  return rows.flatMap((row): Event[] => {
    const { sequence, type, id, before, after } = row
    const isFirst = !known.has(`${type} ${id}`)
    const last = known.get(`${type} ${id}`) ?? null
    const isSame = before === null && after === null
    known.set(`${type} ${id}`, isSame ? last : after)
    const name = sequence > begun ? nameOf(isSame ? { ...row, before: last, after: last } : row, isFirst) : undefined
    return name === undefined ? [] : [{ name, type, id }]
  })
}

const readDeliveries = (database: DatabaseSync): KeptDelivery[] =>
  database
    .prepare(
      `SELECT its.endpoint_id AS endpoint, its.number, its.event_id AS event, its.event_type AS name, its.resource_type AS type,
        its.resource_id AS id, its.status, its.attempts, its.last_error AS error, event.body
       FROM webhook_deliveries AS its JOIN webhook_events AS event ON event.id = its.event_id AND event.organization_id = its.organization_id
       WHERE its.${of} ORDER BY its.endpoint_id, its.number`,
    )
    .all() as unknown as KeptDelivery[]

const say = (one: Event | undefined): string => (one ? `${one.name} of ${one.id}` : 'nothing')

const holdBody = ({ event, name, id, body }: KeptDelivery): void => {
  const said = JSON.parse(body) as Record<string, unknown> & { data: { id: unknown } }
  const isRight = said['id'] === event && said['type'] === name && said['organizationId'] === BILLING_ORGANIZATION && said.data.id === id
  must(isRight, `${event}, which tells ${name} of ${id}, says ${body.slice(0, 300)}`)
}

/** Holds that what came first of each resource came in the order of its deliveries, and also what was accepted first. */
const holdOrder = (deliveries: readonly KeptDelivery[], arrived: ReadonlyMap<string, readonly Arrival[]>, to: string): void => {
  for (const [resource, its] of Map.groupBy(deliveries, ({ type, id }) => `${type} ${id}`)) {
    let last: { event: string; at: number } | undefined
    for (const { event } of its) {
      const tries = arrived.get(event) ?? []
      const [first] = tries
      if (!first) continue
      must(!last || first.at >= last.at, `${event} of ${resource} came to ${to} before ${last?.event} was accepted there`)
      last = { event, at: tries.find(({ acceptedAt }) => acceptedAt !== undefined)?.at ?? Infinity }
    }
  }
}

/** Holds the deliveries of an endpoint against what is to be told, and against what came. All have been made and have arrived at the end. */
const holdEndpoint = (
  { to }: MadeEndpoint,
  told: readonly Event[],
  deliveries: readonly KeptDelivery[],
  arrived: ReadonlyMap<string, readonly Arrival[]>,
  isEnd: boolean,
): void => {
  for (const [at, delivery] of deliveries.entries()) {
    const { number, event, status, body } = delivery
    must(number === at + 1, `behind delivery ${at} to ${to} comes ${number}`)
    must(say(delivery) === say(told[at]), `delivery ${number} to ${to} tells ${say(delivery)}, and the audit log says ${say(told[at])}`)
    const tries = arrived.get(event) ?? []
    const what = `${event}, which tells ${say(delivery)}, is ${status} to ${to}`
    must(status === 'DELIVERED' || (status === 'PENDING' && !isEnd), `${what} after ${delivery.attempts} tries: ${delivery.error}`)
    const isAccepted = tries.some(({ acceptedAt }) => acceptedAt !== undefined)
    must(status !== 'DELIVERED' || isAccepted, `${what}, and came ${tries.length} times, but was not accepted`)
    must(
      tries.every((one) => one.body === body),
      `${what}, and other bytes came`,
    )
  }
  must(
    !isEnd || deliveries.length === told.length,
    `${told.length} events are to be told to ${to}, and there are ${deliveries.length} deliveries`,
  )
  const events = new Set(deliveries.map(({ event }) => event))
  must(events.size === deliveries.length, `an event has two deliveries to ${to}`)
  const odd = [...arrived.keys()].find((id) => !events.has(id))
  must(odd === undefined, `${odd} came to ${to}, and is not there`)
  holdOrder(deliveries, arrived, to)
}

/** Holds events and deliveries against the audit log and what came. Gives how many there are, and how many tries were made. */
export const holdDeliveries = (
  database: DatabaseSync,
  endpoints: readonly MadeEndpoint[],
  arrived: ReadonlyMap<string, ReadonlyMap<string, readonly Arrival[]>>,
  isEnd: boolean,
): { told: Event[]; bodies: Map<string, string> } => {
  const [told, deliveries] = [readTold(database), readDeliveries(database)]
  const bodies = new Map(deliveries.map(({ event, body }) => [event, body]))
  const byEndpoint = Map.groupBy(deliveries, ({ endpoint }) => endpoint)
  for (const delivery of byEndpoint.get(endpoints[0]?.id ?? '') ?? []) holdBody(delivery)
  const lists = endpoints.map(({ id }) => (byEndpoint.get(id) ?? []).map(({ event }) => event).join())
  must(
    lists.every((list) => list === lists[0]),
    'the endpoints are not told of the same events',
  )
  const [{ count } = { count: 0 }] = database.prepare(`SELECT count(*) AS count FROM webhook_events WHERE ${of}`).all() as {
    count: number
  }[]
  must(count === bodies.size, `there are ${count} events, and ${bodies.size} have deliveries`)
  for (const endpoint of endpoints)
    holdEndpoint(endpoint, told, byEndpoint.get(endpoint.id) ?? [], arrived.get(endpoint.to) ?? new Map(), isEnd)
  return { told, bodies }
}
