import { spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { copyFileSync, cpSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { findFault, migrateLocal, quiet, root, run } from '../scripts/wrangler.ts'
import { must } from './torture_values.ts'

/** How long an answer or a start may take, in milliseconds. */
export const PATIENCE = 20_000

/** The directory for all files, since killed processes leave theirs behind. */
export const directory = mkdtempSync(join(tmpdir(), 'torture-'))
const worker = join(directory, 'worker')
/** Where the Worker keeps its files. */
export const state = join(directory, 'state')
export const databases = join(state, 'v3/d1/miniflare-D1DatabaseObject')
Object.assign(process.env, quiet, { X_LOCAL_EXPLORER: 'false', TMPDIR: directory, XDG_CONFIG_HOME: directory })

export const server = { url: '', killed: true, kill: (): void => {}, ended: Promise.resolve() }

export const openIn = (parent: string): DatabaseSync =>
  new DatabaseSync(join(parent, readdirSync(parent).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) ?? 'none'))

/** Runs the cron, as at a time that can be given, in milliseconds. */
export const seal = async (at?: number): Promise<void> => {
  const path = `/cdn-cgi/local/scheduled${at === undefined ? '' : `?time=${at}`}`
  const answer = await fetch(server.url + path, { signal: AbortSignal.timeout(PATIENCE) }).catch(() => undefined)
  must(answer?.ok || server.killed, `the audit log could not be sealed: ${answer?.status ?? 'there was no answer'}`)
}
export const keepSealing = async (): Promise<void> => {
  for (; !server.killed; await wait(randomInt(200))) await seal()
}

/** Starts the Worker that was built, in a group of processes that are killed together. */
export const serve = async (): Promise<void> => {
  const config = ['--config', join(worker, 'wrangler.toml'), '--env-file', join(worker, '.env'), '--persist-to', state]
  const args = [
    'dev',
    join(worker, 'index.js'),
    '--no-bundle',
    ...config,
    '--ip',
    '127.0.0.1',
    '--port',
    '0',
    '--inspector-port',
    '0',
    '--var',
    'TEST_CLOCK:on',
    '--var',
    'WEBHOOK_LOCAL:on',
  ]
  const command = [join(root, 'node_modules/wrangler/bin/wrangler.js'), ...args]
  const child = spawn(process.execPath, command, { cwd: worker, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  server.kill = () => {
    Object.assign(server, { killed: true, kill: () => {} })
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  server.ended = new Promise((resolve) => {
    child.on('close', () => resolve(void (server.kill = () => {})))
  })
  let output = ''
  server.url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-5000)
      const [, url] = /Ready on (http:\S+)/.exec(output) ?? []
      if (url) resolve(url)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('close', () => reject(new Error(`wrangler dev ended: ${findFault(output)}`)))
    setTimeout(() => reject(new Error(`wrangler dev did not serve within ${PATIENCE / 1000} s: ${findFault(output)}`)), PATIENCE).unref()
  })
  server.killed = false
}

/** Builds the Worker, once, and makes its database. */
export const build = async (): Promise<void> => {
  const built = await run(['deploy', '--dry-run', '--outdir', worker])
  must(built.ok, `the Worker does not build: ${findFault(built.output)}`)
  copyFileSync(join(root, 'wrangler.toml'), join(worker, 'wrangler.toml'))
  cpSync(join(root, 'public'), join(worker, 'public'), { recursive: true })
  writeFileSync(join(worker, '.env'), `SIGNING_SECRET=${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  await migrateLocal(state)
}
