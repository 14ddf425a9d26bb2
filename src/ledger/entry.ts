/** The statuses of an event, in the order of their codes: a code never changes its meaning. */
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

/** Where an event came from, in the order of their codes. */
export const SOURCES = ['INGEST', 'INGEST_BATCH', 'ENTITLED', 'BULK_IMPORT', 'CORRECTION'] as const
export type EventSource = (typeof SOURCES)[number]

/** An account as a ledger names it: by the caller's id of it, or by the name in an event that no account has. */
export const accountKey = (accountId: string): string => `=${accountId}`
export const unknownKey = (name: string): string => `?${name}`

/** Whether a key is that of a name that no account has. */
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
  /** The digest of the Idempotency-Key of its request, its place in that and its content. */
  request: string | null,
]

/** What is kept of an event that most events do not have. */
export interface EventMore {
  /** Why it has its status, where the status alone does not say it. */
  why?: string
  /** The name in the event, where that is an alias of the account. */
  alias?: string
  /** What was enriched: name, type, value. */
  enriched?: [name: string, type: 'ATTRIBUTE' | 'DIMENSION', value: string][]
  /** The settings that it was enriched with: key, name, value. */
  settings?: [key: string, name: string, value: string][]
  /** The status before it was reverted. */
  before?: EventStatus
  /** The correction that reverted it, or freed its id. */
  by?: string
  /** The event that it is another one of, for a repeat. */
  of?: string
}

/** What the meters of an event were, when it was processed: the version of the schema, then the id, the version and the name of each. */
export interface RuleSet {
  schema: [name: string, version: number]
  meters: [id: string, version: number, name: string][]
}

/** A sum of a ledger: what events of an account and hour add up to in a series. */
export type Total = [account: string, series: string, hour: number, units: string, count: number, first: number, last: number]

/** The series of the units of a meter. */
export const meterSeries = (meterId: string): string => `m|${meterId}`

/** The series of the events of a schema and status. */
export const eventSeries = (schema: string, status: number): string => `e|${status}|${schema}`

export const HOUR = 3_600_000
export const DAY = 86_400_000

/** What a call to record events rests on, and what is the same for all of them. */
export interface RecordHead {
  /** The version of the organization with which the events were processed. */
  version: number
  /** The version of each account that they rest on, by its key, and of a name that no account had the version that was last told of it, or 0. */
  accounts: Record<string, number>
  /** The customer of each account, by its key. */
  customers: Record<string, string>
  /** Those of the rules of the events, by their names. */
  ruleSets: Record<string, RuleSet>
  /** When they arrived. */
  createdAt: number
  source: number
  count: number
}

/** What became of a call that rests on versions: it was done, or rests on what has changed since. */
export type Stale = { stale: StaleVersions }

/** What has changed: the version of the organization, or the versions of accounts and names by their keys. */
export interface StaleVersions {
  version?: number
  accounts?: Record<string, number>
}

/** What became of events that were recorded. */
export interface Recorded {
  /** Those that were not new: their references, each with that of the event that holds the id. */
  repeats: [reference: string, of: string][]
  /** The bytes of the ledger. */
  size: number
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

/** What an account's ledger is asked for an event that adds or removes the name of a licence. */
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
}
