import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, qualified } from '../../db/statements.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import { eventSchemas } from '../../metering/event_schemas/table.ts'
import type { EventSchemasForFeature, Feature } from './schema.ts'
import { features } from './table.ts'

export type FeatureRow = typeof features.$inferSelect

/** A feature with the schemas that feed it, in the order of their names. */
export type ReadFeature = FeatureRow & { readonly schemaAssociations: readonly EventSchemasForFeature[] }

const columns = getTableColumns(features)

const feedsFeature = sql`${eventSchemas.organizationId} = ${qualified(features.organizationId)} and ${eventSchemas.featureId} = ${qualified(features.id)}`

const associations = sql<string>`(
  select json_group_array(json_object('schemaName', name, 'attributeName', feature_attribute)) from (
    select ${eventSchemas.name}, ${eventSchemas.featureAttribute} from ${eventSchemas} where ${feedsFeature} order by ${eventSchemas.name}
  )
)`

const oneFeature = prepare(['organizationId', 'id'], (at) =>
  builder
    .select({
      ...Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, sql`${column}`.as(key)])),
      schemaAssociations: associations.as('schemaAssociations'),
    })
    .from(features)
    .where(and(eq(features.organizationId, at.organizationId), eq(features.id, at.id))),
)

const showNames = ({ id, name, billableName }: FeatureRow) => ({
  id,
  name,
  ...(billableName !== null && { billableName }),
  displayName: billableName ?? name,
})

const showTimes = ({ createdAt, updatedAt }: FeatureRow) => ({ createdAt: iso(createdAt), updatedAt: iso(updatedAt) })

export const showFeature = (row: ReadFeature): Feature => ({
  ...showNames(row),
  schemaAssociations: [...row.schemaAssociations],
  ...showTimes(row),
})

export const showListedFeature = (row: FeatureRow & { schemaCount: number }) => ({
  ...showNames(row),
  schemaCount: row.schemaCount,
  ...showTimes(row),
})

/** The state of a feature that its ETag names. */
export const tagOfFeature = ({ version }: Pick<FeatureRow, 'version'>): string => tagOf(version)

export const readFeature = async (ctx: Ctx, id: string): Promise<ReadFeature> => {
  const [row] = await ctx.session.rows<FeatureRow & { schemaAssociations: string }>(oneFeature({ organizationId: ctx.organizationId, id }))
  if (!row) throw notFound('feature', id)
  return { ...row, schemaAssociations: JSON.parse(row.schemaAssociations) as EventSchemasForFeature[] }
}

export const listFeatures = defineList({
  table: features,
  key: features.id,
  columns,
  more: () => ({ schemaCount: sql<number>`(select count(*) from ${eventSchemas} where ${feedsFeature})` }),
  order: { name: features.name, id: features.id },
  sort: [
    ['name', 'ASC'],
    ['id', 'ASC'],
  ],
})
