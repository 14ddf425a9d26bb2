import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { createTestHarness, unstable_readConfig } from 'wrangler'
import { fail, findFault, quiet, root, run } from '../scripts/wrangler.ts'

const config = unstable_readConfig({ config: join(root, 'wrangler.toml') })

const database = (binding: string) => ({ binding, database_name: binding, database_id: binding, migrations_dir: join(root, 'migrations') })

/** Makes a directory for a benchmark, which fails after `longest` milliseconds, when it is stopped, or when npm is, which ends without a word to its scripts. */
export const startBenchmark = (name: string, longest: number): string => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'))
  Object.assign(process.env, quiet, { TMPDIR: directory })
  process.on('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  const stop = (why: string): never => fail(`${name}: ${why}`)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop('it was stopped'))
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && stop('it was left alone'), 500).unref()
  setTimeout(() => stop(`it took longer than ${longest / 1000} s`), longest).unref()
  return directory
}

/** What a benchmark ran on. */
export const describeMachine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`

/** Builds a Worker of this project into a directory. */
export const buildWorker = async (main: string, directory: string): Promise<void> => {
  const built = await run(['deploy', join(root, main), '--dry-run', '--outdir', directory])
  if (!built.ok) fail(`The Worker of ${main} does not build: ${findFault(built.output)}`)
}

/** Serves a built Worker of `directory` by workerd, with empty databases under the names of their bindings; `limited` with the limits of wrangler.toml, so high that none is met. */
export const serveWorker = (
  directory: string,
  main: string,
  databases: readonly string[],
  limited = false,
  vars: Record<string, string> = {},
) =>
  createTestHarness({
    root: directory,
    workers: [
      {
        config: {
          name: 'bench',
          main: join(directory, main),
          no_bundle: true,
          compatibility_date: config.compatibility_date,
          exports: config.exports,
          vars: { SIGNING_SECRET: randomBytes(32).toString('base64url'), ...vars },
          d1_databases: databases.map(database),
          r2_buckets: [{ binding: 'FILES', bucket_name: 'files' }],
          ratelimits: limited
            ? config.ratelimits.map((limit: (typeof config.ratelimits)[number]) => ({
                ...limit,
                simple: { ...limit.simple, limit: 1_000_000 },
              }))
            : [],
        },
      },
    ],
  })
