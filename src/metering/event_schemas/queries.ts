import { and, desc, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, qualified, selection } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import { usageMeters } from '../usage_meters/table.ts'
import type { EventSchema } from './schema.ts'
import { eventSchemaVersions, eventSchemas, sortable } from './table.ts'

const { nameFolded: _name, descriptionFolded: _description, ...readColumns } = getTableColumns(eventSchemas)

export const readSchemas = selection(readColumns)
const readVersions = selection(getTableColumns(eventSchemaVersions))

/** What is read of a schema: without what it is searched by. */
export type ReadSchema = Pick<typeof eventSchemas.$inferSelect, keyof typeof readColumns>

const oneSchema = prepare(['organizationId', 'name'], (at) =>
  builder
    .select(readSchemas.selected)
    .from(eventSchemas)
    .where(and(eq(eventSchemas.organizationId, at.organizationId), eq(eventSchemas.name, at.name))),
)

export const olderVersions = prepare(['organizationId', 'name'], (at) =>
  builder
    .select(readVersions.selected)
    .from(eventSchemaVersions)
    .where(and(eq(eventSchemaVersions.organizationId, at.organizationId), eq(eventSchemaVersions.name, at.name)))
    .orderBy(desc(eventSchemaVersions.definitionVersion)),
)

export const oneVersion = prepare(['organizationId', 'name', 'version'], (at) =>
  builder
    .select(readVersions.selected)
    .from(eventSchemaVersions)
    .where(
      and(
        eq(eventSchemaVersions.organizationId, at.organizationId),
        eq(eventSchemaVersions.name, at.name),
        eq(eventSchemaVersions.definitionVersion, at.version),
      ),
    ),
)

/** A schema as it is shown, or an older version of one, which is archived. */
export const showEventSchema = (row: Omit<ReadSchema, 'id' | 'organizationId' | 'version'>): EventSchema => ({
  name: row.name,
  ...(row.description !== null && { description: row.description }),
  version: row.definitionVersion,
  status: row.status,
  attributes: [...row.attributes],
  dimensions: [...row.dimensions],
  ...(row.filterFields && { filterFields: [...row.filterFields] }),
  ...(row.enrichments && { enrichments: row.enrichments }),
  ...(row.eventIdTemplate !== null && { eventIdTemplate: row.eventIdTemplate }),
  eventLevelRevenue: false,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

export const showVersion = (row: typeof eventSchemaVersions.$inferSelect): EventSchema => showEventSchema({ ...row, status: 'ARCHIVED' })

/** The state of a schema that its ETag names. */
export const tagOfSchema = ({ version }: Pick<ReadSchema, 'version'>): string => tagOf(version)

/** Reads a schema, and with it what another statement finds, in one round trip. */
export const readSchemaAnd = async (ctx: Ctx, name: string, other: readonly Statement[] = []) => {
  const { organizationId } = ctx
  const [found, others] = await ctx.session.batch<Record<string, unknown>>([oneSchema({ organizationId, name }), ...other])
  const [row] = readSchemas.read(found?.results ?? [])
  if (!row) throw notFound('event schema', name)
  return { row, older: readVersions.read(others?.results ?? []) }
}

const countMeters = sql<number>`(
    select count(*) from ${usageMeters}
    where ${usageMeters.organizationId} = ${qualified(eventSchemas.organizationId)}
      and ${usageMeters.eventSchemaName} = ${qualified(eventSchemas.name)} and ${usageMeters.status} <> 'ARCHIVED'
  )`

export const listSchemas = defineList({
  table: eventSchemas,
  key: eventSchemas.id,
  columns: readColumns,
  more: () => ({ usageMetersCount: countMeters }),
  order: sortable,
  sortable: Object.keys(sortable),
  sort: [
    ['updated_at', 'DESC'],
    ['name', 'ASC'],
  ],
  statuses: ['DRAFT', 'ACTIVE', 'INACTIVE'],
  statusesOf: { INACTIVE: ['DRAFT', 'INACTIVE'] },
  searched: [eventSchemas.nameFolded, eventSchemas.descriptionFolded],
})
