import type { Database } from './db/client.ts'

/** What the Worker is bound to. */
export interface Bindings {
  DB: D1Database
}

/** What every verb is given. `now` is in milliseconds and the only clock; every query names `organizationId`. */
export interface Ctx {
  db: Database['db']
  now: number
  organizationId: string
  /** ISO 4217: what an account is invoiced in when it names no currency. */
  baseCurrency: string
  /** The id of the token that calls. */
  actor: string
}
