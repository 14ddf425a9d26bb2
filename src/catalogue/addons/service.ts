import { and, eq, sql } from 'drizzle-orm'
import { draftOrganizationChange } from '../../access/organizations/service.ts'
import { changeVersioned } from '../../db/change.ts'
import { type Draft, type Reply, combineDrafts, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, archived } from '../../lib/errors.ts'
import { fold } from '../../lib/fold.ts'
import { newId } from '../../lib/ids.ts'
import { type ReadAddOn, listAddOns, readAddOn, showAddOn, tagOfAddOn } from './queries.ts'
import type { AddOn, AddOnPaginatedResponse, CreateAddOnRequest, ListAddOnsQuery, UpdateAddOnRequest } from './schema.ts'
import { addOns } from './table.ts'

type AddOnRow = typeof addOns.$inferSelect

const insertAddOns = insertInto(addOns)

const recordChange = (before: ReadAddOn | undefined, after: ReadAddOn): Draft<object>['changes'] => [
  { type: 'ADD_ON', id: after.id, fields: differences(before && showAddOn(before), showAddOn(after)) },
]

const foldOrNull = (text: string | null): string | null => (text === null ? null : fold(text))

/** What Workers remember of the organization changes with its named licences, to which events add names. */
const draftLicenseChange = (ctx: Ctx, { type }: Pick<ReadAddOn, 'type'>) => (type === 'NAMED_LICENSE' ? [draftOrganizationChange(ctx)] : [])

/** Creates an add-on, which price plans can price from now on. */
export const createAddOn = (ctx: Ctx, { name, type, billableName: sent }: CreateAddOnRequest): Promise<Reply<AddOn>> => {
  const id = newId('ADD_ON', ctx.now)
  const billableName = sent || null
  const row: AddOnRow = {
    id,
    organizationId: ctx.organizationId,
    name,
    type,
    billableName,
    status: 'ACTIVE',
    createdAt: ctx.now,
    version: 1,
    idFolded: fold(id),
    nameFolded: fold(name),
    billableNameFolded: foldOrNull(billableName),
  }
  const draft = {
    statements: [insertAddOns([row])],
    changes: recordChange(undefined, row),
    answer: showAddOn(row),
    tag: tagOfAddOn(row),
  }
  return commit(ctx, combineDrafts(draft, ...draftLicenseChange(ctx, row)))
}

export const getAddOn = async (ctx: Ctx, id: string): Promise<Reply<AddOn>> => {
  const row = await readAddOn(ctx, id)
  return { answer: showAddOn(row), tag: tagOfAddOn(row) }
}

/** The add-ons that are active, or those of the status that is asked for, a page at a time. */
export const getAddOns = async (ctx: Ctx, query: ListAddOnsQuery): Promise<Reply<AddOnPaginatedResponse>> => {
  const { rows, next, context } = await listAddOns(ctx, query)
  return { answer: { data: rows.map(showAddOn), ...next, context } }
}

/** What becomes of an add-on since `row` was read. */
const draftChange = <Answer extends object>(
  ctx: Ctx,
  row: ReadAddOn,
  changes: Partial<AddOnRow>,
  answerOf: (addOn: AddOn) => Answer,
): Draft<Answer> => {
  const set = { ...changes, version: row.version + 1 }
  const changed = { ...row, ...set }
  return {
    statements: [
      builder
        .update(addOns)
        .set(set)
        .where(and(eq(addOns.organizationId, ctx.organizationId), eq(addOns.id, row.id))),
    ],
    changes: recordChange(row, changed),
    answer: answerOf(showAddOn(changed)),
    tag: tagOfAddOn(changed),
  }
}

/** Replaces the names that are sent. */
export const updateAddOn = (ctx: Ctx, id: string, input: UpdateAddOnRequest): Promise<Reply<AddOn>> =>
  changeVersioned(ctx, {
    read: () => readAddOn(ctx, id),
    tagOf: tagOfAddOn,
    change: (row) => {
      if (row.status === 'ARCHIVED') throw archived('add-on', id)
      const name = input.name ?? row.name
      const billableName = input.billableName === undefined ? row.billableName : input.billableName || null
      if (name === row.name && billableName === row.billableName) return { unchanged: showAddOn(row) }
      const set = { name, billableName, nameFolded: fold(name), billableNameFolded: foldOrNull(billableName) }
      return draftChange(ctx, row, set, (addOn) => addOn)
    },
  })

/** The statement that refuses to archive what an account is charged for now or later instead of what its plan has. */
const refuseInForce = ({ organizationId, now }: Ctx, { id, name }: Pick<AddOnRow, 'id' | 'name'>) =>
  refuseWhen(
    'ITEM_IS_IN_FORCE',
    sql`
      select json_array('add-on', ${name}, its.account_id)
      from schedules as its join schedule_overrides as own on own.organization_id = its.organization_id and own.id = its.override_id
      where its.organization_id = ${organizationId} and its.state = 'ACTIVE' and its.override_id is not null and its.end_at > ${now}
        and exists (select 1 from json_each(own.content, '$.cards') as card where card.value ->> 'billableId' = ${id})
      limit 1`,
  )

/** Archives an add-on, for good. Its billable name can be given to another. */
export const deleteAddOn = (ctx: Ctx, id: string): Promise<Reply<{ success: boolean }>> =>
  changeVersioned(ctx, {
    read: () => readAddOn(ctx, id),
    tagOf: tagOfAddOn,
    change: (row) => {
      if (row.status === 'ARCHIVED') throw new ApiError('NOT_FOUND', `The add-on "${id}" is archived already.`)
      const draft = draftChange(ctx, row, { status: 'ARCHIVED' }, () => ({ success: true }))
      return combineDrafts(draft, { statements: [refuseInForce(ctx, row)], changes: [] }, ...draftLicenseChange(ctx, row))
    },
  })
