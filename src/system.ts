import { conflicts } from './conflicts.ts'
import { connect } from './db/client.ts'
import { type Bindings, readSecrets } from './db/context.ts'
import { openLedgers } from './ledger/open.ts'

/** What work needs that no request has asked for. `now` is the real time, in milliseconds. */
export const openSystem = (env: Bindings, context: { exports?: unknown }, now: number) => {
  const { FILES: files, ASSETS: assets } = env
  return {
    session: connect(env.DB).primary(),
    ledgers: openLedgers(context),
    files,
    assets,
    now,
    secrets: readSecrets(env),
    conflicts,
    allowsLocalWebhooks: env.WEBHOOK_LOCAL === 'on',
  }
}
