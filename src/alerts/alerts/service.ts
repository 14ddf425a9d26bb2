import { and, eq, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import type { Statement } from '../../db/client.ts'
import { type Draft, type Reply, commit } from '../../db/commit.ts'
import type { Locate } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { dropDue, setDue } from '../../db/due.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { ApiError } from '../../lib/errors.ts'
import { newId } from '../../lib/ids.ts'
import { readSeen } from '../checks/seen.ts'
import { isOpen, readIncidentRows, selectLastIncidents } from '../incidents/queries.ts'
import { incidents } from '../incidents/table.ts'
import { draftRenewed } from '../incidents/write.ts'
import { readThreshold, readWatched, requireTemplate } from './input.ts'
import { ALERT, endOf, isChecked, isOver, nextCheck } from './instants.ts'
import { listAlertRows, readAlert, showAlert, tagOfAlert } from './queries.ts'
import type { Alert, AlertsPaginatedResponse, CreateAlertRequest, ListAlertsQuery, UpdateAlertRequest } from './schema.ts'
import { type AlertRow, alerts } from './table.ts'

const insertAlerts = insertInto(alerts)

const recordChange = (before: AlertRow | undefined, after: AlertRow, now: number): Draft<object>['changes'] => [
  { type: 'ALERT', id: after.id, fields: differences(before && showAlert(before, now), showAlert(after, now)) },
]

/** Where a request names what an alert watches. */
const WATCHED_IN: Readonly<Record<string, string>> = {
  account: 'ownerDetails.account.id',
  'usage meter': 'entityDetails.usageMeter.id',
  feature: 'entityDetails.feature.id',
}

const locate: Locate = (conflict, [noun = '']) => (conflict.startsWith('WATCHED_') ? WATCHED_IN[noun] : undefined)

/** Refuses a validity that ends with the first check or before it. Throws INVALID. */
const refuseShortValidity = ({ interval, validity }: Pick<AlertRow, 'interval' | 'validity'>): void => {
  if (validity !== null && validity <= interval)
    throw new ApiError('INVALID', `validity: must be more than ${interval}, which is the interval: the alert would never be checked`)
}

/** The statements that set when an alert is checked next behind an instant, or that it is not. */
const setChecks = (ctx: Ctx, row: AlertRow): Statement[] => {
  const next = isChecked(row, ctx.now) ? nextCheck(row, ctx.now) : undefined
  const due = { kind: ALERT, subject: row.id }
  return next === undefined ? dropDue(ctx, [due]) : setDue(ctx, [{ ...due, dueAt: next }])
}

/** Makes an alert of a template. It is checked an interval later for the first time. */
export const createAlert = async (ctx: Ctx, input: CreateAlertRequest): Promise<Reply<Alert>> => {
  const { organizationId, now } = ctx
  const watched = readWatched(ctx, input)
  const row: AlertRow = {
    id: newId('ALERT', now),
    organizationId,
    ...watched,
    status: input.status,
    interval: input.interval,
    validity: input.validity ?? null,
    description: input.description || null,
    anchoredAt: now,
    checkedAt: null,
    seen: input.status === 'ACTIVE' ? await readSeen(ctx, requireTemplate(watched.templateId)) : null,
    progress: null,
    createdAt: now,
    updatedAt: now,
    version: 1,
  }
  refuseShortValidity(row)
  return commit(ctx, {
    statements: [insertAlerts([row]), ...setChecks(ctx, row)],
    changes: recordChange(undefined, row, now),
    answer: showAlert(row, now),
    tag: tagOfAlert(row, now),
    locate,
  })
}

export const getAlert = async (ctx: Ctx, id: string): Promise<Reply<Alert>> => {
  const row = await readAlert(ctx, id)
  return { answer: showAlert(row, ctx.now), tag: tagOfAlert(row, ctx.now) }
}

/** Lists alerts, the newest first, a page at a time. */
export const listAlerts = async (ctx: Ctx, query: ListAlertsQuery): Promise<Reply<AlertsPaginatedResponse>> => {
  const { rows, next } = await listAlertRows(ctx, query)
  return { answer: { data: rows.map((row) => showAlert(row, ctx.now)), ...next } }
}

/** What a request makes of an alert. */
const changedBy = (row: AlertRow, { description, status, interval, validity, parameters }: UpdateAlertRequest) => ({
  description: description === undefined ? row.description : description || null,
  status: status ?? row.status,
  interval: interval ?? row.interval,
  validity: validity === undefined ? row.validity : validity,
  threshold: parameters === undefined ? row.threshold : readThreshold(requireTemplate(row.templateId), parameters),
})

/** The statement that lets an alert open an incident again though a person has closed one, since it looks for something else now. */
const breakSilence = ({ organizationId }: Ctx, { id }: AlertRow): Statement =>
  builder
    .update(incidents)
    .set({ silentUntil: null })
    .where(and(eq(incidents.organizationId, organizationId), eq(incidents.alertId, id), sql`${incidents.silentUntil} is not null`))

/** The statements that move the end of the open incident of an alert with that of the alert. One about usage ends with its pricing cycle. */
const moveEnd = async (ctx: Ctx, row: AlertRow): Promise<Statement[]> => {
  if (requireTemplate(row.templateId).observed === 'USAGE') return []
  const [last] = readIncidentRows(await ctx.session.rows(selectLastIncidents(ctx, sql`select ${row.id} as value`)))
  if (!last || !isOpen(last, ctx.now)) return []
  const end = endOf(row)
  return draftRenewed(ctx, last, { ...last, validUntil: end === undefined ? null : Math.max(end, ctx.now) }).statements
}

/**
 * Replaces what is sent. An alert that becomes active begins again: its first check is an interval later, and looks at what comes from now
 * on. Another interval or validity moves the next check, and a check that has not finished begins anew.
 */
export const updateAlert = (ctx: Ctx, id: string, input: UpdateAlertRequest): Promise<Reply<Alert>> =>
  changeVersioned(ctx, {
    read: () => readAlert(ctx, id),
    tagOf: (row) => tagOfAlert(row, ctx.now),
    change: async (row): Promise<Draft<Alert> | { unchanged: Alert }> => {
      const { now } = ctx
      const next = changedBy(row, input)
      const changed = Object.entries(next).some(([field, value]) => value !== row[field as keyof typeof next])
      if (input.interval !== undefined || typeof input.validity === 'number') refuseShortValidity(next)
      if (input.status === 'ACTIVE' && isOver({ ...row, ...next }, now))
        throw new ApiError('CONFLICT', `status: the alert "${id}" is over, since its validity has ended. Send a longer validity with it.`)
      if (!changed) return { unchanged: showAlert(row, now) }
      const after: AlertRow = { ...row, ...next, progress: null, updatedAt: now, version: row.version + 1 }
      const [was, is] = [isChecked(row, now), isChecked(after, now)]
      const begun = !was && is && { anchoredAt: now, checkedAt: null, seen: await readSeen(ctx, requireTemplate(row.templateId)) }
      const its: AlertRow = { ...after, ...begun }
      const isMoved = was !== is || row.interval !== its.interval || row.validity !== its.validity
      return {
        statements: [
          builder
            .update(alerts)
            .set({ ...next, ...begun, progress: null, updatedAt: now, version: its.version })
            .where(and(eq(alerts.organizationId, ctx.organizationId), eq(alerts.id, id))),
          ...(isMoved ? setChecks(ctx, its) : []),
          ...(row.validity === its.validity ? [] : await moveEnd(ctx, its)),
          ...(row.threshold === its.threshold ? [] : [breakSilence(ctx, its)]),
        ],
        changes: recordChange(row, its, now),
        answer: showAlert(its, now),
        tag: tagOfAlert(its, now),
      }
    },
  })
