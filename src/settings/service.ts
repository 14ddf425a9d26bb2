import { type Column, sql } from 'drizzle-orm'
import type { Ctx } from '../context.ts'
import { insertRows, qualified } from '../db/rows.ts'
import type { CreateEntitySetting } from './schema.ts'
import { settings } from './table.ts'

type SettingRow = typeof settings.$inferSelect

/** The rows of the settings sent with a new entity, in the order sent. */
export const settingRows = (
  { organizationId, now }: Ctx,
  entityType: SettingRow['entityType'],
  entityId: string,
  sent: readonly CreateEntitySetting[] = [],
): SettingRow[] =>
  sent.map((setting, position) => ({ ...setting, organizationId, entityType, entityId, position, createdAt: now, updatedAt: now }))

/** The statements that keep `rows`, for the batch that makes their entities: none when there are none. */
export const insertSettings = (ctx: Ctx, rows: readonly SettingRow[]) => (rows.length ? [insertRows(ctx.db, settings, rows)] : [])

/** A column for a query over entities: the settings of each, in the order in which they were made. */
export const settingsOf = (entityType: SettingRow['entityType'], entity: { organizationId: Column; id: Column }) =>
  sql`(
    select json_group_array(
      json_object('id', ${settings.id}, 'value', ${settings.value}, 'namespace', ${settings.namespace}, 'name', ${settings.name}, 'dataType', ${settings.dataType})
      order by ${settings.createdAt}, ${settings.position}
    ) from ${settings}
    where ${settings.organizationId} = ${qualified(entity.organizationId)} and ${settings.entityType} = ${entityType} and ${settings.entityId} = ${qualified(entity.id)}
  )`.mapWith((json: string) => JSON.parse(json) as CreateEntitySetting[])
