import type { DueStep } from '../access/due/service.ts'
import type { JobWorkers } from '../access/jobs/service.ts'
import { loadLater } from '../lib/load.ts'

const archive = loadLater(() => import('./schedules/archive.ts'))
const cycles = loadLater(() => import('./schedules/cycles.ts'))
const migrations = loadLater(() => import('./migrations/job.ts'))

/** The scheduled steps of the catalogue: timelines of archived accounts end, and cycles are announced. */
export const catalogueSteps: readonly DueStep[] = [
  { kind: 'ACCOUNT_ARCHIVED', run: archive.endTimeline },
  { kind: 'PRICING_CYCLE', isLater: true, run: cycles.announceCycles, runTogether: cycles.announceCyclesTogether },
]

/** The worker of jobs that move accounts to another price plan. */
export const catalogueWorkers: JobWorkers = {
  PRICE_PLAN: { entries: 50, parts: 2, work: migrations.moveAccounts },
}
