import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selection } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import { type ReadSchema, readSchemas } from '../event_schemas/queries.ts'
import { eventSchemas } from '../event_schemas/table.ts'
import type { UsageMeter } from './schema.ts'
import { order, usageMeters } from './table.ts'

const { idFolded: _id, nameFolded: _name, billableNameFolded: _billableName, ...readColumns } = getTableColumns(usageMeters)

const readMeters = selection(readColumns)

/** The columns of a meter, without those for search. */
export type ReadMeter = Pick<typeof usageMeters.$inferSelect, keyof typeof readColumns>

const oneMeter = prepare(['organizationId', 'id'], (at) =>
  builder
    .select(readMeters.selected)
    .from(usageMeters)
    .where(and(eq(usageMeters.organizationId, at.organizationId), eq(usageMeters.id, at.id))),
)

/** The columns of the schema that are read with a meter. */
const OF_SCHEMA = 'schema_'

const meterAndSchema = prepare(['organizationId', 'id'], (at) => {
  const schema = Object.entries(readSchemas.columns).map(([key, column]) => [OF_SCHEMA + key, sql`${column}`.as(OF_SCHEMA + key)])
  return builder
    .select({ ...readMeters.selected, ...(Object.fromEntries(schema) as typeof readSchemas.selected) })
    .from(usageMeters)
    .leftJoin(
      eventSchemas,
      and(eq(eventSchemas.organizationId, usageMeters.organizationId), eq(eventSchemas.name, usageMeters.eventSchemaName)),
    )
    .where(and(eq(usageMeters.organizationId, at.organizationId), eq(usageMeters.id, at.id)))
})

export const showUsageMeter = (row: ReadMeter): UsageMeter => ({
  id: row.id,
  name: row.name,
  ...(row.billableName !== null && { billableName: row.billableName }),
  displayName: row.billableName ?? row.name,
  ...(row.description !== null && { description: row.description }),
  ...(row.filters && { filters: [...row.filters] }),
  type: 'COUNTER',
  status: row.status,
  aggregation: row.aggregation,
  ...(row.computations && { computations: [...row.computations] }),
  createdAt: iso(row.createdAt),
  ...(row.lastActivatedAt !== null && { lastActivatedAt: iso(row.lastActivatedAt) }),
  updatedAt: iso(row.updatedAt),
})

/** The tag of a meter for its ETag. */
export const tagOfMeter = ({ version }: Pick<ReadMeter, 'version'>): string => tagOf(version)

export const readMeter = async (ctx: Ctx, id: string): Promise<ReadMeter> => {
  const [row] = readMeters.read(await ctx.session.rows(oneMeter({ organizationId: ctx.organizationId, id })))
  if (!row) throw notFound('usage meter', id)
  return row
}

/** Reads a meter and its schema, if it has one. */
export const readMeterAndSchema = async (ctx: Ctx, id: string): Promise<{ row: ReadMeter; schema: ReadSchema | undefined }> => {
  const [found] = await ctx.session.rows<Record<string, unknown>>(meterAndSchema({ organizationId: ctx.organizationId, id }))
  const [row] = readMeters.read(found ? [found] : [])
  if (!found || !row) throw notFound('usage meter', id)
  if (row.eventSchemaName === null) return { row, schema: undefined }
  const ofSchema = Object.entries(found).filter(([key]) => key.startsWith(OF_SCHEMA))
  const [schema] = readSchemas.read([Object.fromEntries(ofSchema.map(([key, value]) => [key.slice(OF_SCHEMA.length), value]))])
  return { row, schema }
}

export const listMeters = defineList({
  table: usageMeters,
  key: usageMeters.id,
  columns: readColumns,
  order,
  sortable: ['updated_at'],
  sort: [
    ['updated_at', 'DESC'],
    ['id', 'ASC'],
  ],
  filters: { id: usageMeters.id, aggregation: usageMeters.aggregation, event_schema_name: usageMeters.eventSchemaName },
  statuses: ['DRAFT', 'ACTIVE', 'INACTIVE'],
  statusesOf: { INACTIVE: ['DRAFT', 'INACTIVE'] },
  searched: [usageMeters.idFolded, usageMeters.nameFolded, usageMeters.billableNameFolded],
})
