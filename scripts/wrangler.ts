import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export const root = join(import.meta.dirname, '..')

const wranglerFile = join(root, 'node_modules/wrangler/bin/wrangler.js')

/** Keeps wrangler from downloading anything, from showing banners and sending metrics, and from recording traces, which are slow. */
export const quiet = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_SEND_METRICS: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
}

const exit: (code: number) => never = process.exit.bind(process)

/** Ends the script with one line that says what to do. */
export function fail(message: string): never {
  console.error(message)
  return exit(1)
}

/** Starts wrangler, either in this terminal or with its output piped to the caller. */
export const start = (args: readonly string[], stdio: 'inherit' | 'pipe') =>
  spawn(process.execPath, [wranglerFile, ...args], {
    cwd: root,
    env: { ...process.env, ...quiet },
    stdio: [stdio === 'inherit' ? 'inherit' : 'ignore', stdio, stdio],
  })

const LONGEST_RUN = 120_000

/** Runs wrangler for at most `longest` milliseconds, by default 2 minutes. `answer` is its standard output, and `output` also includes its errors. */
export const run = async (args: readonly string[], longest = LONGEST_RUN): Promise<{ ok: boolean; output: string; answer: string }> => {
  const child = start(args, 'pipe')
  const timer = setTimeout(() => child.kill('SIGKILL'), longest)
  let [output, answer] = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    answer += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(timer)
  return { ok: code === 0, output: code === null ? `${output}\nwrangler did not end` : output, answer }
}

const COLOUR = new RegExp(`${String.fromCodePoint(27)}\\[[\\d;]*m`, 'g')

/** Extracts the error from wrangler's output, in one line. */
export const findFault = (output: string): string => {
  const lines = output
    .replaceAll(COLOUR, '')
    .split('\n')
    .map((line) => line.trim())
  const at = lines.findIndex((line) => line.includes('[ERROR]'))
  const error = lines[at]?.replace(/^.*\[ERROR\]\s*/, '')
  const detail = lines.slice(at + 1).find(Boolean)
  if (error?.includes('Cloudflare API') && detail) return `${error} ${detail}`
  if (error?.endsWith(':')) return [error, ...lines.slice(at + 1, at + 6).filter(Boolean)].join(' ')
  return error ?? lines.findLast((line) => /\w/.test(line)) ?? 'wrangler failed'
}

/** Says what to do if wrangler cannot reach an account. Undefined for any other error. */
export const explainLogin = (output: string): string | undefined => {
  if (/more than one account/i.test(output))
    return 'More than one Cloudflare account can be reached. Set CLOUDFLARE_ACCOUNT_ID to the one that is meant, then run this again.'
  return /CLOUDFLARE_API_TOKEN|not authenticated|wrangler login|\b10000\b|\b10001\b|\b9109\b/i.test(output)
    ? 'No Cloudflare account can be reached with what is at hand. Run: npx wrangler login (or set CLOUDFLARE_API_TOKEN to a token that may edit Workers and D1), then this again.'
    : undefined
}

/** The option of wrangler for the directory of local state. */
export const persistOptionOf = (directory: string | undefined): string[] => (directory ? ['--persist-to', directory] : [])

/** How often a local database is asked that another process has locked, and the milliseconds in between. */
const [ATTEMPTS, PAUSE] = [20, 250]

/** Runs wrangler on a database. `npm run dev` locks a local one now and then, and nothing was written then, so it is asked again. */
const runOnDatabase = async (args: readonly string[]): ReturnType<typeof run> => {
  for (let attempt = 1; ; attempt++) {
    const result = await run(args)
    if (result.ok || attempt === ATTEMPTS || !result.output.includes('SQLITE_BUSY')) return result
    await wait(PAUSE)
  }
}

export const migrateLocal = async (directory: string | undefined): Promise<void> => {
  const { ok, output } = await runOnDatabase(['d1', 'migrations', 'apply', 'DB', '--local', ...persistOptionOf(directory)])
  if (!ok)
    fail(
      `The migrations could not be applied to the local database in ${directory ?? '.wrangler/state'}: ${findFault(output)}. To start over, delete ${directory ?? '.wrangler/state'}.`,
    )
}

/** Quotes a text for SQL. */
export const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`

export const ENVIRONMENTS = ['production', 'sandbox'] as const

/** An environment of wrangler.toml. */
export type Environment = (typeof ENVIRONMENTS)[number]

export const isEnvironment = (name: string): name is Environment => (ENVIRONMENTS as readonly string[]).includes(name)

/** The option for an environment that is not production. */
export const optionOf = (environment: Environment): string => (environment === 'production' ? '' : ` --env ${environment}`)

/** The command that deploys an environment. */
export const deployCommandOf = (environment: Environment, more = ''): string =>
  ['npm run deploy', ...[optionOf(environment).trim(), more].filter(Boolean)].join(' ').replace(/deploy (?=.)/, 'deploy -- ')

/** The database that a script uses: that of a deployed environment, or a local one. */
export interface Place {
  remote: Environment | undefined
  directory: string | undefined
}

/** The place that --remote, --env and --persist-to describe. Undefined if they cannot be combined. */
export const placeOf = (remote: boolean, environment: string | undefined, directory: string | undefined): Place | undefined => {
  if (!remote) return environment === undefined ? { remote: undefined, directory } : undefined
  const named = environment ?? 'production'
  return directory === undefined && isEnvironment(named) ? { remote: named, directory } : undefined
}

type Rows = Record<string, unknown>[]

/** Runs SQL statements in one transaction, and returns the rows of each. */
export const execute = async ({ remote, directory }: Place, statements: readonly string[]): Promise<Rows[]> => {
  const place = remote ? ['--remote', '--env', remote] : ['--local', ...persistOptionOf(directory)]
  const { ok, output, answer } = await runOnDatabase([
    'd1',
    'execute',
    'DB',
    ...place,
    '--yes',
    '--json',
    '--command',
    statements.join(';\n'),
  ])
  const made = deployCommandOf(remote ?? 'production')
  if (!ok && output.includes('no such table')) fail(`The database has no tables yet. Run: ${made}`)
  if (!ok && output.includes("Couldn't find a D1 DB")) fail(`There is no such database in the account yet. Run: ${made}`)
  if (!ok) fail(explainLogin(output) ?? `The database could not be asked: ${findFault(output)}`)
  return (JSON.parse(answer) as { results: Rows }[]).map(({ results }) => results)
}
