import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

const { log } = console

/** The line of a request is shown where something went wrong only: to show each one takes longer than to answer it. */
console.log = (...args: unknown[]): void => {
  if (String(args[0]).includes('"error"')) log(...args)
}

await applyD1Migrations(env.DB, env.MIGRATIONS)
