import { and, eq } from 'drizzle-orm'
import { draftOrganizationChange } from '../../access/organizations/service.ts'
import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply, combineDrafts, commit } from '../../db/commit.ts'
import type { Locate } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, archived, refuseFaults } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { fold } from '../../lib/fold.ts'
import { newId } from '../../lib/ids.ts'
import { showEventSchema } from '../event_schemas/queries.ts'
import { findMeterFaults } from './faults.ts'
import { type ReadMeter, listMeters, readMeter, readMeterAndSchema, showUsageMeter, tagOfMeter } from './queries.ts'
import type {
  CreateUsageMeterRequest,
  GetUsageMeterQuery,
  ListUsageMetersQuery,
  UpdateUsageMeterRequest,
  UsageMeter,
  UsageMeterPaginatedResponse,
} from './schema.ts'
import { usageMeters } from './table.ts'

type MeterRow = typeof usageMeters.$inferSelect

const insertMeters = insertInto(usageMeters)

/** The fields of a meter in the audit log: the shown fields, its event schema, and its version. */
const recorded = (row: ReadMeter) => ({ ...showUsageMeter(row), eventSchemaName: row.eventSchemaName, version: row.definitionVersion })

const recordChange = (before: ReadMeter | undefined, after: ReadMeter): Draft<object>['changes'] => [
  { type: 'USAGE_METER', id: after.id, fields: differences(before && recorded(before), recorded(after)) },
]

const foldOrNull = (text: string | null): string | null => (text === null ? null : fold(text))

/** The path in a request of a value that does not fit the event schema. */
const locateIn =
  ({ filters }: Pick<UpdateUsageMeterRequest, 'filters'>): Locate =>
  (conflict, [name]) => {
    if (conflict !== 'FILTER_FIELD_UNKNOWN') return undefined
    const index = filters?.findIndex(({ field }) => field === name) ?? -1
    return index < 0 ? 'eventSchemaName' : `filters[${index}].field`
  }

/** Creates a meter as a draft. */
export const createUsageMeter = async (ctx: Ctx, input: CreateUsageMeterRequest): Promise<Reply<UsageMeter>> => {
  const { name, billableName, description = null, aggregation, eventSchemaName = null, filters = null, computations = null } = input
  const id = newId('USAGE_METER', ctx.now)
  const row: MeterRow = {
    id,
    organizationId: ctx.organizationId,
    name,
    billableName: billableName || null,
    description,
    status: 'DRAFT',
    aggregation,
    eventSchemaName,
    filters,
    computations,
    definitionVersion: 1,
    createdAt: ctx.now,
    updatedAt: ctx.now,
    lastActivatedAt: null,
    version: 1,
    idFolded: fold(id),
    nameFolded: fold(name),
    billableNameFolded: foldOrNull(billableName || null),
  }
  refuseFaults('INVALID', findMeterFaults(row))
  return commit(ctx, {
    statements: [insertMeters([row])],
    changes: recordChange(undefined, row),
    answer: showUsageMeter(row),
    tag: tagOfMeter(row),
    exists: 'USAGE_METER_TAKEN',
    locate: locateIn(input),
  })
}

/** Reads a meter, on request with the newest version of its schema. */
export const getUsageMeter = async (ctx: Ctx, id: string, { includeSchema = false }: GetUsageMeterQuery): Promise<Reply<UsageMeter>> => {
  if (!includeSchema) {
    const row = await readMeter(ctx, id)
    return { answer: showUsageMeter(row), tag: tagOfMeter(row) }
  }
  const { row, schema } = await readMeterAndSchema(ctx, id)
  return {
    answer: { ...showUsageMeter(row), ...(schema && { eventSchema: showEventSchema(schema) }) },
    tag: tagOf(row.version, schema?.version ?? 0),
  }
}

/** Lists meters, page by page. Without `status`, archived meters are left out. */
export const listUsageMeters = async (ctx: Ctx, query: ListUsageMetersQuery): Promise<Reply<UsageMeterPaginatedResponse>> => {
  const { aggregations, aggregation = aggregations, ...rest } = query
  if (aggregations !== undefined && aggregations !== aggregation)
    throw new ApiError('INVALID', 'aggregation, aggregations: must be the same')
  const { rows, next, context } = await listMeters(ctx, { ...rest, aggregation })
  return { answer: { data: rows.map(showUsageMeter), ...next, context } }
}

