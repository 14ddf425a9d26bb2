import { parseArgs } from 'node:util'
import { commitGeneration, commitRestore } from '../src/events/ingestion/generations.ts'
import { type Organization, makeContext, readOrganization } from './context.ts'
import { execute, fail, migrateLocal, placeOf, quoted } from './wrangler.ts'

const USAGE =
  'Usage: npm run ledgers -- --organization NAME [--ledgers 1 to 64] [--account-ledgers 1 to 64] [--restore TIME --confirm NAME] [--remote [--env production | sandbox] | --persist-to DIR]'

/** The most ledgers of a generation, as in the database. */
const MOST = 64

const parsed = () => {
  try {
    return parseArgs({
      options: {
        organization: { type: 'string' },
        ledgers: { type: 'string' },
        'account-ledgers': { type: 'string' },
        restore: { type: 'string' },
        confirm: { type: 'string' },
        remote: { type: 'boolean', default: false },
        env: { type: 'string' },
        'persist-to': { type: 'string' },
      },
    }).values
  } catch {
    return fail(USAGE)
  }
}
const {
  organization: name = '',
  ledgers,
  'account-ledgers': accountLedgers,
  restore,
  confirm,
  remote,
  env,
  'persist-to': directory,
} = parsed()
const place = placeOf(remote, env, directory) ?? fail(USAGE)
const isCount = (text: string | undefined): boolean =>
  text === undefined || (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST)
if (!name || !isCount(ledgers) || !isCount(accountLedgers)) fail(USAGE)
if (!place.remote) await migrateLocal(directory)

interface Row {
  kind: 'EVENT' | 'ACCOUNT'
  generation: number
  ledgers: number
  startedAt: number
  endedAt: number | null
  firstHour: number | null
  lastHour: number | null
}

const readGenerations = async ({ id }: Organization): Promise<Row[]> => {
  const [rows = []] = await execute(place, [
    `SELECT kind, generation, ledgers, started_at AS startedAt, ended_at AS endedAt, first_hour AS firstHour, last_hour AS lastHour
     FROM ledger_generations WHERE organization_id = ${quoted(id)} ORDER BY kind DESC, generation`,
  ])
  return rows as unknown as Row[]
}

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** Formats a generation as a line: its number, its ledgers, and its times. */
const lineOf = ({ kind, generation, ledgers: count, startedAt, endedAt, firstHour, lastHour }: Row): string => {
  const since = startedAt ? `from ${timeOf(startedAt)}` : 'from the beginning'
  const until = endedAt === null ? 'on' : `until ${timeOf(endedAt)}`
  const held =
    firstHour === null || lastHour === null ? '' : lastHour ? `, events of ${timeOf(firstHour)} to ${timeOf(lastHour)}` : ', no events'
  return `${kind === 'EVENT' ? 'Event' : 'Account'} ledgers, generation ${generation}: ${count}, ${since} ${until}${held}`
}

const its = await readOrganization(place, name)
let generations = await readGenerations(its)
if (!generations.length) fail(`The organization "${name}" (${its.id}) has no ledgers yet. Its first event makes them.`)

/** The longest time ago to which Cloudflare restores an object, in milliseconds. */
const KEPT_FOR = 30 * 86_400_000

/** Has all ledgers restored to an instant, when the organization was named a second time, and the database knows no later generation. */
const restoreAll = async (instant: string): Promise<void> => {
  if (!remote) fail('--restore: local ledgers have no earlier states. Add --remote to restore those of Cloudflare.')
  const time = Date.parse(instant)
  if (!/^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(instant) || Number.isNaN(time))
    fail(`--restore: "${instant}" is no time such as 2027-01-31T09:00:00Z.`)
  if (time > its.wallClock || time < its.wallClock - KEPT_FOR) fail('--restore: must be a time of the last 30 days.')
  if (confirm !== name)
    fail(
      `All events that the organization "${name}" has sent since ${timeOf(time)} would be lost, and would have to be sent again. Add --confirm ${JSON.stringify(name)} if that is meant.`,
    )
  if (generations.some(({ startedAt }) => startedAt > time))
    fail('The database has ledgers that began later. Restore the database to this time first.')
  await commitRestore(makeContext(place, its, 'restoreLedgers'), generations, time)
}
if (restore !== undefined) await restoreAll(restore)
for (const [kind, count] of [
  ['EVENT', ledgers],
  ['ACCOUNT', accountLedgers],
] as const) {
  const current = generations.findLast((generation) => generation.kind === kind)
  if (count === undefined || !current) continue
  await commitGeneration(makeContext(place, its, 'startGeneration'), current, Number(count), kind)
  generations = await readGenerations(its)
}
console.log(`Organization "${name}" (${its.id})`)
for (const generation of generations) console.log(lineOf(generation))
const [[left] = []] = await execute(place, [
  `SELECT count(*) AS count FROM due WHERE organization_id = ${quoted(its.id)} AND kind = 'LEDGER_RESTORED'`,
])
if (Number(left?.['count'] ?? 0))
  console.log(
    `${String(left?.['count'])} ledgers are still to be restored: the cron does that within some minutes. Run this again, and npm run reconcile when none is left.`,
  )
if (ledgers !== undefined)
  console.log('The ledgers are told within a minute; until then some events may still go to the former generation, and are counted there.')
if (accountLedgers !== undefined)
  console.log('Accounts that are created in two minutes or later belong to the new account ledgers. Older accounts keep theirs.')
