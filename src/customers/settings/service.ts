import { type Column, and, eq, sql } from 'drizzle-orm'
import { accounts } from '../accounts/table.ts'
import type { Ctx } from '../../db/context.ts'
import { type Change, commit, onLatest, precondition, shown } from '../../db/commit.ts'
import type { Locate } from '../../db/conflicts.ts'
import { insertRows, qualified } from '../../db/rows.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { type ListRules, closePage, contextOf, openPage } from '../../lib/page.ts'
import {
  type CreateEntitySetting,
  type ListSettingQuery,
  type Setting,
  type SettingPaginatedResponse,
  type UpdateSettingRequest,
  unsuited,
} from './schema.ts'
import { settings } from './table.ts'

type SettingRow = typeof settings.$inferSelect

/** The rows of the settings sent with a new entity, in the order sent. */
export const settingRows = (
  { organizationId, now }: Ctx,
  entityType: SettingRow['entityType'],
  entityId: string,
  sent: readonly CreateEntitySetting[] = [],
): SettingRow[] =>
  sent.map((setting, position) => ({
    ...setting,
    organizationId,
    entityType,
    entityId,
    position,
    createdAt: now,
    updatedAt: now,
    version: 1,
  }))

/** The statements that keep `rows`, for the batch that makes their entities: none when there are none. */
export const insertSettings = (ctx: Ctx, rows: readonly SettingRow[]) => (rows.length ? [insertRows(ctx.session.db, settings, rows)] : [])

/** The most settings that clients take with an entity; `GET /settings` lists them all. */
const MOST_SHOWN = 10

/** A column for a query over entities: the first settings of each, in the order in which they were made. */
export const settingsOf = (entityType: SettingRow['entityType'], entity: { organizationId: Column; id: Column }) =>
  sql`(
    select json_group_array(json_object('id', id, 'value', value, 'namespace', namespace, 'name', name, 'dataType', data_type)) from (
      select * from ${settings}
      where ${settings.organizationId} = ${qualified(entity.organizationId)} and ${settings.entityType} = ${entityType} and ${settings.entityId} = ${qualified(entity.id)}
      order by ${settings.createdAt}, ${settings.position} limit ${MOST_SHOWN}
    )
  )`.mapWith((json: string) => JSON.parse(json) as CreateEntitySetting[])

const show = ({ id, value, entityType, entityId, namespace, name, dataType }: SettingRow): Setting => ({
  id,
  value,
  entityType,
  entityId,
  namespace,
  name,
  dataType,
})

/** The statements by which an account that shows its settings changes with them. */
const touchEntity = (ctx: Ctx, { entityType, entityId }: Pick<SettingRow, 'entityType' | 'entityId'>) =>
  entityType === 'ACCOUNT'
    ? [
        ctx.session.db
          .update(accounts)
          .set({ updatedAt: sql`max(${accounts.updatedAt}, ${ctx.now})`, version: sql`${accounts.version} + 1` })
          .where(and(eq(accounts.organizationId, ctx.organizationId), eq(accounts.id, entityId))),
      ]
    : []

/** Two settings may share a string, and then differ in the length of the namespace. */
const tag = ({ version, namespace }: Pick<SettingRow, 'version' | 'namespace'>): string => tagOf(version, namespace.length)

const settingChange = (before: Setting | undefined, after: Setting): Change => {
  const { namespace, id, entityType, entityId } = after
  return { type: 'SETTING', id: `setting.${namespace}.${id}.${entityType}.${entityId}`, fields: differences(before, after) }
}

/** What becomes of settings that are sent with a new entity. */
export const settingChanges = (entityType: SettingRow['entityType'], entityId: string, sent: readonly CreateEntitySetting[]): Change[] =>
  sent.map((setting) => settingChange(undefined, { ...setting, entityType, entityId }))

const locate: Locate = (conflict) => (conflict === 'ENTITY_NOT_FOUND' ? 'entityId' : undefined)

