import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { root } from '../scripts/wrangler.ts'
import { fakeCloudflare } from './fake-cloudflare.ts'
import type { FakeWorker } from './fake_workers.ts'

export const ACCOUNT = 'fa4e0000000000000000000000000000'
const API_TOKEN = 'the-token-of-the-fake-api'
export const SECRET = 'a-secret-that-no-output-may-ever-show'

const place = mkdtempSync(join(tmpdir(), 'deployment-'))
process.on('exit', () => rmSync(place, { recursive: true, force: true }))

/** Makes an empty account, a copy of this project as a Git repository, and a home directory without a login. */
export const makeWorld = async (name: string) => {
  const fake = await fakeCloudflare(ACCOUNT)
  const [project, home, temporary] = ['project', 'home', 'tmp'].map((part) => join(place, name, part)) as [string, string, string]
  for (const directory of [project, home, temporary]) mkdirSync(directory, { recursive: true })
  for (const part of ['src', 'migrations', 'public', 'console', 'scripts', 'wrangler.toml', 'package.json', 'tsconfig.json', '.gitignore'])
    cpSync(join(root, part), join(project, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'))

  /** Git without user settings. */
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
    }).trim()
  const commit = (): string => {
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', 'Test')
    return git('rev-parse', '--short=12', 'HEAD')
  }
  git('init', '--quiet')
  appendFileSync(join(project, '.git/info/exclude'), 'node_modules\n')

  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    TMPDIR: temporary,
    NODE_COMPILE_CACHE: join(place, 'cache'),
    CLOUDFLARE_API_BASE_URL: fake.url,
    CLOUDFLARE_API_TOKEN: API_TOKEN,
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
    SIGNING_SECRET: SECRET,
  }
  /** Runs an npm script, and checks that no secret is printed or left in a file. */
  const run = async (script: string, args: string[], changes: Record<string, string | undefined> = {}) => {
    fake.calls.length = 0
    const child = spawn(process.execPath, [join(project, 'scripts/run.js'), script, ...args], {
      cwd: project,
      env: { ...env, ...changes },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [answer, errors] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
    for (const secret of [API_TOKEN, SECRET]) ok(!`${answer}${errors}`.includes(secret), `${script} shows a secret`)
    deepStrictEqual(
      readdirSync(temporary).filter((file) => file.startsWith('deploy-')),
      [],
      'a file of secrets is left behind',
    )
    for (const file of readdirSync(home, { recursive: true, withFileTypes: true }))
      if (file.isFile()) ok(!readFileSync(join(file.parentPath, file.name)).includes(SECRET), `${file.name} has the secret`)
    return { code, answer, errors, writes: fake.calls.filter(({ writes }) => writes).map(({ method, path }) => `${method} ${path}`) }
  }

  const deploys = async (...args: string[]) => {
    const result = await run('deploy', args)
    strictEqual(result.code, 0, `npm run deploy -- ${args.join(' ')}: ${result.errors}`)
    return result
  }
  /** Checks that a failed deployment ends with one line. */
  const refuses = async (line: RegExp, args: string[] = [], changes: Record<string, string | undefined> = {}) => {
    const result = await run('deploy', args, changes)
    strictEqual(result.code, 1, `it went well, and should have said ${line}: ${result.answer}`)
    match(result.errors, line)
    strictEqual(result.errors.trim().split('\n').length, 1, `this is more than a line: ${result.errors}`)
    return result
  }
  return { fake, project, commit, run, deploys, refuses }
}

/** What the deployed version of a Worker is bound to, by name. */
export const bindingsOf = ({ versions, deployed }: FakeWorker) =>
  Object.fromEntries(
    (versions.find(({ id }) => id === deployed[0])?.bindings ?? []).map(({ name, type, text, ...more }) => [
      name,
      text ?? { type, ...more },
    ]),
  )

export const workerOf = (fake: Awaited<ReturnType<typeof fakeCloudflare>>, name: string): FakeWorker => {
  const worker = fake.workers.get(name)
  ok(worker, `there is no Worker ${name}`)
  return worker
}

/** The migrations, in the order in which they are applied. */
export const files = readdirSync(join(root, 'migrations')).toSorted()

/** The migrations that a database has. */
export const appliedTo = ({ sqlite }: { sqlite: DatabaseSync }) =>
  sqlite
    .prepare('SELECT name FROM d1_migrations ORDER BY id')
    .all()
    .map(({ name }) => name)
