import { spawn } from 'node:child_process'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

const wranglerFile = join(root, 'node_modules/wrangler/bin/wrangler.js')

/** Wrangler fetches nothing of its own accord and waits for nothing. */
const env = { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_HIDE_BANNER: 'true', WRANGLER_SEND_METRICS: 'false' }

/** Ends the script with one line that says what to do. */
export function fail(message: string): never {
  console.error(message)
  return process.exit(1) as never
}

/** Starts wrangler with this terminal as its own, or with its output to be read. */
export const start = (args: readonly string[], stdio: 'inherit' | 'pipe') =>
  spawn(process.execPath, [wranglerFile, ...args], { cwd: root, env, stdio: [stdio === 'inherit' ? 'inherit' : 'ignore', stdio, stdio] })

/** Runs wrangler to its end. */
export const run = async (args: readonly string[]): Promise<{ ok: boolean; output: string }> => {
  const child = start(args, 'pipe')
  let output = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (output += chunk))
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { ok: code === 0, output }
}

/** What wrangler said went wrong, in one line. */
export const fault = (output: string): string => {
  // eslint-disable-next-line no-control-regex
  const lines = output.replaceAll(/\u001B\[[\d;]*m/g, '').split('\n')
  return (
    lines.find((line) => line.includes('[ERROR]'))?.replace(/^.*\[ERROR\]\s*/, '') ??
    lines.findLast((line) => line.trim()) ??
    'wrangler failed'
  ).trim()
}

/** Where local state is kept, as wrangler is told. */
export const persisted = (directory: string | undefined): string[] => (directory ? ['--persist-to', directory] : [])

export const migrateLocal = async (directory: string | undefined): Promise<void> => {
  const { ok, output } = await run(['d1', 'migrations', 'apply', 'DB', '--local', ...persisted(directory)])
  if (!ok)
    fail(
      `The migrations could not be applied to the local database: ${fault(output)}. To start over, delete ${directory ?? '.wrangler/state'}.`,
    )
}

/** A text as SQL. */
export const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`
