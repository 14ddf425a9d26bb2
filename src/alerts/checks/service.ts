import { type SQL, and, eq, sql } from 'drizzle-orm'
import { retryWhenStale } from '../../db/change.ts'
import type { Statement } from '../../db/client.ts'
import { type Change, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type SettledDue, type StepResult, settleAllDue, settleDue } from '../../db/due.ts'
import { builder, selectRows } from '../../db/statements.ts'
import { type KindedGeneration, selectGenerations } from '../../ledger/client.ts'
import { findTemplate } from '../alert_templates/templates.ts'
import { ALERT, isChecked } from '../alerts/instants.ts'
import { readAlertRows, selectedAlert } from '../alerts/queries.ts'
import { type AlertRow, type CheckProgress, alerts } from '../alerts/table.ts'
import { hasEnded, readIncident, readIncidentRows, selectLastIncidents } from '../incidents/queries.ts'
import type { IncidentRow } from '../incidents/table.ts'
import { draftClosed } from '../incidents/write.ts'
import type { CheckedAlert, Finding } from './finding.ts'
import { judge } from './judge.ts'
import { nextCheckOf, selectNextWork } from './next.ts'
import { isOfAllAccounts, observeTogether } from './observe.ts'
import { observeNextAccounts, progressOf } from './sum.ts'

/** What is read for checks that are due. */
interface DueChecks {
  /** The checks that are still due, each with its due row. */
  checks: { due: Due; checked: CheckedAlert }[]
  /** What is due of alerts that are not checked any more. */
  over: Due[]
  lastOf: ReadonlyMap<string, IncidentRow>
  generations: readonly KindedGeneration[]
  nextWork: number | null
}

/** The most alerts that are checked together. */
const MOST_ALERTS = 50

/**
 * The due rows that are still as they were, and what else is due of alerts since, until other work is due: what is checked as of now is checked
 * together, since each alert is due at an instant of its own.
 */
const dueAlerts = ({ organizationId, now }: Ctx, rows: readonly Due[]): SQL => {
  const since = Math.min(...rows.map(({ dueAt }) => dueAt))
  return sql`
    select its.subject, its.due_at as dueAt from due as its
    where its.organization_id = ${organizationId} and its.kind = ${ALERT} and its.due_at between ${since} and ${now} and (
      (its.subject, its.due_at) in (select value ->> 0, value ->> 1 from json_each(${JSON.stringify(rows.map(({ subject, dueAt }) => [subject, dueAt]))}))
      or its.due_at < coalesce((
        select min(other.due_at) from due as other
        where other.organization_id = ${organizationId} and other.due_at > ${since} and other.kind <> ${ALERT}
      ), ${Number.MAX_SAFE_INTEGER})
    ) order by its.due_at limit ${MOST_ALERTS}`
}

/** The query for the alerts of some due rows. They are found by their ids: by the organization, all of its alerts would be read. */
const selectAlerts = ({ organizationId }: Ctx, found: SQL): Statement =>
  builder
    .select(selectedAlert)
    .from(alerts)
    .where(sql`+${alerts.organizationId} = ${organizationId} and ${alerts.id} in (select subject from (${found}))`)

const readChecks = async (ctx: Ctx, rows: readonly Due[]): Promise<DueChecks> => {
  const { organizationId, now, clockTarget } = ctx
  const isDue = dueAlerts(ctx, rows)
  const [due, found, last, generations, nextWork] = await ctx.session.batch<object>([
    selectRows(isDue),
    selectAlerts(ctx, isDue),
    selectLastIncidents(ctx, sql`select subject as value from (${isDue})`),
    selectGenerations(organizationId),
    clockTarget === undefined ? selectRows(sql`select null as next`) : selectNextWork(ctx),
  ])
  const dueOf = new Map(((due?.results ?? []) as Omit<Due, 'kind'>[]).map((row): [string, Due] => [row.subject, { ...row, kind: ALERT }]))
  const checks: DueChecks['checks'] = []
  const over: Due[] = []
  for (const row of readAlertRows(found?.results)) {
    const [its, template] = [dueOf.get(row.id), findTemplate(row.templateId)]
    if (!its || !template) throw new Error(`The alert ${row.id} is of no template`)
    if (isChecked(row, now)) checks.push({ due: its, checked: { row, template, at: now } })
    else over.push(its)
  }
  return {
    checks,
    over,
    lastOf: new Map(readIncidentRows(last?.results).map((incident) => [incident.alertId, incident])),
    generations: (generations?.results ?? []) as KindedGeneration[],
    nextWork: ((nextWork?.results ?? []) as { next: number | null }[])[0]?.next ?? null,
  }
}