/** Keeps a setting on an entity that exists. */
export const insertSetting = async (ctx: Ctx, { entityType, entityId, ...setting }: Setting): Promise<Setting> => {
  const rows = settingRows(ctx, entityType, entityId, [setting])
  const answer = { ...setting, entityType, entityId }
  return commit(ctx, {
    statements: [insertRows(ctx.session.db, settings, rows), ...touchEntity(ctx, answer)],
    changes: [settingChange(undefined, answer)],
    answer,
    tag: tag({ version: 1, namespace: answer.namespace }),
    exists: 'SETTING_TAKEN',
    locate,
  })
}

/**
 * The setting that the API's string names: `setting.<namespace>.<id>.<entityType>.<entityId>`, whatever dots its parts hold.
 * Of several that share one, it is that with the shortest namespace and id, which is how the string reads from its start.
 */
const readSetting = async (ctx: Ctx, idString: string): Promise<SettingRow> => {
  const [row] = await ctx.session.db
    .select()
    .from(settings)
    .where(and(eq(settings.organizationId, ctx.organizationId), sql`id_string = ${idString}`))
    .orderBy(sql`length(${settings.namespace}), length(${settings.id})`)
    .limit(1)
  if (!row) throw notFound('setting', idString)
  return row
}

export const getSetting = async (ctx: Ctx, idString: string): Promise<Setting> => {
  const row = await readSetting(ctx, idString)
  return shown(ctx, tag(row), show(row))
}

/** Replaces what is sent, if the value still suits the data type. */
export const updateSetting = (ctx: Ctx, idString: string, input: UpdateSettingRequest): Promise<Setting> =>
  onLatest(async () => {
    const row = await readSetting(ctx, idString)
    precondition(ctx, tag(row))
    const { value = row.value, dataType = row.dataType } = input
    const message = unsuited(value, dataType)
    if (message) throw new ApiError(400, `${input.value === undefined ? 'dataType' : 'value'}: ${message}`)
    if (!Object.keys(input).length) return shown(ctx, tag(row), show(row))
    const next = { ...row, ...(input as Partial<SettingRow>), version: row.version + 1 }
    const update = ctx.session.db
      .update(settings)
      .set({ ...input, updatedAt: ctx.now, version: next.version })
      .where(and(...(['organizationId', 'entityType', 'entityId', 'namespace', 'id'] as const).map((key) => eq(settings[key], row[key]))))
    return commit(ctx, {
      statements: [update, ...touchEntity(ctx, row)],
      changes: [settingChange(show(row), show(next))],
      answer: show(next),
      tag: tag(next),
    })
  })

/** The order of the list is that of the primary key. */
const FIELDS = { entity_type: 'entityType', entity_id: 'entityId', namespace: 'namespace', id: 'id' } as const
const ORDER = Object.values(FIELDS).map((key) => settings[key])

const equal = (column: Column, value: string | undefined) => (value === undefined ? undefined : eq(column, value))

const LIST: ListRules = {
  operationId: 'listSetting',
  id: 'id',
  sortFields: [],
  sort: Object.keys(FIELDS).map((field) => [field, 'ASC']),
  combinations: 'any',
}

/** The settings of the organization and of all it has, a page at a time. */
export const listSetting = async (ctx: Ctx, query: ListSettingQuery): Promise<SettingPaginatedResponse> => {
  const page = await openPage(ctx, LIST, query)
  const { entity_type: type, entity_id: entity, setting_id: id, namespace } = page.filters
  const rows = await ctx.session.db
    .select()
    .from(settings)
    .where(
      and(
        eq(settings.organizationId, ctx.organizationId),
        equal(settings.entityType, type),
        equal(settings.entityId, entity),
        equal(settings.id, id),
        equal(settings.namespace, namespace),
        page.after && sql`(${sql.join(ORDER, sql`, `)}) > ${page.after}`,
      ),
    )
    .orderBy(...ORDER)
    .limit(page.size + 1)
  const { visible, ...next } = await closePage(ctx, LIST, page, rows, (row, field) => row[FIELDS[field as keyof typeof FIELDS]])
  return { data: visible.map(show), ...next, context: contextOf(page) }
}
