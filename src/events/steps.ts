import type { DueStep } from '../access/due/service.ts'
import { JOB } from '../access/jobs/service.ts'
import { runJob } from './corrections/job.ts'
import { accountChanged, generationsChanged, organizationChanged } from './ingestion/tell.ts'
import { namesGained } from './ingestion/waiting.ts'

/** What events do because of changes in the domains before: ledgers are told, events that waited are processed, and jobs that correct events go on. */
export const eventSteps: readonly DueStep[] = [
  { kind: 'GENERATIONS_CHANGED', run: generationsChanged },
  { kind: 'ORGANIZATION_CHANGED', run: organizationChanged },
  { kind: 'ACCOUNT_CHANGED', run: accountChanged },
  { kind: 'NAMES_GAINED', isLater: true, run: namesGained },
  { kind: JOB, isLater: true, run: runJob },
]
