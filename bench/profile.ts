import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unstable_readConfig, unstable_startWorker } from 'wrangler'
import { fail, root, run } from '../scripts/wrangler.ts'
import { buildWorker, startBenchmark } from './benchmark.ts'
import { makeOne } from './growth/organization.ts'
import { KIND_NAMES, type KindName, kindOf } from './kinds.ts'

/** Profiles requests of one kind of npm run bench in workerd, and prints where the Worker's own time goes, by file. */
const [name = 'preview', side = 'ours'] = process.argv.slice(2).filter((word) => !word.startsWith('--'))
if (!KIND_NAMES.includes(name as KindName)) fail(`Profile: name one of ${KIND_NAMES.join(', ')}, and bare for the bare Worker`)
const kind = kindOf(name as KindName)
const COUNT = 300
const AT_ONCE = 8
const PORT = 19_229

const directory = startBenchmark('Profile', 600_000)
await buildWorker('bench/worker.ts', directory)
const { compatibility_date, exports } = unstable_readConfig({ config: join(root, 'wrangler.toml') })
const script = readFileSync(join(directory, 'worker.js'), 'utf8')
const config = join(directory, 'wrangler.json')
const database = (binding: string) => ({ binding, database_name: binding, database_id: binding, migrations_dir: join(root, 'migrations') })
const settings = {
  name: 'bench',
  main: join(directory, 'worker.js'),
  no_bundle: true,
  compatibility_date,
  exports,
  vars: { SIGNING_SECRET: randomBytes(32).toString('base64url') },
  d1_databases: ['DB', 'BARE'].map(database),
  r2_buckets: [{ binding: 'FILES', bucket_name: 'files' }],
}
writeFileSync(config, JSON.stringify(settings))
const state = join(directory, 'state')
for (const binding of ['DB', 'BARE']) {
  const migrated = await run(['d1', 'migrations', 'apply', binding, '--local', '--persist-to', state, '--config', config])
  if (!migrated.ok) fail(`Profile: ${migrated.output}`)
}
const token = randomBytes(32).toString('base64url')
const hash = createHash('sha256').update(token).digest('hex')
for (const binding of ['DB', 'BARE']) {
  const sql = `INSERT INTO organizations (id, name, created_at) VALUES ('org.bench', 'org.bench', 0);
    INSERT INTO tokens (id, organization_id, name, hash, created_at) VALUES ('token.bench', 'org.bench', 'Bench', '${hash}', 0)`
  const inserted = await run(['d1', 'execute', binding, '--local', '--persist-to', state, '--config', config, '--command', sql])
  if (!inserted.ok) fail(`Profile: ${inserted.output}`)
}
const worker = await unstable_startWorker({
  config,
  dev: {
    server: { hostname: '127.0.0.1', port: 0 },
    inspector: { hostname: '127.0.0.1', port: PORT },
    persist: state,
    watch: false,
    logLevel: 'none',
  },
})
const url = await worker.url
const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
const ask = async (path: string, body?: unknown, method = 'POST', more = {}): Promise<Record<string, unknown>> => {
  const sent = { method, headers: { ...headers, ...more }, ...(body !== undefined && { body: JSON.stringify(body) }) }
  const response = await fetch(new URL(path, url), sent)
  const text = await response.text()
  if (!response.ok) fail(`Profile: ${path} was answered ${response.status} ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}
await makeOne(
  (path, body, method = body === undefined && !path.endsWith('activate') ? 'GET' : 'POST') => ask(path, body, method),
  'org.bench',
)

let made = 0
const send = async (prefix = ''): Promise<void> => {
  const { path, body, key } = kind.send(++made)
  await ask(prefix || path, body, body === undefined ? 'GET' : 'POST', key === undefined ? {} : { 'Idempotency-Key': key })
}
if (name === 'read') for (let n = 0; n < 1000; n++) await ask('/customers', kindOf('create').send(n + 1).body)
await send()
if (kind.isReplayed) {
  const { path, body } = kind.send(0)
  await ask(`/bare/record/${name}${path}`, body, body === undefined ? 'GET' : 'POST')
}
const load = (count: number): Promise<unknown> => {
  let left = count
  const client = async (): Promise<void> => {
    while (left-- > 0) await send(side === 'bare' ? `/bare/replay/${name}` : '')
  }
  return Promise.all(Array.from({ length: AT_ONCE }, client))
}
await load(100)

const targets = (await (await fetch(`http://127.0.0.1:${PORT}/json`)).json()) as { webSocketDebuggerUrl: string }[]
const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '')
await new Promise((resolve) => socket.addEventListener('open', resolve))
let calls = 0
const command = (method: string, params = {}): Promise<Record<string, unknown>> =>
  new Promise((resolve) => {
    const id = ++calls
    const take = ({ data }: MessageEvent): void => {
      const answer = JSON.parse(String(data)) as { id?: number; result?: Record<string, unknown> }
      if (answer.id !== id) return
      socket.removeEventListener('message', take)
      resolve(answer.result ?? {})
    }
    socket.addEventListener('message', take)
    socket.send(JSON.stringify({ id, method, params }))
  })
await command('Profiler.enable')
await command('Profiler.setSamplingInterval', { interval: 200 })
await command('Profiler.start')
const start = performance.now()
await load(COUNT)
const took = performance.now() - start
interface Node {
  id: number
  callFrame: { functionName: string; lineNumber: number; url: string }
}
const { profile } = (await command('Profiler.stop')) as unknown as { profile: { nodes: Node[]; samples: number[]; timeDeltas: number[] } }
socket.close()
await worker.dispose()

/** The file of each line of the bundle: what esbuild says in a comment before it. */
const files: string[] = []
for (const line of script.split('\n')) files.push(/^\s*\/\/ (\S+\.[cm]?[jt]s)$/.exec(line)?.[1] ?? files.at(-1) ?? '')
const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
const byFile = new Map<string, number>()
const byFunction = new Map<string, number>()
for (const [index, id] of profile.samples.entries()) {
  const { functionName, lineNumber, url: at } = nodes.get(id)?.callFrame ?? { functionName: '?', lineNumber: 0, url: '' }
  const file = at ? (files[lineNumber] ?? '').replace(/^.*node_modules\/([^/]+(?:\/drizzle-orm)?).*$/, '$1') : functionName
  const ms = (profile.timeDeltas[index] ?? 0) / 1000 / COUNT
  byFile.set(file, (byFile.get(file) ?? 0) + ms)
  byFunction.set(`${functionName} ${file}`, (byFunction.get(`${functionName} ${file}`) ?? 0) + ms)
}
const show = (title: string, times: Map<string, number>, most: number): void => {
  console.log(`\n${title}`)
  for (const [what, ms] of [...times].toSorted(([, a], [, b]) => b - a).slice(0, most))
    console.log(`${ms.toFixed(3).padStart(8)} ms  ${what}`)
}
console.log(
  `${kind.what} of the ${side === 'bare' ? 'bare Worker' : 'Worker'}: ${(COUNT / (took / 1000)).toFixed(0)} a second while profiled; milliseconds of a request`,
)
show('by file', byFile, 40)
show('by function', byFunction, 25)
process.exit(0)
