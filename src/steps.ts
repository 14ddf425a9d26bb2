import type { DueStep } from './access/due/service.ts'
import { eventSteps } from './events/steps.ts'

/** What is done for a subject that is due, in the order in which it is done at one instant. */
export const steps: readonly DueStep[] = [...eventSteps]
