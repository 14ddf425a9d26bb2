import type { Conditions } from '../lib/etag.ts'
import type { Database, Session } from './client.ts'
import type { ConflictWords } from './conflicts.ts'

/** What the Worker is bound to. Either secret verifies what was signed; the first one signs. */
export interface Bindings {
  DB: D1Database
  SIGNING_SECRET: string
  SIGNING_SECRET_PREVIOUS?: string
  CORS_ORIGINS?: string
  /** The git revision that was deployed. */
  REVISION?: string
  /** The version of the Worker as Cloudflare knows it. */
  RELEASE?: WorkerVersionMetadata
  /** Requests of a token. */
  TOKEN_LIMIT?: RateLimit
  /** Refused tokens of an IP address. */
  REFUSED_LIMIT?: RateLimit
  /** Requests of a token that ingest events, where they have a limit of their own. */
  INGEST_LIMIT?: RateLimit
  /** Days for which the payload of an event is kept; 400 when left out. */
  EVENTS_KEPT_FOR?: string
}

/** The Durable Objects of the Worker, and what a request has asked of them: calls, and the milliseconds spent waiting for them. */
export interface Ledgers {
  EventLedger: DurableObjectNamespace
  AccountLedger: DurableObjectNamespace
  usage: { calls: number; ms: number }
}

export type Role = 'ADMINISTRATOR' | 'DEVELOPER' | 'ANALYST'

/** The one customer, and those of its accounts, that a portal token reads. */
export interface Portal {
  customerId: string
  accountIds: string[] | 'all'
}

/** Whom a token speaks for. */
export interface Caller {
  organizationId: string
  /** ISO 4217: what an account is invoiced in when it names no currency. */
  baseCurrency: string
  /** The id of the token that calls. */
  actor: string
  role: Role
  /** When the token ends, in milliseconds. */
  expiresAt: number | null
  /** By which a JWT knows the secret that it was made with. */
  mark: string
  /** The token itself, when it is a JWT. */
  jwt?: string
  portal?: Portal
}

/** A token as it comes with a request, and what is needed to find out whose it is. */
export interface PresentedToken {
  database: Database
  secret: string
  now: number
  secrets: readonly string[]
  /** Takes work that the answer need not wait for. */
  later: (work: Promise<unknown>) => void
}

/** How a request that writes is to be made. */
export interface WriteRequest {
  dryRun: boolean
  /** Under which its answer is kept, and the request as each of the secrets marks it: the first one's is kept. */
  key: { value: string; fingerprints: readonly string[] } | undefined
  /** The status of its answer, unless the verb says another one. */
  status: number
  locationOf: ((answer: object) => string) | undefined
  /** Whether the answer holds a secret, and is kept encrypted. */
  secret: boolean
}

/** What every verb is given. `now` is in milliseconds and the only clock; every query names `organizationId`. */
export interface Ctx extends Caller {
  session: Session
  ledgers: Ledgers
  now: number
  secrets: readonly string[]
  requestId: string
  operationId: string
  conditions: Conditions
  conflicts: ConflictWords
  write?: WriteRequest
}
