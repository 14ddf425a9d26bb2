import { and, eq } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Change } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { dropDue, setDue } from '../../db/due.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { showIncident } from './queries.ts'
import { type IncidentRow, incidents } from './table.ts'

/** The kind of due work that closes an incident at its end. Its subject is the id of the incident. */
export const INCIDENT = 'INCIDENT'

/** What is to be written of incidents, as a part of a commit. */
export interface IncidentDraft {
  statements: Statement[]
  changes: Change[]
}

const insertIncidents = insertInto(incidents)

const setEnd = (ctx: Ctx, { id, validUntil }: Pick<IncidentRow, 'id' | 'validUntil'>): Statement[] => {
  const due = { kind: INCIDENT, subject: id }
  return validUntil === null ? dropDue(ctx, [due]) : setDue(ctx, [{ ...due, dueAt: validUntil }])
}

/** Changes an incident. It is STALE if another write comes first. */
const changeIncident = ({ organizationId }: Ctx, { id, version }: IncidentRow, set: Partial<IncidentRow>): Statement =>
  builder
    .update(incidents)
    .set({ ...set, version: version + 1 })
    .where(and(eq(incidents.organizationId, organizationId), eq(incidents.id, id)))

/** Opens an incident. Webhooks tell of it. */
export const draftOpened = (ctx: Ctx, row: IncidentRow): IncidentDraft => ({
  statements: [insertIncidents([row]), ...(row.validUntil === null ? [] : setEnd(ctx, row))],
  changes: [{ type: 'INCIDENT', id: row.id, fields: differences(undefined, showIncident(row, row.createdAt)) }],
})

/** Renews what the last check saw, of which nobody is told. */
export const draftRenewed = (
  ctx: Ctx,
  row: IncidentRow,
  { validUntil, report, lastCheckedAt }: Pick<IncidentRow, 'validUntil' | 'report' | 'lastCheckedAt'>,
): IncidentDraft => ({
  statements: [
    changeIncident(ctx, row, { validUntil, report, lastCheckedAt, updatedAt: lastCheckedAt }),
    ...(validUntil === row.validUntil ? [] : setEnd(ctx, { id: row.id, validUntil })),
  ],
  changes: [],
})

/** Closes an incident at an instant (milliseconds). Until `silentUntil` its alert opens no other one. */
export const draftClosed = (ctx: Ctx, row: IncidentRow, at: number, silentUntil: number | null = null): IncidentDraft => ({
  statements: [
    changeIncident(ctx, row, { status: 'CLOSED', silentUntil, updatedAt: at }),
    ...dropDue(ctx, [{ kind: INCIDENT, subject: row.id }]),
  ],
  changes: [{ type: 'INCIDENT', id: row.id, fields: { status: ['OPEN', 'CLOSED'] } }],
})

/** The statement that lets an alert open another incident at once, though a person has closed this one. */
export const breakSilence = ({ organizationId }: Ctx, { id }: Pick<IncidentRow, 'id'>): Statement =>
  builder
    .update(incidents)
    .set({ silentUntil: null })
    .where(and(eq(incidents.organizationId, organizationId), eq(incidents.id, id)))
