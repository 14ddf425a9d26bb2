import { type SQL, and, eq, getTableColumns, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { defineList } from '../../db/list.ts'
import { builder, prepare, selection } from '../../db/statements.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { notFound } from '../../lib/errors.ts'
import { tagOf } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import type { Incident, ListIncidentsQuery } from './schema.ts'
import { type IncidentRow, type Report, incidents } from './table.ts'

const columns = getTableColumns(incidents)
const readRows = selection(columns)

export const readIncidentRows = (rows: readonly unknown[] | undefined): IncidentRow[] =>
  readRows.read((rows ?? []) as Record<string, unknown>[])

const showReport = ({
  account,
  usageMeter,
  feature,
  observed,
  threshold,
  currency,
  from,
  until,
  invoiceIds,
  leftOut,
}: Report): NonNullable<Incident['reportData']> => {
  const unit = currency === undefined ? {} : { currency }
  return {
    ...(account !== undefined && { account: { id: account } }),
    ...(usageMeter !== undefined && { usageMeter: { id: usageMeter } }),
    ...(feature !== undefined && { feature: { id: feature } }),
    observed: { value: jsonNumber(observed), ...unit },
    threshold: { value: jsonNumber(threshold), ...unit },
    ...(until !== undefined && { window: { ...(from !== undefined && { from: iso(from) }), until: iso(until) } }),
    ...(invoiceIds && { invoices: { ids: invoiceIds } }),
    ...(leftOut && { leftOut: { currencies: leftOut } }),
  }
}

/** Whether an incident has come to its end, though that may not be written yet. */
export const hasEnded = ({ validUntil }: Pick<IncidentRow, 'validUntil'>, now: number): boolean => validUntil !== null && validUntil <= now

export const isOpen = (row: Pick<IncidentRow, 'status' | 'validUntil'>, now: number): boolean =>
  row.status === 'OPEN' && !hasEnded(row, now)

export const showIncident = (row: IncidentRow, now: number): Incident => {
  const endedAt = row.status === 'OPEN' && hasEnded(row, now) ? row.validUntil : null
  return {
    id: row.id,
    alertId: row.alertId,
    alertVersion: row.alertVersion,
    alertTemplateId: row.templateId,
    ...(row.validUntil !== null && { validUntil: iso(row.validUntil) }),
    reportData: showReport(row.report),
    status: endedAt === null ? row.status : 'CLOSED',
    lastCheckedAt: iso(row.lastCheckedAt),
    createdAt: iso(row.createdAt),
    updatedAt: iso(endedAt ?? row.updatedAt),
  }
}

/** The state of an incident that its ETag names: its version, and whether it has come to its end. */
export const tagOfIncident = (row: IncidentRow, now: number): string => tagOf(row.version, Number(isOpen(row, now)))

const oneIncident = prepare(['organizationId', 'id'], (at) =>
  builder
    .select(readRows.selected)
    .from(incidents)
    .where(and(eq(incidents.organizationId, at.organizationId), eq(incidents.id, at.id))),
)

/** Reads an incident. Throws NOT_FOUND. */
export const readIncident = async (ctx: Ctx, id: string): Promise<IncidentRow> => {
  const [row] = readIncidentRows(await ctx.session.rows(oneIncident({ organizationId: ctx.organizationId, id })))
  if (!row) throw notFound('incident', id)
  return row
}

/** The query for the last incident of each of some alerts, whose ids a query gives as `value`. By the organization, all of its incidents would be read. */
export const selectLastIncidents = ({ organizationId }: Pick<Ctx, 'organizationId'>, alertIds: SQL): Statement =>
  builder
    .select(readRows.selected)
    .from(incidents)
    .where(
      sql`${incidents.id} in (
        select (
          select last.id from incidents as last where last.organization_id = ${organizationId} and last.alert_id = sent.value
          order by last.created_at desc, last.id desc limit 1
        ) from (${alertIds}) as sent
      ) and +${incidents.organizationId} = ${organizationId}`,
    )

/** The status of an incident at an instant, as it is shown. */
const statusAt = (now: unknown): SQL =>
  sql`iif(incidents.status = 'OPEN' and (incidents.valid_until is null or incidents.valid_until > ${now}), 'OPEN', 'CLOSED')`

const listOfAll = defineList({
  table: incidents,
  key: incidents.id,
  columns,
  order: { created_at: incidents.createdAt, id: incidents.id },
  sort: [
    ['created_at', 'DESC'],
    ['id', 'ASC'],
  ],
  filters: { alert_id: incidents.alertId },
  few: { statuses: ['OPEN'], narrowedBy: ['alert_id'] },
  where: (values) => (values['state'] ? sql`${statusAt(values['now'])} = ${values['state']}` : sql`true`),
})

/** Lists incidents, the newest first, page by page. */
export const listIncidentRows = (
  ctx: Ctx,
  { status, ...query }: ListIncidentsQuery,
): Promise<{ rows: IncidentRow[]; next: { nextToken?: string } }> =>
  listOfAll(ctx, { ...query, state: status, ...(status === 'OPEN' && { status }) })
