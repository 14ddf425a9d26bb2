import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { operations } from '../src/operations.ts'
import { layers } from './walls.ts'
import { findMedian } from './median.ts'
import { fail, findFault, root, run } from './wrangler.ts'

/** In bytes, compressed, of what is evaluated at start: the most there may ever be, what stands under every operation, and each operation. */
const [LARGEST, LEAST, EACH_OPERATION] = [200_000, 60_000, 600]
/** In bytes, compressed, of the whole, which is uploaded. */
const LARGEST_UPLOAD = 1_000_000
/** Times the start of the Worker without operations. */
const SLOWEST = 2.5
const ROUNDS = 21

const directory = mkdtempSync(join(tmpdir(), 'bundle-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
/** Without this, Node reads a bundle twice to find out that it is a module. */
writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')

/** What esbuild says of a bundle: what each source imports, and what of it is in the output. */
interface Metafile {
  inputs: Readonly<Record<string, { imports: readonly { path: string; kind: string }[] }>>
  outputs: Readonly<Record<string, { entryPoint?: string }>>
}

/** A built Worker: its file, and its sources. */
interface Built {
  file: string
  /** The sources that are evaluated when it starts. */
  atStart: ReadonlySet<string>
  /** The sources that are evaluated when something of them is first asked. */
  later: ReadonlySet<string>
}

/** The sources that are reached from the entry without an `import()`. */
const sourcesAtStart = ({ inputs, outputs }: Metafile): Set<string> => {
  const found = new Set(Object.values(outputs).flatMap(({ entryPoint }) => entryPoint ?? []))
  for (const source of found)
    for (const { path, kind } of inputs[source]?.imports ?? []) if (kind !== 'dynamic-import' && inputs[path]) found.add(path)
  return found
}

/** Builds the Worker of a project. */
const buildWorker = async (project: string): Promise<Built> => {
  const out = mkdtempSync(join(directory, 'out-'))
  const built = await run(['deploy', '--config', join(project, 'wrangler.toml'), '--env', '', '--dry-run', '--metafile', '--outdir', out])
  if (!built.ok) fail(`The Worker does not build: ${findFault(built.output)}`)
  const metafile = JSON.parse(readFileSync(join(out, 'bundle-meta.json'), 'utf8')) as Metafile
  const atStart = sourcesAtStart(metafile)
  return { file: join(out, 'index.js'), atStart, later: new Set(Object.keys(metafile.inputs).filter((source) => !atStart.has(source))) }
}

/** The packages that sources are in, and those that these are in. A package may have been built from sources of its own, which its source map names in their place. */
const packagesOf = (sources: Iterable<string>): Set<string> =>
  new Set(
    [...sources].flatMap((source) =>
      [...source.matchAll(/(?<=^|\/)node_modules\/(?:@[^/]+\/)?[^/]+\//g)].map((found) => source.slice(0, found.index + found[0].length)),
    ),
  )

/** The text of a bundle without what its source map says to come from a source, or from a package, of which nothing is evaluated at start; what the map does not say stays. */
const textAtStart = ({ file, atStart, later }: Built): string => {
  const payload = JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload
  const packages = packagesOf(later).difference(packagesOf(atStart))
  const isLater = (source: string): boolean => later.has(source) || !packages.isDisjointFrom(packagesOf([source]))
  const left = new Set(payload.sources.filter((source) => isLater(relative(root, resolve(file, '..', source)))))
  const map = new SourceMap(payload)
  const isLeft = (line: number, column: number): boolean => {
    const entry = map.findEntry(line, column)
    return 'originalSource' in entry && left.has(entry.originalSource)
  }
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines
    .map((text, line) =>
      text
        .split('')
        .filter((_, column) => !isLeft(line, column))
        .join(''),
    )
    .join('\n')
}

/** Copies the project without its operations. What operations stand on is kept, by exporting the layers below the domains, as far as they are evaluated at start. */
const copyWithoutOperations = (atStart: ReadonlySet<string>): string => {
  const copy = join(directory, 'copy')
  for (const part of ['src', 'wrangler.toml']) cpSync(join(root, part), join(copy, part), { recursive: true })
  for (const part of ['node_modules', 'public']) symlinkSync(join(root, part), join(copy, part))
  writeFileSync(join(copy, 'src/operations.ts'), 'export const operations = []\n')
  const kept = [...atStart].filter((source) => layers.some((layer) => source.startsWith(`src/${layer}/`)))
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

/** A number of bytes, in KB. */
const inKB = (bytes: number): string => (bytes / 1000).toFixed(1)

const compress = (text: string | Buffer): number => gzipSync(text, { level: 9 }).length

const whole = await buildWorker(root)
const sizes = { atStart: compress(textAtStart(whole)), whole: compress(readFileSync(whole.file)) }
const largest = Math.min(LARGEST, LEAST + EACH_OPERATION * operations.length)
console.log(
  `Bundle: ${inKB(sizes.atStart)} KB compressed at start, of ${inKB(largest)} KB at most; ${inKB(sizes.whole)} KB whole, of ${LARGEST_UPLOAD / 1000} KB at most`,
)
if (sizes.atStart > largest) fail('Too much is evaluated at start. What only serves requests is loaded with loadLater (src/lib/load.ts).')
if (sizes.whole > LARGEST_UPLOAD) fail('It is too large. See what it holds: npx wrangler deploy --dry-run --outdir dist --metafile')

const without = await buildWorker(copyWithoutOperations(whole.atStart))
const times = { whole: [] as number[], without: [] as number[] }
for (let round = 0; round < ROUNDS; round++) {
  times.whole.push(timeStart(whole.file))
  times.without.push(timeStart(without.file))
}
const ratio = findMedian(times.whole) / findMedian(times.without)
console.log(`Start: ${ratio.toFixed(1)} times that of the Worker without operations, of ${SLOWEST} at most`)
if (ratio > SLOWEST) fail('It is too slow. See what takes its time: npx wrangler check startup')