/** Drafts a change of a meter that was read as `row`. If the meter has been active, ledgers are told. */
const draftChange = <Answer extends object>(
  ctx: Ctx,
  row: ReadMeter,
  changes: Partial<MeterRow>,
  answerOf: (meter: UsageMeter) => Answer,
): Draft<Answer> => {
  const set = { ...changes, updatedAt: Math.max(row.updatedAt, ctx.now), version: row.version + 1 }
  const changed = { ...row, ...set }
  const isRow = and(eq(usageMeters.organizationId, ctx.organizationId), eq(usageMeters.id, row.id))
  const isUsed = row.status !== 'DRAFT' || changed.status === 'ACTIVE'
  return combineDrafts(
    {
      statements: [builder.update(usageMeters).set(set).where(isRow)],
      changes: recordChange(row, changed),
      answer: answerOf(showUsageMeter(changed)),
      tag: tagOfMeter(changed),
    },
    ...(isUsed ? [draftOrganizationChange(ctx)] : []),
  )
}

/** Changes a meter that is not archived. */
const changeMeter = <Answer extends object>(
  ctx: Ctx,
  id: string,
  change: (row: ReadMeter) => Draft<Answer> | { unchanged: Answer },
): Promise<Reply<Answer>> =>
  changeVersioned(ctx, {
    read: () => readMeter(ctx, id),
    tagOf: tagOfMeter,
    change: (row) => {
      if (row.status === 'ARCHIVED') throw archived('usage meter', row.name)
      return change(row)
    },
  })

/** The fields that can change while a meter is active. */
const FREE: ReadonlySet<string> = new Set(['billableName', 'description'])

/** The fields whose change makes a new version. */
const COUNTED_BY = ['filters', 'aggregation', 'computations'] as const

/** The fields of a request that differ from the row. */
const findChanges = (row: ReadMeter, { type: _type, billableName, ...sent }: UpdateUsageMeterRequest): Partial<MeterRow> => {
  const columns = { ...sent, ...(billableName !== undefined && { billableName: billableName || null }) }
  const isOther = ([key, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(row[key as keyof ReadMeter])
  return Object.fromEntries(Object.entries(columns).filter(isOther))
}

/** Replaces the fields that are sent. Of an active meter, only fields that do not affect counting can change. */
export const updateUsageMeter = (ctx: Ctx, id: string, input: UpdateUsageMeterRequest): Promise<Reply<UsageMeter>> =>
  changeMeter(ctx, id, (row) => {
    const changes = findChanges(row, input)
    const names = Object.keys(changes)
    if (!names.length) return { unchanged: showUsageMeter(row) }
    const fixed = row.status === 'ACTIVE' ? names.filter((name) => !FREE.has(name)) : []
    if (fixed.length)
      throw new ApiError(
        'CONFLICT',
        `The usage meter "${row.name}" is ACTIVE, and must be deactivated before ${fixed.join(', ')} can be changed.`,
      )
    const next = { ...row, ...changes }
    refuseFaults('INVALID', findMeterFaults(next))
    const isNew = COUNTED_BY.some((name) => name in changes)
    const set = {
      ...changes,
      definitionVersion: row.definitionVersion + Number(isNew),
      nameFolded: fold(next.name),
      billableNameFolded: foldOrNull(next.billableName),
    }
    return { ...draftChange(ctx, row, set, (meter) => meter), locate: locateIn(input) }
  })

/** Activates a meter. An active meter stays as it is. */
export const activateUsageMeter = (ctx: Ctx, id: string): Promise<Reply<UsageMeter>> =>
  changeMeter(ctx, id, (row) => {
    if (row.status === 'ACTIVE') return { unchanged: showUsageMeter(row) }
    if (row.aggregation === 'SUM' && row.eventSchemaName !== null && !row.computations?.length)
      throw new ApiError('CONFLICT', `The usage meter "${row.name}" has no computation, and needs one, since its aggregation is SUM.`)
    return draftChange(ctx, row, { status: 'ACTIVE', lastActivatedAt: ctx.now }, (meter) => meter)
  })

/** Deactivates a meter. Counted units stay. An inactive meter stays as it is. */
export const deactivateUsageMeter = (ctx: Ctx, id: string): Promise<Reply<UsageMeter>> =>
  changeMeter(ctx, id, (row) => {
    if (row.status === 'INACTIVE') return { unchanged: showUsageMeter(row) }
    if (row.status === 'DRAFT')
      throw new ApiError('CONFLICT', `The usage meter "${row.name}" is DRAFT, and only one that is ACTIVE can be deactivated.`)
    return draftChange(ctx, row, { status: 'INACTIVE' }, (meter) => meter)
  })

/** Archives a meter that is not active. */
export const deleteUsageMeter = (ctx: Ctx, id: string): Promise<Reply<{ success: boolean }>> =>
  changeMeter(ctx, id, (row) => {
    if (row.status === 'ACTIVE') throw new ApiError('CONFLICT', `The usage meter "${row.name}" is ACTIVE, and must be deactivated first.`)
    return draftChange(ctx, row, { status: 'ARCHIVED' }, () => ({ success: true }))
  })
