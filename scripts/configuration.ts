import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Unstable_Config, unstable_readConfig } from 'wrangler'
import { ENVIRONMENTS, type Environment, fail, root } from './wrangler.ts'

const readEnvironment = (environment: Environment | undefined): Unstable_Config => {
  try {
    return unstable_readConfig({ config: join(root, 'wrangler.toml'), env: environment ?? '' }, { hideWarnings: true })
  } catch (error) {
    const what = (error as Error).message.split('\n').find(Boolean)
    return fail(`wrangler.toml cannot be read: ${what}`)
  }
}

/** The bindings that every environment must have, since wrangler inherits none from the top level. */
const listBindings = ({ d1_databases, r2_buckets, ratelimits, version_metadata, secrets, define }: Unstable_Config): string[] =>
  [
    ...d1_databases.map(({ binding }) => `the database ${binding}`),
    ...r2_buckets.map(({ binding }) => `the bucket ${binding}`),
    ...ratelimits.map(({ name }) => `the rate limit ${name}`),
    ...(version_metadata ? [`the version ${version_metadata.binding}`] : []),
    ...(secrets?.required ?? []).map((name) => `the secret ${name}`),
    ...Object.entries(define).map(([name, value]) => `the definition of ${name} as ${value}`),
  ].toSorted()

/** The Durable Object classes of the Worker. wrangler.toml must name each of them; without this check, a deployment would only warn. */
const classes = [...readFileSync(join(root, 'src/index.ts'), 'utf8').matchAll(/^export \{ (.+) \} from '\.\//gm)].flatMap(
  ([, names = '']) => names.split(', '),
)
if (!classes.length) throw new Error('src/index.ts exports no class')

/** The values that must differ between environments. */
const listOwned = (config: Unstable_Config): string[] => [
  `the Worker ${config.name}`,
  ...config.d1_databases.map((database) => `the database ${database.database_id ?? database.database_name}`),
  ...config.r2_buckets.map((bucket) => `the bucket ${bucket.bucket_name}`),
  ...config.ratelimits.map(({ namespace_id }) => `the namespace_id ${namespace_id}`),
]

/** Reads the environments of wrangler.toml. Each must have the bindings of the top level, and share none with another environment. */
export const readEnvironments = (): Record<Environment, Unstable_Config> => {
  const local = readEnvironment(undefined)
  const environments = { production: readEnvironment('production'), sandbox: readEnvironment('sandbox') }
  const taken = new Map(listOwned(local).map((thing) => [thing, 'the top level']))
  for (const name of ENVIRONMENTS) {
    const config = environments[name]
    const lacks = listBindings(local).find((thing) => !listBindings(config).includes(thing))
    if (lacks) fail(`wrangler.toml: env.${name} has not ${lacks}, which the top level has. Add it there too.`)
    const unnamed = classes.find((its) => {
      const named = config.exports[its]
      return named?.type !== 'durable-object' || !('storage' in named) || named.storage !== 'sqlite'
    })
    if (unnamed)
      fail(
        `wrangler.toml: env.${name} has not the Durable Object ${unnamed}, which src/index.ts exports. Add it at the top level: [exports.${unnamed}], of storage sqlite.`,
      )
    if (!config.triggers.crons?.length) fail(`wrangler.toml: env.${name} has no crons, so its audit log would not be sealed.`)
    if (config.observability?.logs?.invocation_logs !== false)
      fail(`wrangler.toml: env.${name} must have invocation_logs = false: they hold URLs, and so ids of customers.`)
    for (const thing of listOwned(config)) {
      const other = taken.get(thing)
      if (other) fail(`wrangler.toml: env.${name} and ${other} share ${thing}. Give each its own.`)
      taken.set(thing, `env.${name}`)
    }
  }
  return environments
}

/** The files of migrations/, in the order in which they are applied. */
export const migrations: readonly string[] = readdirSync(join(root, 'migrations'))
  .filter((name) => name.endsWith('.sql'))
  .toSorted()
