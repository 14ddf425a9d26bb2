/** The statuses of an event, in the order of their codes. The meaning of a code never changes. */
export const STATUSES = [
  'INGESTION_IN_PROGRESS',
  'INGESTION_COMPLETED_EVENT_METERED',
  'INGESTION_COMPLETED_EVENT_NOT_METERED',
  'INGESTION_COMPLETED_NO_MATCHING_METERS',
  'INGESTION_FAILED',
  'INGESTION_FAILED_SCHEMA_NOT_DEFINED',
  'INGESTION_FAILED_ENRICHMENT_FAILED',
  'INGESTION_FAILED_UNITS_INVALID',
  'INGESTION_FAILED_PAST_GRACE_PERIOD',
  'INGESTION_FAILED_ACCOUNT_NOT_FOUND',
  'INGESTION_FAILED_DUPLICATE_EVENT',
  'INGESTION_FAILED_NO_EVENT_ID',
  'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT',
  'INGESTION_FAILED_INSUFFICIENT_CREDITS',
  'REVERTED',
  'UNKNOWN',
] as const
export type EventStatus = (typeof STATUSES)[number]

export const codeOf = (status: EventStatus): number => STATUSES.indexOf(status)

/** The sources of events, in the order of their codes. */
export const SOURCES = ['INGEST', 'INGEST_BATCH', 'ENTITLED', 'BULK_IMPORT', 'CORRECTION'] as const
export type EventSource = (typeof SOURCES)[number]

/** The source of events that are kept only if their account has enough credits, as a ledger keeps it. */
export const ENTITLED = SOURCES.indexOf('ENTITLED')

/** The key of an account in a ledger: the caller's id of the account, or a name in events that no account has. */
export const accountKey = (accountId: string): string => `=${accountId}`
export const unknownKey = (name: string): string => `?${name}`

/** Whether a key is a name that no account has. */
export const isUnknown = (key: string): boolean => key.startsWith('?')

/** An event as it goes to a ledger, and is kept there. Times are milliseconds; units are decimal texts, one for each meter of its rules, null where a meter does not count it. */
export type EventRow = [
  id: string,
  reference: string,
  time: number,
  account: string,
  schema: string,
  status: number,
  rules: string | null,
  units: (string | null)[] | null,
  payload: object | null,
  more: EventMore | null,
  /** The digest of the Idempotency-Key of its request, its position in the request, and its content. */
  request: string | null,
]

/** Additional data that most events do not have. */
export interface EventMore {
  /** The reason for its status, if the status does not explain it. */
  why?: string
  /** The accountId of the event, if it is an alias. */
  alias?: string
  /** The enriched fields: name, type, value. */
  enriched?: [name: string, type: 'ATTRIBUTE' | 'DIMENSION', value: string][]
  /** The settings that were used for enrichment: key, name, value. */
  settings?: [key: string, name: string, value: string][]
  /** The status before it was reverted. */
  before?: EventStatus
  /** The correction that reverted it or freed its id. */
  by?: string
  /** For a repeat, the event that it repeats. */
  of?: string
  /** The credits of a feature that it took: the feature, the attribute that says how many, and how many were overage, of this event and so far in its time. */
  feature?: [featureId: string, attribute: string, overage: string, overageSoFar: string]
}

/** The rule set with which an event was processed: the version of the schema, and the id, version and name of each meter. */
export interface RuleSet {
  schema: [name: string, version: number]
  meters: [id: string, version: number, name: string][]
}

/** A sum of a ledger: a series of an account in an hour. */
export type Total = [account: string, series: string, hour: number, units: string, count: number, first: number, last: number]

/** The series of the units of a meter. */
export const meterSeries = (meterId: string): string => `m|${meterId}`

/** The series of the events of a schema and status. */
export const eventSeries = (schema: string, status: number): string => `e|${status}|${schema}`

export const HOUR = 3_600_000
export const DAY = 86_400_000

