import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { commandOf, makeSample } from './sample.ts'
import { fail, fault, migrateLocal, persisted, quoted, root, run, start } from './wrangler.ts'

const TOKEN = 'dev-token'

/** Milliseconds between two runs of the Worker's cron, a minute as on Cloudflare; the tests ask for less. */
const CRON_PERIOD = 1000 * (Number(process.env['CRON_SECONDS']) || 60)

const args = process.argv.slice(2)
const usage = 'Usage: npm run dev -- [--port 9000] [--persist-to DIR] and other options of wrangler dev'

const parsed = () => {
  try {
    const { tokens } = parseArgs({
      args,
      options: { port: { type: 'string' }, 'persist-to': { type: 'string' } },
      strict: false,
      tokens: true,
    })
    const given = (name: string) => tokens.filter((token) => token.kind === 'option').findLast((token) => token.name === name)
    const [port, directory] = [given('port'), given('persist-to')]
    if ((port && !port.value) || (directory && !directory.value) || args.includes('--help') || args.includes('-h')) fail(usage)
    return { port: Number(port?.value ?? 8787), hasPort: port !== undefined, directory: directory?.value }
  } catch {
    return fail(usage)
  }
}
const { port, hasPort, directory } = parsed()

const isFree = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })

if (!Number.isInteger(port) || port < 1 || port > 65535) fail('--port must be a number from 1 to 65535: npm run dev -- --port 9000')
if (!(await isFree('127.0.0.1')) || !(await isFree('::1')))
  fail(`Port ${port} is in use. Take another one: npm run dev -- --port ${port + 1}`)

/** JWTs and page tokens are signed with a secret of this machine. */
const secrets = join(root, '.dev.vars')
const kept = existsSync(secrets) ? readFileSync(secrets, 'utf8') : ''
if (!/^\s*SIGNING_SECRET\s*=/m.test(kept))
  writeFileSync(secrets, `${kept && !kept.endsWith('\n') ? `${kept}\n` : kept}SIGNING_SECRET=${randomBytes(32).toString('base64url')}\n`, {
    mode: 0o600,
  })

console.log('Preparing the local database…')
await migrateLocal(directory)

const now = Date.now()
const seed = await run([
  'd1',
  'execute',
  'DB',
  '--local',
  ...persisted(directory),
  '--command',
  `INSERT INTO organizations (id, name, created_at) VALUES ('org.local', 'Local', ${now}) ON CONFLICT DO NOTHING;
   INSERT INTO tokens (id, organization_id, name, hash, created_at)
   SELECT 'token.local', id, 'Local development', ${quoted(createHash('sha256').update(TOKEN).digest('hex'))}, ${now}
   FROM organizations WHERE name = 'Local' ON CONFLICT DO NOTHING;`,
])
if (!seed.ok)
  fail(
    `The local token could not be made: ${fault(seed.output)}. If npm run dev is at work on ${directory ?? '.wrangler/state'}, stop that or try again.`,
  )

/** --test-scheduled only keeps wrangler from saying that nobody runs the cron. */
const server = start(['dev', '--test-scheduled', ...(hasPort ? [] : ['--port', String(port)]), ...args], 'inherit')
const stop = (): void => void server.kill('SIGTERM')
process.on('SIGINT', () => server.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
server.on('close', (code) => {
  process.exit(code ?? 0)
})

/** npm ends without a word to its scripts when it is told to, and would leave the server behind. */
const parent = process.ppid
setInterval(() => process.ppid !== parent && stop(), 500).unref()

const url = `http://localhost:${port}`
const answers = async (): Promise<boolean> => {
  try {
    return (await fetch(`${url}/customers`, { method: 'OPTIONS' })).status === 405
  } catch {
    return false
  }
}
const deadline = Date.now() + 60_000
let ready = false
while (server.exitCode === null && !ready && Date.now() < deadline) {
  ready = await answers()
  if (!ready) await wait(100)
}

/** Wrangler runs no cron by itself. It shows what goes wrong in one. */
const runCron = async (): Promise<void> => {
  while (server.exitCode === null) {
    await wait(CRON_PERIOD)
    await fetch(`${url}/cdn-cgi/local/scheduled`)
      .then((answer) => answer.text())
      .catch(() => '')
  }
}

/** The command that sends an event, or why there is none. */
const prepareEvent = async (): Promise<string> => {
  try {
    await makeSample(url, TOKEN)
    return `An event, of the sample schema and account that are there now:

${commandOf(url, TOKEN)}

What became of it: curl ${url}/events -H 'Authorization: Bearer ${TOKEN}'`
  } catch (error) {
    return `There is no sample to send an event of. ${(error as Error).message}`
  }
}

if (ready) {
  const event = await prepareEvent()
  console.log(`
Serving on ${url}
Reference, to send requests from: ${url}/docs
Token, for this machine only: ${TOKEN}
A customer:

curl ${url}/customers \\
  -H 'Authorization: Bearer ${TOKEN}' \\
  -H 'Content-Type: application/json' \\
  -d '{"id":"acme","name":"ACME Enterprise","primaryEmail":"admin@example.com","address":{"city":"Florence","country":"US"}}'

${event}
`)
  await runCron()
}
