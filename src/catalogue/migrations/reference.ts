import { done, pricePlanId, sourcePricePlanId } from '../../lib/examples.ts'

const priced = [
  'createEventSchema',
  'createUsageMeter',
  'activateEventSchema',
  'activateUsageMeter',
  'createPricePlan',
  'activatePricePlan',
  'createPricePlanV2',
  'finalizePricePlan',
]

const request = {
  sourceId: sourcePricePlanId,
  sourceVersion: 1,
  targetId: pricePlanId,
  targetVersion: 1,
  migrationMode: 'NEXT_CYCLE',
  retainStartOffsets: true,
  requireConfirmation: true,
}

export const pricePlanMigrationV2 = {
  summary: 'Move accounts to another price plan',
  description:
    'Moves the accounts that have a version of a price plan, or will have it, to another version or another plan, or ends that plan for them. A job does this after the answer, with an entry for each account, and Location names the job. With requireConfirmation, it starts when confirmJob is called. IMMEDIATE moves an account from tomorrow on, NEXT_CYCLE from the end of the cycle that is in force today, and START_OF_CURRENT_CYCLE from its start, for which both versions must have deferredRevenue or allowOngoingCycleUpdates; today is the day on which the job starts. If an account has its turn so late that some of this cannot be edited any more, it is moved from the first day on that can. All schedules of the version after that get the other one, and end as they did. IMMEDIATE and NEXT_CYCLE leave accounts as they are that have something instead of a part of the plan in any of these schedules, and the other modes drop what they have. An account that cannot be moved is a failed entry with the reason. A draft of its schedules stays, and can only be discarded then.',
  refuses: {
    400: 'The target is the version that accounts have, or of type PURCHASE; retainStartOffsets is true and the intervals differ; or there is no target for it or for targetVersion.',
    404: 'One of the price plans does not exist, or has no such published version.',
    409: 'The target is not ACTIVE.',
  },
  example: {
    after: priced,
    request,
    answer: done,
    other: { request: { ...request, migrationMode: 'IMMEDIATE' } },
  },
}
