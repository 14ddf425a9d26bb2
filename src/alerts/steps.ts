import type { DueStep } from '../access/due/service.ts'
import { loadLater } from '../lib/load.ts'

const checks = loadLater(() => import('./checks/service.ts'))

/** The scheduled steps of alerts, when all that is due at an instant has been done: incidents end, and conditions are checked. */
export const alertSteps: readonly DueStep[] = [
  { kind: 'INCIDENT', run: checks.endIncident },
  { kind: 'ALERT', run: checks.checkAlert, runTogether: checks.checkAlerts, looksAtAll: true },
]
