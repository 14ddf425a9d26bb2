import { type Eligibility, type EventShown, type EventStatus, type Reverted, codeOf } from '../../ledger/client.ts'
import { statusOf } from '../events/show.ts'
import type { EventCorrectionQuery } from './schema.ts'

export type Action = EventCorrectionQuery['action']

const eligibility = (refused: readonly EventStatus[], kept: readonly EventStatus[] = []): Eligibility => ({
  refused: refused.map(codeOf),
  kept: kept.map(codeOf),
})

const FINAL = ['INGESTION_IN_PROGRESS', 'INGESTION_FAILED_DUPLICATE_EVENT', 'REVERTED'] as const

/** The statuses of events that each action reverts (metering.md, 6.2). An event with invalid units counts nothing, so it only frees its id. */
export const ELIGIBILITY: Readonly<Record<Action, Eligibility>> = {
  UNDO: eligibility([...FINAL, 'INGESTION_FAILED_INSUFFICIENT_CREDITS']),
  REDO: eligibility([...FINAL, 'INGESTION_FAILED_PAST_GRACE_PERIOD'], ['INGESTION_FAILED_UNITS_INVALID']),
  REDO_EVENT: eligibility(
    [...FINAL, 'INGESTION_FAILED_PAST_GRACE_PERIOD', 'INGESTION_FAILED_ACCOUNT_NOT_FOUND'],
    ['INGESTION_FAILED_UNITS_INVALID'],
  ),
}

const REASONS: Partial<Readonly<Record<EventStatus, string>>> = {
  INGESTION_IN_PROGRESS: 'Event is still being processed',
  INGESTION_FAILED_DUPLICATE_EVENT: 'Event is a repeat, which counts nothing',
  INGESTION_FAILED_INSUFFICIENT_CREDITS: 'Event took no credits, and counts nothing',
  INGESTION_FAILED_PAST_GRACE_PERIOD: 'Event was ingested after the grace period of its pricing cycle',
  INGESTION_FAILED_ACCOUNT_NOT_FOUND: 'Event waits for an account to take the name in it',
  INGESTION_FAILED_UNITS_INVALID: 'Event was ingested again before',
  REVERTED: 'Event was reverted before',
}

/** Whether the status of an event excludes it from an action. */
export const isRefused = (action: Action, { status }: EventShown): boolean => ELIGIBILITY[action].refused.includes(status)

/** Says why an event is not corrected. */
export const reasonOf = (outcome: Reverted['outcome'], event: EventShown): string =>
  outcome === 'CLOSED'
    ? 'Event was ingested in past pricing cycle'
    : (REASONS[statusOf(event)] ?? 'Another event has taken the id of the event since')
