import { parseArgs } from 'node:util'
import { raiseVersion } from '../src/events/ingestion/generations.ts'
import { makeContext, readOrganization } from './context.ts'
import { execute, fail, migrateLocal, placeOf, quoted } from './wrangler.ts'

const USAGE = 'Usage: npm run reconcile -- --organization NAME [--remote [--env production | sandbox] | --persist-to DIR]'

/** More changes than any organization makes in 30 days, which is as far back as a database can be restored. */
const FAR = 1_000_000

/** Work that is this late (milliseconds) fails every minute. */
const LATE = 600_000

const parsed = () => {
  try {
    return parseArgs({
      options: {
        organization: { type: 'string' },
        remote: { type: 'boolean', default: false },
        env: { type: 'string' },
        'persist-to': { type: 'string' },
      },
    }).values
  } catch {
    return fail(USAGE)
  }
}
const { organization: name = '', remote, env, 'persist-to': directory } = parsed()
const place = placeOf(remote, env, directory) ?? fail(USAGE)
if (!name) fail(USAGE)
if (!place.remote) await migrateLocal(directory)

const its = await readOrganization(place, name)
await raiseVersion(makeContext(place, its, 'reconcile'), its.version + FAR)
const [, [organization], generations, late] = (await execute(place, [
  `INSERT INTO due (organization_id, kind, subject, due_at) SELECT organization_id, 'FEATURE_CREDITS_RESTORED', id, ${its.clockAt ?? its.wallClock}
   FROM accounts WHERE organization_id = ${quoted(its.id)} ON CONFLICT DO NOTHING`,
  `SELECT version FROM organizations WHERE id = ${quoted(its.id)}`,
  `SELECT kind, count(*) AS open, max(generation) AS newest, count(DISTINCT generation) AS known FROM ledger_generations
   WHERE organization_id = ${quoted(its.id)} GROUP BY kind HAVING max(ended_at IS NULL) = 0 OR newest <> known OR sum(ended_at IS NULL) <> 1`,
  `SELECT kind, count(*) AS count FROM due WHERE organization_id = ${quoted(its.id)} AND due_at < ${(its.clockAt ?? its.wallClock) - LATE} GROUP BY kind`,
])) as [unknown, [{ version: number }], { kind: string }[], { kind: string; count: number }[]]
console.log(`Organization "${name}" (${its.id}): version ${organization.version}, it was ${its.version}.`)
console.log('Within a minute its ledgers are told, and the generations that the database lacks are put back from the first of them.')
console.log(
  'The credits of features of all accounts are compared with their ledgers: what the database lacks comes back, as the audit log says.',
)
for (const { kind } of generations)
  console.log(`The generations of the ${kind.toLowerCase()} ledgers have a gap, or not one that is open. Run this again in two minutes.`)
for (const { kind, count } of late) console.log(`${count} × ${kind} have been due for more than ten minutes: the log of the cron says why.`)
