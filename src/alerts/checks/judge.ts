import type { Ctx } from '../../db/context.ts'
import { compare, requireDecimal } from '../../lib/decimal.ts'
import { newId } from '../../lib/ids.ts'
import { endOf } from '../alerts/instants.ts'
import { hasEnded } from '../incidents/queries.ts'
import type { IncidentRow, Report } from '../incidents/table.ts'
import { type IncidentDraft, breakSilence, draftClosed, draftOpened, draftRenewed } from '../incidents/write.ts'
import type { CheckedAlert, Finding } from './finding.ts'

/** Whether what a check has found is worth an incident. */
export const isMet = ({ row, template: { threshold } }: CheckedAlert, { value }: Finding): boolean => {
  if (value === undefined) return false
  const order = compare(requireDecimal(value), requireDecimal(row.threshold ?? '1'))
  return threshold?.isBelow ? order < 0 : order >= 0
}

const reportOf = ({ row, template }: CheckedAlert, { value = '0', currency, from, until, invoiceIds, leftOut }: Finding): Report => ({
  ...(row.accountId !== null && { account: row.accountId }),
  ...(row.entityId !== null && { [template.entityType === 'FEATURE' ? 'feature' : 'usageMeter']: row.entityId }),
  observed: value,
  threshold: row.threshold ?? '1',
  ...(currency !== undefined && { currency }),
  ...(from !== undefined && { from }),
  ...(until !== undefined && { until }),
  ...(invoiceIds && { invoiceIds }),
  ...(leftOut && { leftOut }),
})

/** When an incident ends at the latest: that of usage with the pricing cycle, and any other with its alert. */
const validUntilOf = ({ row, template }: CheckedAlert, { cycleEnd }: Finding): number | null =>
  (template.observed === 'USAGE' ? cycleEnd : endOf(row)) ?? null

/**
 * Whether what a person has closed is not to come again yet: of an account, as long as its cycle is the one in which that was closed, which
 * another price plan can end early.
 */
const isSilenced = ({ row, at }: CheckedAlert, { from }: Finding, { status, silentUntil, report }: IncidentRow): boolean =>
  status === 'CLOSED' && silentUntil !== null && silentUntil > at && (row.accountId === null || from === report.from)

/** What is to be written of the incidents of an alert, and the incident that is its last one then. */
export interface Judgement extends IncidentDraft {
  last: IncidentRow | undefined
}

/**
 * Judges what a check has found, by the last incident of the alert: opens one where there is none, renews one while the condition lasts, and
 * closes it when it does not any more. One that has come to its end is closed as of then, whatever is found now. What a person has closed does
 * not come again while it is silent; of all accounts together, that ends when the condition does, since their cycles end at different times.
 */
export const judge = (ctx: Ctx, checked: CheckedAlert, finding: Finding, last: IncidentRow | undefined): Judgement => {
  const { row, at } = checked
  const met = isMet(checked, finding)
  const open = last?.status === 'OPEN' ? last : undefined
  const isEnded = open !== undefined && hasEnded(open, at)
  const next = { validUntil: validUntilOf(checked, finding), report: reportOf(checked, finding), lastCheckedAt: at }
  if (met && open && !isEnded)
    return { ...draftRenewed(ctx, open, next), last: { ...open, ...next, updatedAt: at, version: open.version + 1 } }
  const closed: IncidentDraft = open
    ? draftClosed(ctx, open, isEnded && open.validUntil !== null ? open.validUntil : at)
    : { statements: [], changes: [] }
  const isSilent = last !== undefined && isSilenced(checked, finding, last)
  if (!met && isSilent && row.accountId === null)
    return { statements: [breakSilence(ctx, last)], changes: [], last: { ...last, silentUntil: null } }
  if (!met || isSilent) return { ...closed, last: open ? { ...open, status: 'CLOSED' } : last }
  const opened: IncidentRow = {
    id: newId('INCIDENT', at),
    organizationId: ctx.organizationId,
    alertId: row.id,
    alertVersion: row.version,
    templateId: row.templateId,
    status: 'OPEN',
    ...next,
    silentUntil: null,
    createdAt: at,
    updatedAt: at,
    version: 1,
  }
  const draft = draftOpened(ctx, opened)
  return {
    statements: [...closed.statements, ...draft.statements],
    changes: [...closed.changes, ...draft.changes],
    last: opened,
  }
}
