import type { Database } from './db/client.ts'

/** What the Worker is bound to. Either secret verifies what was signed; the first one signs. */
export interface Bindings {
  DB: D1Database
  SIGNING_SECRET: string
  SIGNING_SECRET_PREVIOUS?: string
  CORS_ORIGINS?: string
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
  /** The token itself, when it is a JWT. */
  jwt?: string
  portal?: Portal
}

/** How a request that writes is to be made. */
export interface Write {
  dryRun: boolean
  /** Under which its answer is kept, and the SHA-256 of what is asked. */
  key: { value: string; fingerprint: string } | undefined
  status: 200 | 201
  locationOf: ((answer: object) => string) | undefined
  /** Whether its batch has been made. */
  done: boolean
}

/** What every verb is given. `now` is in milliseconds and the only clock; every query names `organizationId`. */
export interface Ctx extends Caller {
  db: Database['db']
  now: number
  secrets: readonly string[]
  write?: Write
}
