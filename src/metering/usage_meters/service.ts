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

/** What is recorded of a meter: beside what is shown, its schema and its version, by which events are counted. */
const recorded = (row: ReadMeter) => ({ ...showUsageMeter(row), eventSchemaName: row.eventSchemaName, version: row.definitionVersion })

const recordChange = (before: ReadMeter | undefined, after: ReadMeter): Draft<object>['changes'] => [
  { type: 'USAGE_METER', id: after.id, fields: differences(before && recorded(before), recorded(after)) },
]

const foldOrNull = (text: string | null): string | null => (text === null ? null : fold(text))

/** Where a request has what does not fit the schema of its meter. */
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

/** Reads a meter, with the newest version of its schema when that is asked for. */
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

/** The meters that are not archived, or those that are asked for, a page at a time. */
export const listUsageMeters = async (ctx: Ctx, query: ListUsageMetersQuery): Promise<Reply<UsageMeterPaginatedResponse>> => {
  const { aggregations, aggregation = aggregations, ...rest } = query
  if (aggregations !== undefined && aggregations !== aggregation)
    throw new ApiError('INVALID', 'aggregation, aggregations: must be the same')
  const { rows, next, context } = await listMeters(ctx, { ...rest, aggregation })
  return { answer: { data: rows.map(showUsageMeter), ...next, context } }
}

/** What becomes of a meter since `row` was read. Events are counted by it once it has been active. */
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

/** What can be changed while events are counted. */
const FREE: ReadonlySet<string> = new Set(['billableName', 'description'])

/** What a new version is counted by. */
const COUNTED_BY = ['filters', 'aggregation', 'computations'] as const

/** Of what is sent, what is other than in the row. */
const findChanges = (row: ReadMeter, { type: _type, billableName, ...sent }: UpdateUsageMeterRequest): Partial<MeterRow> => {
  const columns = { ...sent, ...(billableName !== undefined && { billableName: billableName || null }) }
  const isOther = ([key, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(row[key as keyof ReadMeter])
  return Object.fromEntries(Object.entries(columns).filter(isOther))
}

/** Replaces the fields that are sent; of a meter that is active only those that nothing is counted by. */
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

/** Counts events from now on. One that is active stays as it is. */
export const activateUsageMeter = (ctx: Ctx, id: string): Promise<Reply<UsageMeter>> =>
  changeMeter(ctx, id, (row) => {
    if (row.status === 'ACTIVE') return { unchanged: showUsageMeter(row) }
    if (row.aggregation === 'SUM' && row.eventSchemaName !== null && !row.computations?.length)
      throw new ApiError('CONFLICT', `The usage meter "${row.name}" has no computation, and needs one, since its aggregation is SUM.`)
    return draftChange(ctx, row, { status: 'ACTIVE', lastActivatedAt: ctx.now }, (meter) => meter)
  })

/** Counts no more events. What was counted stays. One that is inactive stays as it is. */
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
