import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { checkFrom, checkUntil, isOver, nextCheck } from '../alerts/instants.ts'
import type { AlertRow } from '../alerts/table.ts'
import type { IncidentRow } from '../incidents/table.ts'
import type { Finding } from './finding.ts'

/** Due work that changes nothing that alerts look at, so that a clock that is moved need not stop for it. */
const CHANGES_NOTHING = ['ALERT', 'FILE', 'INCIDENT', 'REPORT', 'REPORT_TEMPLATE', 'REVENUE', 'REVENUE_AGAIN', 'REVENUE_OF_EVENTS']

/** The query for when the next work is due that can change what alerts look at, as `next` (milliseconds). */
export const selectNextWork = ({ organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>) =>
  selectRows(sql`
    select min(due_at) as next from due
    where organization_id = ${organizationId} and due_at > ${now} and kind not in (select value from json_each(${JSON.stringify(CHANGES_NOTHING)}))`)

/**
 * When an alert is checked next, in milliseconds. While a clock is being moved, nothing changes between two pieces of work, so the next check is
 * the first one at which something else can be found, or the last one until the target of the clock.
 */
export const nextCheckOf = (
  { now, clockTarget }: Pick<Ctx, 'now' | 'clockTarget'>,
  row: AlertRow,
  { changesAt }: Finding,
  incident: IncidentRow | undefined,
  nextWork: number | null,
): number | undefined => {
  const last = clockTarget === undefined ? now : checkUntil(row, clockTarget)
  if (last <= now) return nextCheck(row, now)
  const ends = incident?.status === 'OPEN' ? incident.validUntil : incident?.silentUntil
  const changes = [changesAt, nextWork, ends].flatMap((instant) =>
    typeof instant === 'number' && instant > now ? [checkFrom(row, instant)] : [],
  )
  const next = Math.min(last, ...changes)
  return isOver(row, next) ? undefined : next
}