/** The versions that a call to record events used, and the data that its events share. */
export interface RecordHead {
  /** The version of the organization that was used to process the events. */
  version: number
  /** The version of each account that they rest on, by its key, and of a name that no account had the version that was last told of it, or 0. */
  accounts: Record<string, number>
  /** The customer of each account, by its key. */
  customers: Record<string, string>
  /** The rule sets of the events, by name. */
  ruleSets: Record<string, RuleSet>
  /** The time of their arrival. */
  createdAt: number
  /** Whether that is the time of the organization's test clock, by which its data then expires. */
  isTestClock?: boolean
  source: number
  count: number
}

/** The outcome of a call with versions: a result, or the versions that are outdated. */
export type Stale = { stale: StaleVersions }

/** The current versions: of the organization, or of accounts and names by key. */
export interface StaleVersions {
  version?: number
  accounts?: Record<string, number>
}

/** The result of recording events. */
export interface Recorded {
  /** The events that were not new, each with the reference of the event that has the id. */
  repeats: [reference: string, of: string][]
  /** The references of events that were not recorded, since an event has their id of which it is not known yet whether it is kept. */
  held: string[]
  /** The references of the events of this call that are in progress: their accounts' ledgers are to be asked. */
  inProgress: string[]
  /** The size of the ledger in bytes. */
  size: number
}

/**
 * What became of an event that is kept only if its account has enough credits: it is recorded, or was before by the same request and is
 * still in progress (OPEN) or not (DONE). TAKEN: its id belongs to another event. HELD: it is not known yet whether that is kept. CLOSED: its
 * pricing cycle was closed.
 */
export interface RecordedEntitled {
  state: 'NEW' | 'OPEN' | 'DONE' | 'TAKEN' | 'HELD' | 'CLOSED'
  reference: string
  size: number
  /** What is kept of an event that is OPEN, and what it asks of its account's ledger: a repeat goes on from that. */
  open?: { event: Pick<EventShown, 'account' | 'customer' | 'more'>; act: Act }
}

/** An event as a ledger shows it. */
export interface EventShown {
  id: string
  reference: string
  time: number
  createdAt: number
  account: string
  customer: string | null
  schema: string
  status: number
  source: number
  rules: RuleSet | null
  units: (string | null)[] | null
  payload: object | null
  more: EventMore | null
}

/** The request to an account's ledger for an event that adds or removes a name of a licence. */
export interface LicenseAct {
  /** The name of the account's ledger. */
  ledger: string
  account: string
  license: string
  name: string
  action: 1 | -1
  /** The time of the event, in milliseconds. */
  time: number
  reference: string
  /** When the event arrived, in milliseconds. Acts that were stored by earlier versions lack it. */
  arrivedAt?: number
}

/** The request to an account's ledger for an event that takes credits of a feature. */
export interface FeatureAct {
  /** The name of the account's ledger. */
  ledger: string
  account: string
  feature: string
  /** The attribute that says how many, and how many as a decimal text: what is below 0 is given back. */
  attribute: string
  units: string
  /** The time of the event, in milliseconds. */
  time: number
  reference: string
  /** The first instant of the pricing cycle of the event, if its plan grants credits: none are taken before it has granted them. */
  cycleAt?: number
  /** Whether the event is kept only if there are enough, because its sender waits for that. */
  isEntitled?: boolean
  /** Whether it is only asked if there are enough, because the event counts nothing. */
  isTried?: boolean
  /** What becomes of the event if there are enough. */
  next: { status: number; units: (string | null)[] | null; why: string | null }
}

/** The request to an account's ledger for an event in progress. */
export type Act = LicenseAct | FeatureAct

/** What the ledger of an account says of an event that takes credits. BEHIND: the pricing cycle has not granted its credits. GONE: the event was taken back before. */
export type FeatureOutcome =
  | { outcome: 'TAKEN'; overage: string; overageSoFar: string }
  | { outcome: 'SHORT'; left: string }
  | { outcome: 'BEHIND' }
  | { outcome: 'GONE' }

/** What the ledger of an account says of an event in progress. ABSENT: a name that is to be removed is not there. */
export type ActOutcome = 'DONE' | 'ABSENT' | FeatureOutcome

/** A request to an account's ledger that is taken back. */
export interface UndoneAct {
  reference: string
  isFeature: boolean
}

export const isFeatureAct = (act: Act): act is FeatureAct => 'feature' in act
