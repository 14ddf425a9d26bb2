import { wordsOf } from './format.ts'

const TONES: Readonly<Record<string, string>> = {
  ACTIVE: 'good',
  PAID: 'good',
  COMPLETED: 'good',
  METERED: 'good',
  REFUND_COMPLETED: 'good',
  SUCCESS: 'good',
  CONSUMED: 'calm',
  DRAFT: 'calm',
  INACTIVE: 'calm',
  ARCHIVED: 'calm',
  MERGED: 'calm',
  VOID: 'calm',
  VOIDED: 'calm',
  EXPIRED: 'calm',
  REVERTED: 'calm',
  CLOSED: 'calm',
  NOT_METERED: 'calm',
  CANCELLED: 'calm',
  NO_MATCHING_METERS: 'warm',
  DUE: 'warm',
  OPEN: 'bad',
  OVERDUE: 'bad',
  PARTIALLY_PAID: 'warm',
  REFUND_INITIATED: 'warm',
  IN_PROGRESS: 'warm',
  RUNNING: 'warm',
  QUEUED: 'warm',
  PENDING: 'warm',
  SCHEDULED: 'warm',
  WAITING_FOR_CONFIRMATION: 'warm',
  UN_COLLECTIBLE: 'bad',
  FAILED: 'bad',
}

/** A status as a word, with a colour that says whether somebody has to look at it. */
export const Badge = ({ of, tone, children }: { of: string; tone?: string; children?: string }) => (
  <span class={`badge ${tone ?? TONES[of] ?? (of.startsWith('FAILED') ? 'bad' : 'calm')}`}>{children ?? wordsOf(of)}</span>
)

const STATUS = /^INGESTION_(?:COMPLETED_|FAILED_)?(?:EVENT_)?/

/** The status of an event in few words. */
export const eventStatus = (status: string): string => (status === 'INGESTION_FAILED' ? 'Incomplete' : wordsOf(status.replace(STATUS, '')))

const toneOf = (status: string): string => {
  if (status.startsWith('INGESTION_FAILED')) return 'bad'
  if (status === 'INGESTION_COMPLETED_EVENT_METERED') return 'good'
  return status === 'INGESTION_IN_PROGRESS' || status === 'INGESTION_COMPLETED_NO_MATCHING_METERS' ? 'warm' : 'calm'
}

export const EventBadge = ({ status }: { status: string }) => (
  <Badge of={status} tone={toneOf(status)}>
    {eventStatus(status)}
  </Badge>
)
