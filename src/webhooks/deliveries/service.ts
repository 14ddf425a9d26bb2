import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { type Change, type Draft, type Reply, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, selection } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { newId } from '../../lib/ids.ts'
import { iso } from '../../lib/time.ts'
import { readEndpoint, showEndpoint } from '../endpoints/queries.ts'
import { webhookEndpoints } from '../endpoints/table.ts'
import { TEST_EVENT } from '../messages/schema.ts'
import { webhookEvents } from '../messages/table.ts'
import type { ListWebhookDeliveriesQuery, WebhookDelivery, WebhookDeliveryPaginatedResponse, WebhookDeliveryWithBody } from './schema.ts'
import { webhookDeliveries } from './table.ts'
import { insertDeliveries, insertEvents, newEvent } from './write.ts'

type DeliveryRow = typeof webhookDeliveries.$inferSelect

const columns = getTableColumns(webhookDeliveries)
const readRows = selection(columns)

/** Shows a delivery as the API does, without its body. */
const show = (row: Omit<DeliveryRow, 'number'>): WebhookDelivery => ({
  id: row.id,
  endpointId: row.endpointId,
  eventId: row.eventId,
  eventType: row.eventType as WebhookDelivery['eventType'],
  resourceId: row.resourceId,
  status: row.status,
  attempts: row.attempts,
  ...(row.lastStatus !== null && { lastStatusCode: row.lastStatus }),
  ...(row.lastError !== null && { lastError: row.lastError }),
  ...(row.lastAttemptAt !== null && { lastAttemptAt: iso(row.lastAttemptAt) }),
  ...(row.status === 'PENDING' && { nextAttemptAt: iso(row.nextAt) }),
  createdAt: iso(row.createdAt),
  ...(row.endedAt !== null && { endedAt: iso(row.endedAt) }),
})

const listOfEndpoint = defineList({
  table: webhookDeliveries,
  key: webhookDeliveries.id,
  columns,
  order: { number: webhookDeliveries.number },
  sort: [['number', 'DESC']],
  where: ({ endpoint }) => sql`endpoint_id = ${endpoint}`,
})

/** Lists the deliveries of an endpoint, the newest first, page by page. */
export const listWebhookDeliveries = async (
  ctx: Ctx,
  endpointId: string,
  query: ListWebhookDeliveriesQuery,
): Promise<Reply<WebhookDeliveryPaginatedResponse>> => {
  const { rows, next, context } = await listOfEndpoint(ctx, query, { endpoint: endpointId }, endpointId)
  await readEndpoint(ctx, endpointId)
  return { answer: { data: rows.map(show), ...next, context } }
}

const isDelivery = ({ organizationId }: Ctx, endpointId: string, id: string) =>
  and(eq(webhookDeliveries.organizationId, organizationId), eq(webhookDeliveries.endpointId, endpointId), eq(webhookDeliveries.id, id))

/** Reads a delivery with its body. Throws NOT_FOUND. */
const readDelivery = async (ctx: Ctx, endpointId: string, id: string): Promise<DeliveryRow & { body: string }> => {
  const [row] = await ctx.session.db
    .select({ ...readRows.selected, body: sql<string>`${webhookEvents.body}`.as('body') })
    .from(webhookDeliveries)
    .innerJoin(webhookEvents, eq(webhookEvents.id, webhookDeliveries.eventId))
    .where(isDelivery(ctx, endpointId, id))
  if (!row) throw notFound('webhook delivery', id)
  return { ...(readRows.read([row])[0] as DeliveryRow), body: row.body }
}

export const getWebhookDelivery = async (ctx: Ctx, endpointId: string, id: string): Promise<Reply<WebhookDeliveryWithBody>> => {
  await readEndpoint(ctx, endpointId)
  const { body, ...row } = await readDelivery(ctx, endpointId, id)
  return { answer: { ...show(row), body }, tag: tagOfDelivery(row) }
}

