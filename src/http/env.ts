import type { Database, Session } from '../db/client.ts'
import type { Bindings, Ctx, Ledgers } from '../db/context.ts'
import type { Due } from '../db/due.ts'

/** The bindings and variables of a request. */
export interface AppEnv {
  Bindings: Bindings
  Variables: {
    requestId: string
    now: number
    database: Database
    ledgers: Ledgers
    operationId: string
    session: Session
    ctx: Ctx
    /** Does the work that a write made due at once. */
    doDue: (ctx: Ctx, due: readonly Due[], later: (work: Promise<unknown>) => void) => Promise<void>
    /** Sends the webhooks of the caller's organization. */
    sendWebhooks: (ctx: Ctx) => Promise<void>
  }
}
