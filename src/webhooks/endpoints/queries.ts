import { and, eq, getTableColumns } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selection } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import type { WebhookEndpoint } from './schema.ts'
import { webhookEndpoints } from './table.ts'

export type EndpointRow = typeof webhookEndpoints.$inferSelect

const columns = getTableColumns(webhookEndpoints)
const readRows = selection(columns)

export const readEndpointRows = (rows: readonly unknown[] | undefined): EndpointRow[] =>
  readRows.read((rows ?? []) as Record<string, unknown>[])

/** The query for an endpoint by its id. */
export const selectEndpoint = prepare(['organizationId', 'id'], (at) =>
  builder
    .select(readRows.selected)
    .from(webhookEndpoints)
    .where(and(eq(webhookEndpoints.organizationId, at.organizationId), eq(webhookEndpoints.id, at.id))),
)

/** The query for the endpoints of an organization that are sent something, the oldest first. */
export const selectEnabled = prepare(['organizationId'], (at) =>
  builder
    .select(readRows.selected)
    .from(webhookEndpoints)
    .where(and(eq(webhookEndpoints.organizationId, at.organizationId), eq(webhookEndpoints.status, 'ENABLED')))
    .orderBy(webhookEndpoints.id),
)

/** Shows an endpoint as the API does, without its secrets. */
export const showEndpoint = (row: EndpointRow): WebhookEndpoint => ({
  id: row.id,
  url: row.url,
  ...(row.description !== null && { description: row.description }),
  ...(row.eventTypes && { eventTypes: [...row.eventTypes] }),
  status: row.status,
  ...(row.statusReason !== null && { statusReason: row.statusReason }),
  ...(row.previousUntil !== null && { previousSecretValidUntil: iso(row.previousUntil) }),
  ...(row.failingSince !== null && { failingSince: iso(row.failingSince) }),
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

/** The tag of an endpoint for its ETag. It includes since when it fails, which changes without a new version. */
export const tagOfEndpoint = ({ version, failingSince }: Pick<EndpointRow, 'version' | 'failingSince'>): string =>
  tagOf(version, ...(failingSince === null ? [] : [failingSince]))

/** Reads an endpoint. Throws NOT_FOUND. */
export const readEndpoint = async (ctx: Ctx, id: string): Promise<EndpointRow> => {
  const [row] = readEndpointRows(await ctx.session.rows(selectEndpoint({ organizationId: ctx.organizationId, id })))
  if (!row) throw notFound('webhook endpoint', id)
  return row
}

export const listEndpoints = defineList({
  table: webhookEndpoints,
  key: webhookEndpoints.id,
  columns,
  order: { id: webhookEndpoints.id },
  sort: [['id', 'ASC']],
  statuses: ['ENABLED', 'DISABLED'],
})
