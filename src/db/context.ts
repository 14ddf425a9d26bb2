import type { Conditions } from '../lib/etag.ts'
import type { Database, Session } from './client.ts'
import type { ConflictWords } from './conflicts.ts'
import type { DueStep } from './due.ts'

/** The bindings of the Worker. Both secrets are accepted; SIGNING_SECRET signs. */
export interface Bindings {
  DB: D1Database
  SIGNING_SECRET: string
  SIGNING_SECRET_PREVIOUS?: string
  CORS_ORIGINS?: string
  /** The git revision that was deployed. */
  REVISION?: string
  /** The version of the Worker as Cloudflare knows it. */
  RELEASE?: WorkerVersionMetadata
  /** The rate limit for requests of a token. */
  TOKEN_LIMIT?: RateLimit
  /** The rate limit for invalid tokens of an IP address. */
  REFUSED_LIMIT?: RateLimit
  /** The additional rate limit for ingestion requests of a token, if there is one. */
  INGEST_LIMIT?: RateLimit
  /** The number of days for which the payload of an event is stored, by default 400. */
  EVENTS_KEPT_FOR?: string
  /** `on` where an organization can have a clock of its own, which tests turn. */
  TEST_CLOCK?: string
  /** `on` where webhooks may be sent to private and loopback addresses, and without TLS. */
  WEBHOOK_LOCAL?: string
  /** The bucket for files, such as reports. */
  FILES?: R2Bucket
  /** The static files of the Worker. */
  ASSETS?: Fetcher
}

/** The secrets that are accepted; the first one signs. */
export const readSecrets = ({ SIGNING_SECRET, SIGNING_SECRET_PREVIOUS }: Bindings): string[] => [
  SIGNING_SECRET,
  ...(SIGNING_SECRET_PREVIOUS ? [SIGNING_SECRET_PREVIOUS] : []),
]

/** The Durable Objects of the Worker, and their use by a request: calls, and the milliseconds spent waiting for them. */
export interface Ledgers {
  EventLedger: DurableObjectNamespace
  AccountLedger: DurableObjectNamespace
  usage: { calls: number; ms: number }
}

export type Role = 'ADMINISTRATOR' | 'DEVELOPER' | 'ANALYST'

/** The customer and the accounts that a portal token can read. */
export interface Portal {
  customerId: string
  accountIds: string[] | 'all'
}

/** The caller that a token identifies. */
export interface Caller {
  organizationId: string
  /** The default currency of accounts (ISO 4217). */
  baseCurrency: string
  /** The instant of the organization's test clock, in milliseconds. Null if it lives in real time. */
  clockAt: number | null
  /** The id of the token that calls. */
  actor: string
  role: Role
  /** When the token ends, in milliseconds. */
  expiresAt: number | null
  /** The part of the secret's hash by which a JWT refers to the secret. */
  mark: string
  /** The token itself, if it is a JWT. */
  jwt?: string
  portal?: Portal
  /** Whether the organization has an endpoint to which webhooks are sent. */
  hasWebhooks?: boolean
}

/** The token of a request, and everything that is needed to verify it. */
export interface PresentedToken {
  database: Database
  secret: string
  now: number
  secrets: readonly string[]
  /** Whether the primary is asked each time, since a test clock that was moved must hold for the next request. */
  isAskedAnew: boolean
  /** Runs work after the answer. */
  later: (work: Promise<unknown>) => void
}

/** The details of a write request. */
export interface WriteRequest {
  dryRun: boolean
  /** The Idempotency-Key, and a fingerprint of the request with each secret. The first fingerprint is stored. */
  key: { value: string; fingerprints: readonly string[] } | undefined
  /** The status of its answer, unless the service function returns another one. */
  status: number
  locationOf: ((answer: object) => string) | undefined
  /** Whether the answer contains a secret and is stored encrypted. */
  secret: boolean
}

/**
 * The context of every service function. Every query names `organizationId`. `now` (milliseconds) is the clock of the organization, by which
 * everything goes that is about its business. By `wallClock`, the real time, go tokens, keys, limits, memory and the audit log.
 */
export interface Ctx extends Caller {
  session: Session
  ledgers: Ledgers
  /** The bucket for files. */
  files?: R2Bucket | undefined
  /** The static files of the Worker. */
  assets?: Fetcher | undefined
  /** The scheme, host and port under which the Worker was called. Scheduled work has none. */
  origin?: string | undefined
  /** Whether webhooks may be sent to private and loopback addresses, and without TLS. */
  allowsLocalWebhooks?: boolean
  now: number
  wallClock: number
  /** The instant to which the test clock is being moved, in milliseconds, for the work that is done on the way. */
  clockTarget?: number | undefined
  /** Whether there are test clocks here. */
  hasTestClocks?: boolean
  secrets: readonly string[]
  requestId: string
  operationId: string
  conditions: Conditions
  conflicts: ConflictWords
  /** The steps of due work, for the one operation that does what becomes due. */
  steps: readonly DueStep[]
  write?: WriteRequest
}
