import type { DueStep } from '../access/due/service.ts'
import { organizationChanged, accountChanged } from './ingestion/tell.ts'
import { namesGained } from './ingestion/waiting.ts'

/** What events do because of changes in the domains before: ledgers are told, and events that waited are processed. */
export const eventSteps: readonly DueStep[] = [
  { kind: 'ORGANIZATION_CHANGED', run: organizationChanged },
  { kind: 'ACCOUNT_CHANGED', run: accountChanged },
  { kind: 'NAMES_GAINED', isLater: true, run: namesGained },
]
