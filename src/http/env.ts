import type { Bindings, Ctx } from '../db/context.ts'
import type { Database, Session } from '../db/client.ts'

/** What travels with a request inside the app. */
export interface AppEnv {
  Bindings: Bindings
  Variables: { requestId: string; now: number; database: Database; operationId: string; session: Session; ctx: Ctx }
}
