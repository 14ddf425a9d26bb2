import { and, eq, sql } from 'drizzle-orm'
import { draftOrganizationChange } from '../../access/organizations/service.ts'
import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply, combineDrafts, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto, qualified } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, archived, refuseFaults } from '../../lib/errors.ts'
import { fold } from '../../lib/fold.ts'
import { newId } from '../../lib/ids.ts'
import { type Definition, findDefinitionFaults, findEnrichmentFaults } from './faults.ts'
import { extendDefinition, isSameDefinition, pathInSent, replaceDefinition } from './publish.ts'
import { type ReadSchema, listSchemas, readSchema, readVersion, readVersions, showEventSchema, tagOfSchema } from './queries.ts'
import type {
  CreateEventSchemaRequest,
  EventSchema,
  EventSchemaListPaginatedResponse,
  EventSchemaVersionsResponse,
  GetEventSchemaQuery,
  ListEventSchemasQuery,
  UpdateEventSchemaRequest,
} from './schema.ts'
import { eventSchemaVersions, eventSchemas } from './table.ts'

type SchemaRow = typeof eventSchemas.$inferSelect

const insertSchemas = insertInto(eventSchemas)
const insertVersions = insertInto(eventSchemaVersions)

const recordChange = (before: ReadSchema | undefined, after: ReadSchema): Draft<object>['changes'] => [
  { type: 'EVENT_SCHEMA', id: after.name, fields: differences(before && showEventSchema(before), showEventSchema(after)) },
]

/** Creates a schema as a draft. */
export const createEventSchema = async (ctx: Ctx, input: CreateEventSchemaRequest): Promise<Reply<EventSchema>> => {
  const { name, description = null, attributes, dimensions, filterFields = null, enrichments = null, eventIdTemplate = null } = input
  const definition: Definition = { attributes, dimensions, filterFields, enrichments, eventIdTemplate }
  refuseFaults('INVALID', findDefinitionFaults(definition))
  const row: SchemaRow = {
    id: newId('EVENT_SCHEMA', ctx.now),
    organizationId: ctx.organizationId,
    name,
    description,
    status: 'DRAFT',
    definitionVersion: 1,
    ...definition,
    createdAt: ctx.now,
    updatedAt: ctx.now,
    version: 1,
    nameFolded: fold(name),
    descriptionFolded: description === null ? null : fold(description),
    featureId: null,
    featureAttribute: null,
    eventLevelRevenue: false,
  }
  return commit(ctx, {
    statements: [insertSchemas([row])],
    changes: recordChange(undefined, row),
    answer: showEventSchema(row),
    tag: tagOfSchema(row),
    exists: 'EVENT_SCHEMA_TAKEN',
  })
}

/** Reads the newest version of a schema, or the requested one. */
export const getEventSchema = async (ctx: Ctx, name: string, { version }: GetEventSchemaQuery): Promise<Reply<EventSchema>> => {
  const row = version === undefined ? await readSchema(ctx, name) : await readVersion(ctx, name, version)
  return { answer: showEventSchema(row), tag: tagOfSchema(row) }
}

export const listEventSchemaVersions = async (ctx: Ctx, name: string): Promise<Reply<EventSchemaVersionsResponse>> => {
  const rows = await readVersions(ctx, name)
  return { answer: { data: rows.map(showEventSchema) } }
}

/** Lists the newest versions of schemas, page by page. Without `status`, archived schemas are left out. */
export const listEventSchemas = async (ctx: Ctx, query: ListEventSchemasQuery): Promise<Reply<EventSchemaListPaginatedResponse>> => {
  const { rows, next, context } = await listSchemas(ctx, query)
  return { answer: { data: rows.map((row) => ({ ...showEventSchema(row), usageMetersCount: row.usageMetersCount })), ...next, context } }
}

/** Drafts a change of a schema that was read as `row`. If the schema is published, ledgers are told. */
const draftChange = <Answer extends object>(
  ctx: Ctx,
  row: ReadSchema,
  changes: Partial<SchemaRow>,
  answerOf: (schema: EventSchema) => Answer,
): Draft<Answer> => {
  const set = { ...changes, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }
  const changed = { ...row, ...set }
  const isRow = and(eq(eventSchemas.organizationId, ctx.organizationId), eq(eventSchemas.id, row.id))
  const isUsed = row.status !== 'DRAFT' || changed.status === 'ACTIVE'
  return combineDrafts(
    {
      statements: [builder.update(eventSchemas).set(set).where(isRow)],
      changes: recordChange(row, changed),
      answer: answerOf(showEventSchema(changed)),
      tag: tagOfSchema(changed),
    },
    ...(isUsed ? [draftOrganizationChange(ctx)] : []),
  )
}

/** Changes a schema that is not archived. */
const changeSchema = <Answer extends object>(
  ctx: Ctx,
  name: string,
  change: (row: ReadSchema) => Draft<Answer> | { unchanged: Answer },
): Promise<Reply<Answer>> =>
  changeVersioned(ctx, {
    read: () => readSchema(ctx, name),
    tagOf: tagOfSchema,
    change: (row) => {
      if (row.status === 'ARCHIVED') throw archived('event schema', name)
      return change(row)
    },
  })

