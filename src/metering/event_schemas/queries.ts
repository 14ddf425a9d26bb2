import { type Column, type Placeholder, type SQL, and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, qualified, selection } from '../../db/statements.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import { usageMeters } from '../usage_meters/table.ts'
import type { EventSchema } from './schema.ts'
import { eventSchemaVersions, eventSchemas, sortable } from './table.ts'

const { nameFolded: _name, descriptionFolded: _description, ...readColumns } = getTableColumns(eventSchemas)

export const readSchemas = selection(readColumns)

/** The columns of a schema, without those for search. An older version has the status ARCHIVED, the version 0 and no feature. */
export type ReadSchema = Pick<typeof eventSchemas.$inferSelect, keyof typeof readColumns>

/** The columns of older versions, in the shape of the columns of schemas. */
const selectOlderColumns = (): typeof readSchemas.selected => {
  const columns: Readonly<Record<string, SQL | Column>> = {
    ...getTableColumns(eventSchemaVersions),
    id: sql`''`,
    status: sql`'ARCHIVED'`,
    version: sql`0`,
    featureId: sql`null`,
    featureAttribute: sql`null`,
    eventLevelRevenue: sql`(
      select newest.event_level_revenue from event_schemas as newest
      where newest.organization_id = ${qualified(eventSchemaVersions.organizationId)} and newest.name = ${qualified(eventSchemaVersions.name)}
    )`,
  }
  return Object.fromEntries(Object.keys(readSchemas.selected).map((key) => [key, sql`${columns[key]}`.as(key)]))
}

type At = Readonly<Record<'organizationId' | 'name', Placeholder>>

const selectNewest = (at: At) =>
  builder
    .select(readSchemas.selected)
    .from(eventSchemas)
    .where(and(eq(eventSchemas.organizationId, at.organizationId), eq(eventSchemas.name, at.name)))

const selectOlder = (at: At, version?: Placeholder) =>
  builder
    .select(selectOlderColumns())
    .from(eventSchemaVersions)
    .where(
      and(
        eq(eventSchemaVersions.organizationId, at.organizationId),
        eq(eventSchemaVersions.name, at.name),
        version && eq(eventSchemaVersions.definitionVersion, version),
      ),
    )

const newestVersion = prepare(['organizationId', 'name'], selectNewest)

const newestAndOne = prepare(['organizationId', 'name', 'version'], (at) => selectNewest(at).unionAll(selectOlder(at, at.version)))

const allVersions = prepare(['organizationId', 'name'], (at) =>
  selectNewest(at)
    .unionAll(selectOlder(at))
    .orderBy(sql`definitionVersion desc`),
)

export const showEventSchema = (row: ReadSchema): EventSchema => ({
  name: row.name,
  ...(row.description !== null && { description: row.description }),
  version: row.definitionVersion,
  status: row.status,
  attributes: [...row.attributes],
  dimensions: [...row.dimensions],
  ...(row.filterFields && { filterFields: [...row.filterFields] }),
  ...(row.featureId !== null &&
    row.featureAttribute !== null && { featureDetails: { featureId: row.featureId, attributeName: row.featureAttribute } }),
  ...(row.enrichments && { enrichments: row.enrichments }),
  ...(row.eventIdTemplate !== null && { eventIdTemplate: row.eventIdTemplate }),
  eventLevelRevenue: row.eventLevelRevenue,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

/** The tag of a schema for its ETag. The tag of an older version never matches a version that can be changed. */
export const tagOfSchema = ({ version, definitionVersion }: Pick<ReadSchema, 'version' | 'definitionVersion'>): string =>
  version ? tagOf(version) : tagOf(0, definitionVersion)

/** Reads the rows of a schema with a statement, the newest version first. */
const readRows = async (ctx: Ctx, name: string, statement: Statement): Promise<[ReadSchema, ...ReadSchema[]]> => {
  const [row, ...others] = readSchemas.read(await ctx.session.rows(statement))
  if (!row) throw notFound('event schema', name)
  return [row, ...others]
}

export const readSchema = async (ctx: Ctx, name: string): Promise<ReadSchema> => {
  const [row] = await readRows(ctx, name, newestVersion({ organizationId: ctx.organizationId, name }))
  return row
}

/** Reads a version of a schema, which may be the newest. */
export const readVersion = async (ctx: Ctx, name: string, version: number): Promise<ReadSchema> => {
  const rows = await readRows(ctx, name, newestAndOne({ organizationId: ctx.organizationId, name, version }))
  const found = rows.find(({ definitionVersion }) => definitionVersion === version)
  if (!found) throw new ApiError('NOT_FOUND', `The event schema "${name}" has no version ${version}.`)
  return found
}

/** Reads all versions of a schema, the newest first. */
export const readVersions = (ctx: Ctx, name: string): Promise<ReadSchema[]> =>
  readRows(ctx, name, allVersions({ organizationId: ctx.organizationId, name }))

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
