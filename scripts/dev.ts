import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { parseArgs } from 'node:util'
import { fail, fault, migrateLocal, persisted, quoted, run, start } from './wrangler.ts'

const TOKEN = 'dev-token'

const args = process.argv.slice(2)
const { values } = parseArgs({
  args,
  options: { port: { type: 'string' }, 'persist-to': { type: 'string' } },
  strict: false,
  allowPositionals: true,
})
const port = Number(values.port ?? 8787)
const directory = values['persist-to']?.toString()

const isFree = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })

if (!Number.isInteger(port) || port < 1 || port > 65535) fail(`--port must be a number from 1 to 65535: npm run dev -- --port 9000`)
if (!(await isFree('127.0.0.1')) || !(await isFree('::1')))
  fail(`Port ${port} is in use. Take another one: npm run dev -- --port ${port + 1}`)

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
if (!seed.ok) fail(`The local token could not be made: ${fault(seed.output)}. To start over, delete ${directory ?? '.wrangler/state'}.`)

const server = start(['dev', ...(values.port === undefined ? ['--port', String(port)] : []), ...args], 'inherit')
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal))
server.on('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 0 : 1)))

const url = `http://localhost:${port}`
const answers = async (): Promise<boolean> => {
  try {
    return (await fetch(`${url}/customers`, { method: 'OPTIONS' })).status === 405
  } catch {
    return false
  }
}
while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, 100))

console.log(`
Serving on ${url}
Token, for this machine only: ${TOKEN}
Try:

curl ${url}/customers \\
  -H 'Authorization: Bearer ${TOKEN}' \\
  -H 'Content-Type: application/json' \\
  -d '{"id":"acme","name":"ACME Enterprise","primaryEmail":"admin@example.com","address":{"city":"Florence","country":"US"}}'
`)
