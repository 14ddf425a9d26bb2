import { and, eq } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply, combineDrafts, commit } from '../../db/commit.ts'
import type { Locate } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { newId } from '../../lib/ids.ts'
import { draftFeeding } from '../../metering/event_schemas/service.ts'
import { type FeatureRow, type ReadFeature, listFeatures, readFeature, showFeature, showListedFeature, tagOfFeature } from './queries.ts'
import type {
  CreateFeatureRequest,
  EventSchemasForFeature,
  Feature,
  FeaturePaginatedListData,
  ListFeaturesQuery,
  UpdateFeatureRequest,
} from './schema.ts'
import { features } from './table.ts'

const insertFeatures = insertInto(features)

const byName = (associations: readonly EventSchemasForFeature[]): EventSchemasForFeature[] =>
  associations.toSorted((one, other) => (one.schemaName < other.schemaName ? -1 : 1))

const recordChange = (before: ReadFeature | undefined, after: ReadFeature): Draft<object>['changes'] => [
  { type: 'FEATURE', id: after.id, fields: differences(before && showFeature(before), showFeature(after)) },
]

/** By which of its values a conflict names a schema, and which part of the association is at fault. */
const FAULTS: Readonly<Record<string, readonly [at: number, part: keyof EventSchemasForFeature]>> = {
  EVENT_SCHEMA_NOT_FOUND: [0, 'schemaName'],
  EVENT_SCHEMA_ARCHIVED: [0, 'schemaName'],
  EVENT_SCHEMA_HAS_FEATURE: [0, 'schemaName'],
  FEATURE_ATTRIBUTE_UNKNOWN: [1, 'attributeName'],
}

/** Where a request has the schema that a conflict is about. */
const locateIn =
  (sent: readonly EventSchemasForFeature[] = []): Locate =>
  (conflict, values) => {
    const [at, part] = FAULTS[conflict] ?? []
    const index = at === undefined ? -1 : sent.findIndex(({ schemaName }) => schemaName === values[at])
    return index < 0 ? undefined : `schemaAssociations[${index}].${part}`
  }

/** Creates a feature, which the schemas that it names feed from now on. */
export const createFeature = (ctx: Ctx, { name, billableName, schemaAssociations }: CreateFeatureRequest): Promise<Reply<Feature>> => {
  const row: FeatureRow = {
    id: newId('FEATURE', ctx.now),
    organizationId: ctx.organizationId,
    name,
    billableName: billableName || null,
    createdAt: ctx.now,
    updatedAt: ctx.now,
    version: 1,
  }
  const made = { ...row, schemaAssociations: byName(schemaAssociations) }
  const draft = {
    statements: [insertFeatures([row])],
    changes: recordChange(undefined, made),
    answer: showFeature(made),
    tag: tagOfFeature(row),
    locate: locateIn(schemaAssociations),
  }
  return commit(ctx, combineDrafts(draft, draftFeeding(ctx, row.id, [], made.schemaAssociations)))
}

export const getFeature = async (ctx: Ctx, id: string): Promise<Reply<Feature>> => {
  const row = await readFeature(ctx, id)
  return { answer: showFeature(row), tag: tagOfFeature(row) }
}

/** The features by their names, a page at a time. */
export const getFeatures = async (ctx: Ctx, query: ListFeaturesQuery): Promise<Reply<FeaturePaginatedListData>> => {
  const { rows, next, context } = await listFeatures(ctx, query)
  return { answer: { data: rows.map(showListedFeature), ...next, context } }
}

/** Replaces what is sent, the list of schemas as a whole. */
export const updateFeature = (ctx: Ctx, id: string, input: UpdateFeatureRequest): Promise<Reply<Feature>> =>
  changeVersioned(ctx, {
    read: () => readFeature(ctx, id),
    tagOf: tagOfFeature,
    change: (row) => {
      const names = {
        name: input.name ?? row.name,
        billableName: input.billableName === undefined ? row.billableName : input.billableName || null,
      }
      const schemaAssociations = byName(input.schemaAssociations ?? row.schemaAssociations)
      const changed = { ...row, ...names, schemaAssociations }
      if (!Object.keys(differences(showFeature(row), showFeature(changed))).length) return { unchanged: showFeature(row) }
      const stamps = { updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }
      const after = { ...changed, ...stamps }
      const draft = {
        statements: [
          builder
            .update(features)
            .set({ ...names, ...stamps })
            .where(and(eq(features.organizationId, ctx.organizationId), eq(features.id, id))),
        ],
        changes: recordChange(row, after),
        answer: showFeature(after),
        tag: tagOfFeature(after),
        locate: locateIn(input.schemaAssociations),
      }
      return combineDrafts(draft, draftFeeding(ctx, id, row.schemaAssociations, schemaAssociations))
    },
  })
