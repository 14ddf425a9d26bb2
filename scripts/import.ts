import { existsSync, readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Unreachable, connectApi } from './import/api.ts'
import { checkImport } from './import/check.ts'
import { EVENTS, importEvents } from './import/events.ts'
import { KINDS } from './import/kinds.ts'
import { type Counts, type Import, OUTCOMES, importThings } from './import/things.ts'
import { fail } from './wrangler.ts'

const USAGE = 'Usage: TOKEN=… npm run import -- FOLDER [--url http://127.0.0.1:8787] [--dry-run]'

/** The exit code of an import that could not go on, unlike 1 of one in which something differs. */
const STOPPED = 2

const parsed = () => {
  try {
    const options = { url: { type: 'string', default: 'http://127.0.0.1:8787' }, 'dry-run': { type: 'boolean', default: false } } as const
    return parseArgs({ allowPositionals: true, options })
  } catch {
    return fail(USAGE)
  }
}
const {
  positionals: [folder = fail(USAGE), ...others],
  values: { url: given, 'dry-run': isDry },
} = parsed()
const token = process.env['TOKEN'] ?? fail(USAGE)
const url = given.replace(/\/+$/, '')
if (others.length) fail(USAGE)
if (!existsSync(folder)) fail(`There is no folder ${folder}. ${USAGE}`)

const known = [...KINDS.map(({ file }) => file), EVENTS, 'usage.ndjson']
const strange = readdirSync(folder).filter((file) => file.endsWith('.ndjson') && !known.includes(file))
if (strange.length) fail(`${folder} has ${strange.join(', ')}, which no import knows. The files are ${known.join(', ')}.`)
const files = known.filter((file) => existsSync(`${folder}/${file}`))
if (!files.length) fail(`${folder} has none of ${known.join(', ')}.`)

const run: Import = {
  api: connectApi(url, token, isDry),
  folder,
  isDry,
  ids: new Map(),
  tell: ({ file, number }, what) => console.log(number ? `${file}:${number} ${what}` : what),
}

const all = new Map<string, Counts>()

/** Of an event nobody is told whether it is new: the server takes it, and counts it once. */
const sayCounts = (file: string, counts: Counts): string =>
  file === EVENTS
    ? `${counts.made} taken, ${counts.refused} refused`
    : OUTCOMES.map((outcome) => `${counts[outcome]} ${outcome}`).join(', ')

const importFiles = async (): Promise<string[]> => {
  for (const kind of KINDS) if (files.includes(kind.file)) all.set(kind.file, await importThings(run, kind))
  if (files.includes(EVENTS)) all.set(EVENTS, await importEvents(run, url))
  console.log(isDry ? '\nNothing was written. The lines:' : '\nThe lines:')
  for (const [file, counts] of all) console.log(`  ${file}: ${sayCounts(file, counts)}`)
  if (isDry) return []
  console.log('\nWhat the organization has:')
  return checkImport(run, all)
}

const faults = await importFiles().catch((error: unknown) => {
  console.error(`The import stopped: ${error instanceof Error ? error.message : String(error)}`)
  console.error(
    error instanceof Unreachable ? 'Run it again when the server can be reached: it goes on from there.' : 'Mend that, and run it again.',
  )
  return process.exit(STOPPED)
})
for (const fault of faults) console.log(`\n${fault}`)
const isWrong = faults.length > 0 || [...all.values()].some(({ differ, refused }) => differ + refused > 0)
console.log(isWrong ? '\nSomething differs, see above.' : '\nNothing differs.')
process.exit(isWrong ? 1 : 0)
