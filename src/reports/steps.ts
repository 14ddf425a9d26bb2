import type { DueStep } from '../access/due/service.ts'
import { loadLater } from '../lib/load.ts'

const files = loadLater(() => import('./files/service.ts'))
const making = loadLater(() => import('./reports/make.ts'))
const templates = loadLater(() => import('./report_templates/run.ts'))

/** The scheduled steps of reports: templates make a report of each period, reports are made, and files are deleted that have been kept long enough. */
export const reportSteps: readonly DueStep[] = [
  { kind: 'REPORT_TEMPLATE', run: templates.runTemplate },
  { kind: 'REPORT', isLater: true, canWait: true, run: making.makeReport },
  { kind: 'FILE', isLater: true, run: files.deleteFile },
]
