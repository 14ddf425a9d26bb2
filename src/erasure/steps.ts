import type { DueStep } from '../access/due/service.ts'
import { loadLater } from '../lib/load.ts'

const erasures = loadLater(() => import('./erasures/service.ts'))

/** The scheduled step that goes on with erasures, behind what tells the ledgers of changed accounts. */
export const erasureSteps: readonly DueStep[] = [{ kind: 'ERASURE', isLater: true, run: erasures.continueErasure }]
