import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { operations } from '../src/operations.ts'
import { layers } from './walls.ts'
import { fail, fault, findMedian, root, run } from './wrangler.ts'

/** In bytes, compressed: what stands under every operation, the engine of metering (ledgers, rules, decimals, ingestion and metrics), and each operation. */
const [LARGEST, LEAST, ENGINE, EACH_OPERATION] = [200_000, 60_000, 45_000, 600]
/** Times the start of the Worker without operations. */
const SLOWEST = 2.5
const ROUNDS = 21

const directory = mkdtempSync(join(tmpdir(), 'bundle-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
/** Without this, Node reads a bundle twice to find out that it is a module. */
writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')

/** Builds the Worker of a project, and gives its file and the sources that are in it. */
const buildWorker = async (project: string): Promise<{ file: string; sources: string[] }> => {
  const out = mkdtempSync(join(directory, 'out-'))
  const built = await run(['deploy', '--config', join(project, 'wrangler.toml'), '--env', '', '--dry-run', '--metafile', '--outdir', out])
  if (!built.ok) fail(`The Worker does not build: ${fault(built.output)}`)
  const { inputs } = JSON.parse(readFileSync(join(out, 'bundle-meta.json'), 'utf8')) as { inputs: Record<string, unknown> }
  return { file: join(out, 'index.js'), sources: Object.keys(inputs) }
}

/** Copies the project without its operations. What operations stand on is kept, by exporting the layers below the domains. */
const copyWithoutOperations = (sources: readonly string[]): string => {
  const copy = join(directory, 'copy')
  for (const part of ['src', 'wrangler.toml']) cpSync(join(root, part), join(copy, part), { recursive: true })
  for (const part of ['node_modules', 'public']) symlinkSync(join(root, part), join(copy, part))
  writeFileSync(join(copy, 'src/operations.ts'), 'export const operations = []\n')
  const kept = sources.filter((source) => layers.some((layer) => source.startsWith(`src/${layer}/`)))
  const exports = kept.map((source, index) => `export * as kept${index} from './${source.slice('src/'.length)}'\n`)
  appendFileSync(join(copy, 'src/index.ts'), exports.join(''))
  return copy
}

/** Evaluates a module with stand-ins for what only workerd has, and prints the microseconds of processor that it took. */
const EVALUATION = `
import { registerHooks } from 'node:module'
const standIns = 'data:text/javascript,export class DurableObject {}; export class WorkerEntrypoint {}; export const env = {}'
registerHooks({ resolve: (name, context, next) => (name.startsWith('cloudflare:') ? { url: standIns, shortCircuit: true } : next(name, context)) })
const before = process.threadCpuUsage()
await import(process.argv[1])
const { user, system } = process.threadCpuUsage(before)
console.log(user + system)
`

/** Evaluates a bundle in a process of its own, and gives the microseconds of processor that it took. */
const timeStart = (file: string): number => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', EVALUATION, pathToFileURL(file).href], {
    encoding: 'utf8',
    env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
  })
  if (status !== 0) fail(`The bundle cannot be evaluated: ${stderr}`)
  return Number(stdout)
}

const whole = await buildWorker(root)
const size = gzipSync(readFileSync(whole.file), { level: 9 }).length
const largest = Math.min(LARGEST, LEAST + ENGINE + EACH_OPERATION * operations.length)
console.log(`Bundle: ${(size / 1000).toFixed(1)} KB compressed, of ${(largest / 1000).toFixed(1)} KB at most`)
if (size > largest) fail('It is too large. See what it holds: npx wrangler deploy --dry-run --outdir dist --metafile')

const without = await buildWorker(copyWithoutOperations(whole.sources))
const times = { whole: [] as number[], without: [] as number[] }
for (let round = 0; round < ROUNDS; round++) {
  times.whole.push(timeStart(whole.file))
  times.without.push(timeStart(without.file))
}
const ratio = findMedian(times.whole) / findMedian(times.without)
console.log(`Start: ${ratio.toFixed(1)} times that of the Worker without operations, of ${SLOWEST} at most`)
if (ratio > SLOWEST) fail('It is too slow. See what takes its time: npx wrangler check startup')
