import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildConsole } from './build_console.ts'
import { fillBusiness } from './business/fill.ts'
import { commandOf, makeSample } from './sample.ts'
import { fail, findFault, migrateLocal, persistOptionOf, quoted, root, run, start } from './wrangler.ts'

const TOKEN = 'dev-token'

/** Milliseconds between two runs of the Worker's cron: a minute, as on Cloudflare. The tests set less. */
const CRON_PERIOD = 1000 * (Number(process.env['CRON_SECONDS']) || 60)

/** The organization of --sample, and its tokens. */
const SAMPLE = { id: 'org.sample', name: 'Sample business', token: 'sample-token', analyst: 'sample-analyst-token' }

const hasSample = process.argv.includes('--sample')
const args = process.argv.slice(2).filter((arg) => arg !== '--sample')
const usage = 'Usage: npm run dev -- [--sample] [--port 9000] [--persist-to DIR] and other options of wrangler dev'

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
  fail(`Port ${port} is in use. Use another one: npm run dev -- --port ${port + 1}`)

/** The secret of this machine that signs JWTs and page tokens. */
const secrets = join(root, '.dev.vars')
const kept = existsSync(secrets) ? readFileSync(secrets, 'utf8') : ''
if (!/^\s*SIGNING_SECRET\s*=/m.test(kept))
  writeFileSync(secrets, `${kept && !kept.endsWith('\n') ? `${kept}\n` : kept}SIGNING_SECRET=${randomBytes(32).toString('base64url')}\n`, {
    mode: 0o600,
  })

await buildConsole({ clears: true })
console.log('Preparing the local database…')
await migrateLocal(directory)

const now = Date.now()
const insertToken = (id: string, organization: string, name: string, token: string, role: string): string =>
  `INSERT INTO tokens (id, organization_id, name, hash, role, created_at)
   SELECT ${quoted(id)}, id, ${quoted(name)}, ${quoted(createHash('sha256').update(token).digest('hex'))}, ${quoted(role)}, ${now}
   FROM organizations WHERE name = ${quoted(organization)} ON CONFLICT DO NOTHING;`
const insertOrganization = (id: string, name: string): string =>
  `INSERT INTO organizations (id, name, created_at) VALUES (${quoted(id)}, ${quoted(name)}, ${now}) ON CONFLICT DO NOTHING;`
const sampleRows = [
  insertOrganization(SAMPLE.id, SAMPLE.name),
  insertToken('token.sample', SAMPLE.name, 'Sample', SAMPLE.token, 'ADMINISTRATOR'),
  insertToken('token.analyst', SAMPLE.name, 'Sample, reads only', SAMPLE.analyst, 'ANALYST'),
]
const seed = await run([
  'd1',
  'execute',
  'DB',
  '--local',
  ...persistOptionOf(directory),
  '--command',
  [
    insertOrganization('org.local', 'Local'),
    insertToken('token.local', 'Local', 'Local development', TOKEN, 'ADMINISTRATOR'),
    ...(hasSample ? sampleRows : []),
  ].join('\n'),
])
if (!seed.ok)
  fail(
    `The local token could not be created: ${findFault(seed.output)}. If another npm run dev uses ${directory ?? '.wrangler/state'}, stop it, or try again.`,
  )

/** --test-scheduled only keeps wrangler from warning that the cron does not run. Organizations can have test clocks, and webhooks can be sent to this machine. */
const server = start(
  ['dev', '--test-scheduled', '--var', 'TEST_CLOCK:on', '--var', 'WEBHOOK_LOCAL:on', ...(hasPort ? [] : ['--port', String(port)]), ...args],
  'inherit',
)
const stop = (): void => void server.kill('SIGTERM')
process.on('SIGINT', () => server.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
server.on('close', (code) => {
  process.exit(code ?? 0)
})

/** npm does not pass its end on to its scripts, so without this the server would keep running. */
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
const LONGEST_START = 60_000
const deadline = Date.now() + LONGEST_START
let ready = false
while (server.exitCode === null && !ready && Date.now() < deadline) {
  ready = await answers()
  if (!ready) await wait(100)
}

/** Runs the cron, which wrangler does not do by itself. Wrangler prints its errors. */
const runCron = async (): Promise<void> => {
  while (server.exitCode === null) {
    await wait(CRON_PERIOD)
    await fetch(`${url}/cdn-cgi/local/scheduled`)
      .then((answer) => answer.text())
      .catch(() => '')
  }
}

/** The commands that send and list events, or the reason why there are none. */
const prepareEvent = async (): Promise<string> => {
  try {
    await makeSample(url, TOKEN)
    return `Send an event of the sample schema and account:

${commandOf(url, TOKEN)}

List the events with their status: curl ${url}/events -H 'Authorization: Bearer ${TOKEN}'`
  } catch (error) {
    return `The sample schema and account could not be created. ${(error as Error).message}`
  }
}

/** Fills the sample business while the server serves. */
const prepareBusiness = async (): Promise<void> => {
  console.log(`Filling the organization "${SAMPLE.name}" with three months of business, which takes about half a minute…`)
  try {
    await fillBusiness(url, SAMPLE.token, (day) => console.log(`The sample business is at ${day}`))
    console.log(`
The sample business is ready. Look at it in the console: ${url}/console
Its token, valid only on this machine: ${SAMPLE.token}
One that only reads: ${SAMPLE.analyst}
`)
  } catch (error) {
    console.error(`The sample business is not complete. ${(error as Error).message} Start again with --sample, and it goes on from there.`)
  }
}

if (ready) {
  const event = await prepareEvent()
  console.log(`
Serving on ${url}
API reference, which can send requests: ${url}/docs
Console, the pages for people: ${url}/console
Token, valid only on this machine: ${TOKEN}

Create a customer:

curl ${url}/customers \\
  -H 'Authorization: Bearer ${TOKEN}' \\
  -H 'Content-Type: application/json' \\
  -d '{"id":"acme","name":"ACME Enterprise","primaryEmail":"admin@example.com","address":{"city":"Florence","country":"US"}}'

${event}
`)
  const cron = runCron()
  if (hasSample) await prepareBusiness()
  await cron
} else if (server.exitCode === null) {
  console.error(`The Worker did not answer within ${LONGEST_START / 1000} s. Look at what is printed above, and start again.`)
  stop()
}
