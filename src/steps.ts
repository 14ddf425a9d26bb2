import type { DueStep } from './access/due/service.ts'
import { catalogueSteps } from './catalogue/steps.ts'
import { eventSteps } from './events/steps.ts'

/** The steps for due work, in the order in which they run if they are due at the same instant. */
export const steps: readonly DueStep[] = [...catalogueSteps, ...eventSteps]