/** The definition of a schema after a request, which replaces parts of a draft, and adds to a published definition. */
const nextDefinition = (row: ReadSchema, sent: Omit<UpdateEventSchemaRequest, 'description'>): Definition => {
  const isDraft = row.status === 'DRAFT'
  const { definition, faults } = isDraft ? { definition: replaceDefinition(row, sent), faults: [] } : extendDefinition(row, sent)
  refuseFaults('CONFLICT', faults)
  const wrong = [...findDefinitionFaults(definition), ...(isDraft ? [] : findEnrichmentFaults(definition))]
  refuseFaults(
    'INVALID',
    wrong.map(({ path, message }) => ({ path: pathInSent(sent, definition, path), message })),
  )
  return definition
}

/** Changes a draft, or adds a new version to a published schema. */
export const updateEventSchema = (ctx: Ctx, name: string, input: UpdateEventSchemaRequest): Promise<Reply<EventSchema>> =>
  changeSchema(ctx, name, (row) => {
    const { description = row.description, ...sent } = input
    const definition = nextDefinition(row, sent)
    const isNew = row.status !== 'DRAFT' && !isSameDefinition(row, definition)
    const next = { ...definition, description, definitionVersion: row.definitionVersion + Number(isNew) }
    if (!Object.keys(differences(showEventSchema(row), showEventSchema({ ...row, ...next }))).length)
      return { unchanged: showEventSchema(row) }
    const draft = draftChange(ctx, row, { ...next, descriptionFolded: description === null ? null : fold(description) }, (schema) => schema)
    return isNew ? { ...draft, statements: [...draft.statements, insertVersions([row])] } : draft
  })

/** Activates a schema. An active schema stays as it is. */
export const activateEventSchema = (ctx: Ctx, name: string): Promise<Reply<EventSchema>> =>
  changeSchema(ctx, name, (row) => {
    if (row.status === 'ACTIVE') return { unchanged: showEventSchema(row) }
    refuseFaults('CONFLICT', findEnrichmentFaults(row))
    return draftChange(ctx, row, { status: 'ACTIVE' }, (schema) => schema)
  })

/** Deactivates a schema without active meters. An inactive schema stays as it is. */
export const deactivateEventSchema = (ctx: Ctx, name: string): Promise<Reply<EventSchema>> =>
  changeSchema(ctx, name, (row) => {
    if (row.status === 'INACTIVE') return { unchanged: showEventSchema(row) }
    if (row.status === 'DRAFT')
      throw new ApiError('CONFLICT', `The event schema "${name}" is DRAFT, and only one that is ACTIVE can be deactivated.`)
    return draftChange(ctx, row, { status: 'INACTIVE' }, (schema) => schema)
  })

/** Archives a schema that is not active and has only archived meters. */
export const deleteEventSchema = (ctx: Ctx, name: string): Promise<Reply<{ success: boolean }>> =>
  changeSchema(ctx, name, (row) => {
    if (row.status === 'ACTIVE') throw new ApiError('CONFLICT', `The event schema "${name}" is ACTIVE, and must be deactivated first.`)
    return draftChange(ctx, row, { status: 'ARCHIVED' }, () => ({ success: true }))
  })

/** A schema that feeds a feature, and by which of its attributes. */
interface Feeding {
  readonly schemaName: string
  readonly attributeName: string
}

const attributesOf = (feeding: readonly Feeding[]): ReadonlyMap<string, string> =>
  new Map(feeding.map(({ schemaName, attributeName }) => [schemaName, attributeName]))

/** Has the schemas of `after` feed a feature, and no others of `before`. A schema shows the feature that it feeds, and so has a new version. */
export const draftFeeding = (
  ctx: Ctx,
  featureId: string,
  before: readonly Feeding[],
  after: readonly Feeding[],
): Omit<Draft<object>, 'answer'> => {
  const [was, is] = [attributesOf(before), attributesOf(after)]
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter((name) => was.get(name) !== is.get(name))
  if (!changed.length) return { statements: [], changes: [] }
  const sent = JSON.stringify(changed.map((name) => [name, is.get(name) ?? null]))
  const isOfOrganization = eq(eventSchemas.organizationId, ctx.organizationId)
  const attribute = sql`(select sent.value ->> 1 from json_each(${sent}) as sent where sent.value ->> 0 = ${qualified(eventSchemas.name)})`
  const missing = sql`
    select json_array(sent.value ->> 0) from json_each(${sent}) as sent
    where not exists (select 1 from ${eventSchemas} where ${isOfOrganization} and ${eventSchemas.name} = sent.value ->> 0)
  `
  const update = builder
    .update(eventSchemas)
    .set({
      featureId: sql`iif(${attribute} is null, null, ${featureId})`,
      featureAttribute: attribute,
      updatedAt: sql`max(${eventSchemas.updatedAt}, ${ctx.now})`,
      version: sql`${eventSchemas.version} + 1`,
    })
    .where(and(isOfOrganization, sql`${eventSchemas.name} in (select sent.value ->> 0 from json_each(${sent}) as sent)`))
  const detailsOf = (attributeName: string | undefined) =>
    attributeName === undefined ? {} : { featureDetails: { featureId, attributeName } }
  return {
    statements: [refuseWhen('EVENT_SCHEMA_NOT_FOUND', missing), update],
    changes: changed.map((name) => ({
      type: 'EVENT_SCHEMA',
      id: name,
      fields: differences(detailsOf(was.get(name)), detailsOf(is.get(name))),
    })),
  }
}