/** The statement that refuses a commit as stale if one of some alerts was changed meanwhile, or another run has gone on with its check. */
const holdAlerts = ({ organizationId }: Ctx, checked: readonly CheckedAlert[]): Statement[] => {
  const sent = checked.map(({ row }) => [row.id, row.version, row.progress?.step ?? 0])
  if (!sent.length) return []
  return [
    refuseWhen(
      'STALE',
      sql`select '[]' from json_each(${JSON.stringify(sent)}) as sent
        cross join alerts as its on its.organization_id = ${organizationId} and its.id = sent.value ->> 0
        where its.version <> sent.value ->> 1 or coalesce(its.progress ->> '$.step', 0) <> sent.value ->> 2`,
    ),
  ]
}

const changeAlert = ({ organizationId }: Ctx, { id }: AlertRow, set: Partial<AlertRow>): Statement =>
  builder
    .update(alerts)
    .set(set)
    .where(and(eq(alerts.organizationId, organizationId), eq(alerts.id, id)))

/** Writes what checks have found, all of it in one commit, and when they are made again. */
const commitFindings = async (
  ctx: Ctx,
  { lastOf, nextWork, over }: DueChecks,
  made: readonly { due: Due; checked: CheckedAlert; finding: Finding }[],
): Promise<void> => {
  const settled: SettledDue[] = over.map((row) => ({ row }))
  const statements: Statement[] = []
  const changes: Change[] = []
  for (const { due, checked, finding } of made) {
    const { row, at } = checked
    const { last, ...judged } = judge(ctx, checked, finding, lastOf.get(row.id))
    statements.push(
      changeAlert(ctx, row, { checkedAt: at, progress: null, ...(finding.seen && { seen: finding.seen }) }),
      ...judged.statements,
    )
    changes.push(...judged.changes)
    settled.push({ row: due, next: nextCheckOf(ctx, row, finding, last, nextWork) })
  }
  if (!settled.length) return
  const checked = made.map((one) => one.checked)
  await commit(ctx, { statements: [...settleAllDue(ctx, settled), ...holdAlerts(ctx, checked), ...statements], changes, answer: {} })
}

/** Keeps how far a check has come, so that the next step goes on there, also after a run that was killed. */
const keepProgress = (ctx: Ctx, due: Due, checked: CheckedAlert, progress: CheckProgress): Promise<unknown> =>
  commit(ctx, {
    statements: [...settleDue(ctx, due, due.dueAt), ...holdAlerts(ctx, [checked]), changeAlert(ctx, checked.row, { progress })],
    changes: [],
    answer: {},
  })

/**
 * Checks alerts that are due, as of now, however late that is. Those that look at little are checked together; of those that go through all
 * accounts, one goes on with some of them. What is left stays due.
 */
export const checkAlerts = (ctx: Ctx, rows: readonly Due[]): Promise<StepResult> =>
  retryWhenStale(async () => {
    const found = await readChecks(ctx, rows)
    const { checks, generations } = found
    const isLong = ({ checked }: (typeof checks)[number]): boolean => isOfAllAccounts(checked)
    const short = checks.filter((one) => !isLong(one))
    const [long, ...others] = checks.filter(isLong)
    if (short.length || !long) {
      const observed = await observeTogether(
        ctx,
        { generations, at: ctx.now },
        short.map(({ checked }) => checked),
      )
      const made = short.map((one) => ({ ...one, finding: observed.get(one.checked.row.id) ?? { value: undefined } }))
      await commitFindings(ctx, found, made)
      return { isUnfinished: long !== undefined, done: short.length }
    }
    const checked: CheckedAlert = { ...long.checked, at: progressOf(long.checked).at }
    const step = await observeNextAccounts(ctx, { generations }, checked)
    if ('progress' in step) {
      await keepProgress(ctx, long.due, checked, step.progress)
      return { isUnfinished: true }
    }
    await commitFindings(ctx, found, [{ due: long.due, checked, finding: step.finding }])
    return { isUnfinished: others.length > 0, done: 1 }
  })

/** Checks an alert that is due. */
export const checkAlert = (ctx: Ctx, due: Due): Promise<StepResult> => checkAlerts(ctx, [due])

/** Closes an incident that has come to its end, as of then. */
export const endIncident = (ctx: Ctx, due: Due): Promise<unknown> =>
  retryWhenStale(async () => {
    const row = await readIncident(ctx, due.subject)
    const isToClose = row.status === 'OPEN' && hasEnded(row, ctx.now)
    const closed = isToClose ? draftClosed(ctx, row, row.validUntil ?? ctx.now) : { statements: [], changes: [] }
    await commit(ctx, { statements: [...settleDue(ctx, due), ...closed.statements], changes: closed.changes, answer: {} })
  })
