import { changeVersioned } from '../../db/change.ts'
import type { Draft, Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { findTemplate } from '../alert_templates/templates.ts'
import { isOpen, listIncidentRows, readIncident, showIncident, tagOfIncident } from './queries.ts'
import type { Incident, IncidentsPaginatedResponse, ListIncidentsQuery } from './schema.ts'
import type { IncidentRow } from './table.ts'
import { draftClosed } from './write.ts'

export const getIncident = async (ctx: Ctx, id: string): Promise<Reply<Incident>> => {
  const row = await readIncident(ctx, id)
  return { answer: showIncident(row, ctx.now), tag: tagOfIncident(row, ctx.now) }
}

/** Lists incidents, the newest first, a page at a time. */
export const getIncidents = async (ctx: Ctx, query: ListIncidentsQuery): Promise<Reply<IncidentsPaginatedResponse>> => {
  const { rows, next } = await listIncidentRows(ctx, query)
  return { answer: { data: rows.map((row) => showIncident(row, ctx.now)), ...next } }
}

/** Until when an incident that a person closes does not come again: that of usage until its pricing cycle ends, in milliseconds. */
const silenceOf = ({ templateId, validUntil }: IncidentRow): number | null =>
  findTemplate(templateId)?.observed === 'USAGE' ? validUntil : null

/** Closes an incident. */
export const updateIncidentStatus = (ctx: Ctx, id: string): Promise<Reply<Incident>> =>
  changeVersioned(ctx, {
    read: () => readIncident(ctx, id),
    tagOf: (row) => tagOfIncident(row, ctx.now),
    change: (row): Draft<Incident> | { unchanged: Incident } => {
      const { now } = ctx
      if (!isOpen(row, now)) return { unchanged: showIncident(row, now) }
      const closed: IncidentRow = { ...row, status: 'CLOSED', updatedAt: now, version: row.version + 1 }
      return { ...draftClosed(ctx, row, now, silenceOf(row)), answer: showIncident(closed, now), tag: tagOfIncident(closed, now) }
    },
  })
