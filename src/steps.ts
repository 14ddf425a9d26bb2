import type { DueStep } from './access/due/service.ts'
import type { JobWorkers } from './access/jobs/service.ts'
import { jobStep } from './access/jobs/steps.ts'
import { alertSteps } from './alerts/steps.ts'
import { billingSteps, billingWorkers, revenueSteps } from './billing/steps.ts'
import { catalogueSteps, catalogueWorkers } from './catalogue/steps.ts'
import { erasureSteps } from './erasure/steps.ts'
import { reportSteps } from './reports/steps.ts'
import { eventSteps, eventWorkers } from './events/steps.ts'

/** What works on jobs, by their type. */
const workers: JobWorkers = { ...catalogueWorkers, ...billingWorkers, ...eventWorkers }

/** The steps for due work, in the order in which they run if they are due at the same instant. */
export const steps: readonly DueStep[] = [
  ...catalogueSteps,
  ...billingSteps,
  ...eventSteps,
  jobStep(workers),
  ...revenueSteps,
  ...alertSteps,
  ...reportSteps,
  ...erasureSteps,
]
