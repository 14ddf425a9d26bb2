import { type Column, and, eq, getTableColumns, sql } from 'drizzle-orm'
import { draftOrganizationChange } from '../../access/organizations/service.ts'
import { accounts } from '../accounts/table.ts'
import type { Ctx } from '../../db/context.ts'
import { changeVersioned } from '../../db/change.ts'
import { type Change, type Draft, type Reply, combineDrafts, commit } from '../../db/commit.ts'
import type { Locate } from '../../db/conflicts.ts'
import { defineList } from '../../db/list.ts'
import { builder, insertInto, qualified } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { explainBusinessDetails, explainTaxId } from './business_details.ts'
import { explainRates, findChangedRate, holdsExchangeRates } from './exchange_rates.ts'
import {
  type CreateEntitySetting,
  type ListSettingQuery,
  type Setting,
  type SettingPaginatedResponse,
  type UpdateSettingRequest,
  explainMismatch,
} from './schema.ts'
import { settings } from './table.ts'

export { type ExchangeRates, readExchangeRates, selectExchangeRates } from './exchange_rates.ts'

type SettingRow = typeof settings.$inferSelect

const insertSettings = insertInto(settings)

/** The most settings that are shown with an entity, a limit of Togai's clients. `GET /settings` lists them all. */
const MOST_SHOWN = 10

/** A column with the first settings of an entity as JSON, in the order in which they were created. */
export const settingsOf = (entityType: SettingRow['entityType'], entity: { organizationId: Column; id: Column }) =>
  sql<string>`(
    select json_group_array(json_object('id', id, 'value', value, 'namespace', namespace, 'name', name, 'dataType', data_type)) from (
      select * from ${settings}
      where ${settings.organizationId} = ${qualified(entity.organizationId)} and ${settings.entityType} = ${entityType} and ${settings.entityId} = ${qualified(entity.id)}
      order by ${settings.createdAt}, ${settings.position} limit ${MOST_SHOWN}
    )
  )`

const show = ({ id, value, entityType, entityId, namespace, name, dataType }: SettingRow): Setting => ({
  id,
  value,
  entityType,
  entityId,
  namespace,
  name,
  dataType,
})

/** Drafts the change of an entity whose settings change. An account gets a new version, since it shows its settings. Ledgers are told, since events are enriched with settings. */
const draftEntityChange = (
  ctx: Ctx,
  { entityType, entityId }: Pick<SettingRow, 'entityType' | 'entityId'>,
): Omit<Draft<object>, 'answer'> => {
  if (entityType !== 'ACCOUNT') return draftOrganizationChange(ctx)
  return {
    statements: [
      builder
        .update(accounts)
        .set({ updatedAt: sql`max(${accounts.updatedAt}, ${ctx.now})`, version: sql`${accounts.version} + 1` })
        .where(and(eq(accounts.organizationId, ctx.organizationId), eq(accounts.id, entityId))),
    ],
    changes: [],
    due: [{ kind: 'ACCOUNT_CHANGED', subject: entityId, dueAt: ctx.now }],
  }
}

/** The tag of a setting for its ETag. Two settings can have the same string id, and then their namespaces have different lengths. */
const tagOfSetting = ({ version, namespace }: Pick<SettingRow, 'version' | 'namespace'>): string => tagOf(version, namespace.length)

const settingChange = (before: Setting | undefined, after: Setting): Change => {
  const { namespace, id, entityType, entityId } = after
  return { type: 'SETTING', id: `setting.${namespace}.${id}.${entityType}.${entityId}`, fields: differences(before, after) }
}

/** Drafts the settings of a new entity, in the order in which they were sent. `prefix` is the path of the entity in the request. */
export const draftSettings = (
  { organizationId, now }: Ctx,
  entityType: SettingRow['entityType'],
  entityId: string,
  sent: readonly CreateEntitySetting[],
  prefix = '',
): Draft<object> => {
  for (const [index, setting] of sent.entries()) {
    const message = explainTaxId({ ...setting, entityType })
    if (message) throw new ApiError('INVALID', `${prefix}settings[${index}].value: ${message}`)
  }
  const rows = sent.map((setting, position): SettingRow => ({
    ...setting,
    organizationId,
    entityType,
    entityId,
    position,
    createdAt: now,
    updatedAt: now,
    version: 1,
  }))
  return {
    statements: rows.length ? [insertSettings(rows)] : [],
    changes: sent.map((setting) => settingChange(undefined, { ...setting, entityType, entityId })),
    answer: {},
  }
}

