import type { DueStep } from '../access/due/service.ts'
import { loadLater } from '../lib/load.ts'

const archive = loadLater(() => import('./schedules/archive.ts'))
const cycles = loadLater(() => import('./schedules/cycles.ts'))

/** The scheduled steps of the catalogue: timelines of archived accounts end, and cycles are announced. */
export const catalogueSteps: readonly DueStep[] = [
  { kind: 'ACCOUNT_ARCHIVED', run: archive.endTimeline },
  { kind: 'PRICING_CYCLE', isLater: true, run: cycles.announceCycles },
]