/** The statement that refuses to send something to an endpoint that is sent nothing. */
const holdEnabled = ({ organizationId }: Ctx, endpointId: string) =>
  refuseWhen(
    'WEBHOOK_ENDPOINT_NOT_ENABLED',
    sql`select json_array(id, status) from ${webhookEndpoints}
      where organization_id = ${organizationId} and id = ${endpointId} and status <> 'ENABLED'`,
  )

/** What is recorded of a delivery that a person asks for, of which webhooks tell nothing. */
const record = (id: string, fields: Change['fields']): Change => ({ type: 'WEBHOOK_DELIVERY', id, fields, status: null })

/** The state of a delivery that its ETag names. */
const tagOfDelivery = ({ attempts, nextAt, status, isResent }: DeliveryRow): string =>
  tagOf(attempts, nextAt, status, isResent ? 'RESENT' : '')

/** The statement that refuses a change as stale if a try has come first. */
const holdDelivery = (ctx: Ctx, { endpointId, id, attempts, nextAt, status }: DeliveryRow) =>
  refuseWhen(
    'STALE',
    sql`select '[]' where not exists (
      select 1 from ${webhookDeliveries} where ${isDelivery(ctx, endpointId, id)}
        and attempts = ${attempts} and next_at = ${nextAt} and status = ${status}
    )`,
  )

/** Sends an event again, with the id and the body that it has, for which it has another day; or tries it now if it is still on its way. */
export const resendWebhookDelivery = (ctx: Ctx, endpointId: string, id: string): Promise<Reply<WebhookDelivery>> =>
  changeVersioned(ctx, {
    read: async () => {
      await readEndpoint(ctx, endpointId)
      const { body: _body, ...row } = await readDelivery(ctx, endpointId, id)
      return row
    },
    tagOf: tagOfDelivery,
    change: (row): Draft<WebhookDelivery> => {
      /** What is still on its way keeps its place in the order, and its day. */
      const again = row.status === 'PENDING' ? {} : { isResent: true, attempts: 0, firstAttemptAt: null }
      const set = { status: 'PENDING' as const, nextAt: Math.max(ctx.wallClock, row.nextAt + 1), endedAt: null, ...again }
      const after = { ...row, ...set }
      return {
        statements: [
          holdDelivery(ctx, row),
          holdEnabled(ctx, endpointId),
          builder
            .update(webhookDeliveries)
            .set(set)
            .where(isDelivery(ctx, endpointId, id)),
        ],
        changes: [record(id, differences(show(row), show(after)))],
        answer: show(after),
        tag: tagOfDelivery(after),
        status: 202,
      }
    },
  })

/** Sends an event to an endpoint that says nothing but what the endpoint is. */
export const testWebhookEndpoint = async (ctx: Ctx, endpointId: string): Promise<Reply<WebhookDelivery>> => {
  const endpoint = await readEndpoint(ctx, endpointId)
  const { organizationId, wallClock } = ctx
  const its = { organizationId, type: TEST_EVENT, resourceType: 'WEBHOOK_ENDPOINT', resourceId: endpointId }
  const event = newEvent(its, wallClock, wallClock, showEndpoint(endpoint))
  const id = newId('WEBHOOK_DELIVERY', wallClock)
  const answer = show({
    id,
    organizationId,
    endpointId,
    eventId: event.id,
    eventType: event.type,
    resourceType: event.resourceType,
    resourceId: endpointId,
    status: 'PENDING',
    isResent: false,
    attempts: 0,
    nextAt: wallClock,
    claimedUntil: 0,
    firstAttemptAt: null,
    lastAttemptAt: null,
    lastStatus: null,
    lastError: null,
    createdAt: wallClock,
    endedAt: null,
  })
  return commit(ctx, {
    statements: [
      holdEnabled(ctx, endpointId),
      insertEvents([event]),
      insertDeliveries(organizationId, [{ id, endpointId, place: 1, event }], wallClock),
    ],
    changes: [record(id, { status: [null, 'PENDING'], eventType: [null, TEST_EVENT], endpointId: [null, endpointId] })],
    answer,
    status: 202,
  })
}