/** The settings that are on or off, and what they belong to. */
const SWITCHES: Readonly<Record<string, Setting['entityType']>> = {
  auto_advance_invoice: 'ORGANIZATION',
  event_level_revenue: 'EVENT_SCHEMA',
}

const explainSwitch = ({ namespace, id, entityType, value }: Setting): string | undefined =>
  namespace === 'SYSTEM' && SWITCHES[id] === entityType && value !== 'true' && value !== 'false' ? 'must be true or false' : undefined

/** Refuses a setting that means something here, and whose value means nothing. */
const refuseValue = (setting: Setting): void => {
  const message = explainRates(setting) ?? explainSwitch(setting) ?? explainBusinessDetails(setting) ?? explainTaxId(setting)
  if (message) throw new ApiError('INVALID', `value: ${message}`)
}

/** Refuses to change a rate by which amounts have been converted. */
const refuseChangedRate = (before: Setting, after: Setting): void => {
  if (!holdsExchangeRates(before)) return
  const changed = findChangedRate(before.value, after.value)
  if (changed)
    throw new ApiError('CONFLICT', `value: the rate of ${changed.currency} must stay ${changed.rate}; only other currencies can be added`)
}

const locate: Locate = (conflict) => (conflict === 'ENTITY_NOT_FOUND' ? 'entityId' : undefined)

/** Creates a setting of an existing entity. */
export const insertSetting = (ctx: Ctx, setting: Setting): Promise<Reply<Setting>> => {
  const { entityType, entityId, ...sent } = setting
  refuseValue(setting)
  const { statements, changes } = draftSettings(ctx, entityType, entityId, [sent])
  return commit(ctx, {
    ...combineDrafts({ statements, changes, answer: setting }, draftEntityChange(ctx, setting)),
    tag: tagOfSetting({ version: 1, namespace: setting.namespace }),
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
    .where(
      and(
        eq(settings.organizationId, ctx.organizationId),
        sql`(entity_type, entity_id, namespace, id) in (
          select entity_type, entity_id, namespace, id from settings indexed by settings_by_id_string
          where organization_id = ${ctx.organizationId} and id_string = ${idString}
        )`,
      ),
    )
    .orderBy(sql`length(${settings.namespace}), length(${settings.id})`)
    .limit(1)
  if (!row) throw notFound('setting', idString)
  return row
}

export const getSetting = async (ctx: Ctx, idString: string): Promise<Reply<Setting>> => {
  const row = await readSetting(ctx, idString)
  return { answer: show(row), tag: tagOfSetting(row) }
}

/** Changes a setting. Its value must still match its data type. */
export const updateSetting = (ctx: Ctx, idString: string, input: UpdateSettingRequest): Promise<Reply<Setting>> =>
  changeVersioned(ctx, {
    read: () => readSetting(ctx, idString),
    tagOf: tagOfSetting,
    change: (row) => {
      const { value = row.value, dataType = row.dataType, name = row.name } = input
      const message = explainMismatch(value, dataType)
      if (message) throw new ApiError('INVALID', `${input.value === undefined ? 'dataType' : 'value'}: ${message}`)
      if (!Object.keys(input).length) return { unchanged: show(row) }
      const next = { ...row, name, value, dataType, version: row.version + 1 }
      if (input.value !== undefined || input.dataType !== undefined) refuseValue(next)
      refuseChangedRate(row, next)
      const update = builder
        .update(settings)
        .set({ name, value, dataType, updatedAt: ctx.now, version: next.version })
        .where(and(...(['organizationId', 'entityType', 'entityId', 'namespace', 'id'] as const).map((key) => eq(settings[key], row[key]))))
      return {
        ...combineDrafts(
          { statements: [update], changes: [settingChange(show(row), show(next))], answer: show(next) },
          draftEntityChange(ctx, row),
        ),
        tag: tagOfSetting(next),
      }
    },
  })

/** The order of the list is that of the primary key. */
const order = { entity_type: settings.entityType, entity_id: settings.entityId, namespace: settings.namespace, id: settings.id }

const listSettings = defineList({
  table: settings,
  key: settings.id,
  columns: getTableColumns(settings),
  order,
  sort: Object.keys(order).map((field) => [field, 'ASC'] as const),
  filters: { entity_type: settings.entityType, entity_id: settings.entityId, setting_id: settings.id, namespace: settings.namespace },
})

/** Lists the settings of all entities of the organization, page by page. */
export const listSetting = async (ctx: Ctx, query: ListSettingQuery): Promise<Reply<SettingPaginatedResponse>> => {
  const { rows, next, context } = await listSettings(ctx, query)
  return { answer: { data: rows.map(show), ...next, context } }
}
