import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

const { log } = console

/** Prints the log line of a request only if it failed, since printing takes longer than answering. */
console.log = (...args: unknown[]): void => {
  if (String(args[0]).includes('"error"')) log(...args)
}

await applyD1Migrations(env.DB, env.MIGRATIONS)
