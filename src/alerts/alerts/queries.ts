import { type SQL, and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selection } from '../../db/statements.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import { findTemplate } from '../alert_templates/templates.ts'
import { isChecked, isOver } from './instants.ts'
import type { Alert, ListAlertsQuery } from './schema.ts'
import { type AlertRow, alerts } from './table.ts'

const columns = getTableColumns(alerts)
const readRows = selection(columns)

export const selectedAlert = readRows.selected

export const readAlertRows = (rows: readonly unknown[] | undefined): AlertRow[] => readRows.read((rows ?? []) as Record<string, unknown>[])

/** What is watched, as it was sent. */
const showEntity = ({ templateId, entityId }: Pick<AlertRow, 'templateId' | 'entityId'>): Pick<Alert, 'entityDetails'> => {
  if (entityId === null) return {}
  return { entityDetails: { [findTemplate(templateId)?.entityType === 'FEATURE' ? 'feature' : 'usageMeter']: { id: entityId } } }
}

export const showAlert = (row: AlertRow, now: number): Alert => ({
  id: row.id,
  version: row.version,
  ...(row.description !== null && { description: row.description }),
  status: isChecked(row, now) ? 'ACTIVE' : 'INACTIVE',
  ...(row.validity !== null && { validity: row.validity }),
  alertTemplateId: row.templateId,
  interval: row.interval,
  ...showEntity(row),
  ownerDetails: row.accountId === null ? { organization: { id: row.organizationId } } : { account: { id: row.accountId } },
  parameters: row.threshold === null ? {} : { threshold: { value: jsonNumber(row.threshold) } },
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})

/** The state of an alert that its ETag names: its version, and whether it is over. */
export const tagOfAlert = (row: AlertRow, now: number): string => tagOf(row.version, Number(isOver(row, now)))

const oneAlert = prepare(['organizationId', 'id'], (at) =>
  builder
    .select(readRows.selected)
    .from(alerts)
    .where(and(eq(alerts.organizationId, at.organizationId), eq(alerts.id, at.id))),
)

/** Reads an alert. Throws NOT_FOUND. */
export const readAlert = async (ctx: Ctx, id: string): Promise<AlertRow> => {
  const [row] = readAlertRows(await ctx.session.rows(oneAlert({ organizationId: ctx.organizationId, id })))
  if (!row) throw notFound('alert', id)
  return row
}

/** The status of an alert at an instant, as it is shown. */
const statusAt = (now: unknown): SQL =>
  sql`iif(alerts.status = 'ACTIVE' and (alerts.validity is null or alerts.created_at + alerts.validity * 60000 > ${now}), 'ACTIVE', 'INACTIVE')`

const listOfAll = defineList({
  table: alerts,
  key: alerts.id,
  columns,
  order: { created_at: alerts.createdAt, id: alerts.id },
  sort: [
    ['created_at', 'DESC'],
    ['id', 'ASC'],
  ],
  where: (values) => (values['state'] ? sql`${statusAt(values['now'])} = ${values['state']}` : sql`true`),
})

/** Lists alerts, the newest first, page by page. */
export const listAlertRows = (
  ctx: Ctx,
  { status, ...query }: ListAlertsQuery,
): Promise<{ rows: AlertRow[]; next: { nextToken?: string } }> => listOfAll(ctx, { ...query, state: status })
