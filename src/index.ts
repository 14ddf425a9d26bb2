import { app } from './app.ts'
import type { Bindings } from './context.ts'
import { connect } from './db/client.ts'
import { forgetKeys } from './db/commit.ts'

export default {
  fetch: app.fetch,
  /** Once a day: what has been kept long enough goes. */
  scheduled: async ({ scheduledTime }, env) => {
    await forgetKeys(connect(env.DB), scheduledTime)
  },
} satisfies ExportedHandler<Bindings>
