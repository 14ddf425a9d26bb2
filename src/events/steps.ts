import type { DueStep } from '../access/due/service.ts'
import type { JobWorkers } from '../access/jobs/service.ts'
import { loadLater } from '../lib/load.ts'

const corrections = loadLater(() => import('./corrections/job.ts'))
const ledgers = loadLater(() => import('./ingestion/tell.ts'))
const restores = loadLater(() => import('./ingestion/restore.ts'))
const waiting = loadLater(() => import('./ingestion/waiting.ts'))

/** The scheduled steps of events: ledgers are restored and told of changes, and waiting events are processed. */
export const eventSteps: readonly DueStep[] = [
  { kind: 'LEDGER_RESTORED', run: restores.restoreLedger },
  { kind: 'GENERATIONS_CHANGED', run: ledgers.matchLedgerGenerations },
  { kind: 'ORGANIZATION_CHANGED', run: ledgers.tellOrganizationVersion },
  { kind: 'ACCOUNT_CHANGED', run: ledgers.tellAccountVersion, runTogether: ledgers.tellAccountVersions },
  { kind: 'NAMES_GAINED', isLater: true, run: waiting.processEventsOfNewNames },
]

/** The worker of jobs that correct events. */
export const eventWorkers: JobWorkers = {
  EVENT_CORRECTIONS: { entries: 25, parts: 8, work: corrections.correctEntries },
}
