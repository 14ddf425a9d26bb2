import type { DueStep } from '../access/due/service.ts'
import { JOB } from '../access/jobs/service.ts'
import { loadLater } from '../lib/load.ts'

const corrections = loadLater(() => import('./corrections/job.ts'))
const ledgers = loadLater(() => import('./ingestion/tell.ts'))
const waiting = loadLater(() => import('./ingestion/waiting.ts'))

/** The scheduled steps of events: ledgers are told of changes, waiting events are processed, and jobs continue. */
export const eventSteps: readonly DueStep[] = [
  { kind: 'GENERATIONS_CHANGED', run: ledgers.generationsChanged },
  { kind: 'ORGANIZATION_CHANGED', run: ledgers.organizationChanged },
  { kind: 'ACCOUNT_CHANGED', run: ledgers.accountChanged },
  { kind: 'NAMES_GAINED', isLater: true, run: waiting.namesGained },
  { kind: JOB, isLater: true, run: corrections.runJob },
]
