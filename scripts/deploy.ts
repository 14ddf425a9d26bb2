import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildConsole } from './build_console.ts'
import { ask, chooseAccount } from './cloudflare.ts'
import { migrations, readEnvironments } from './configuration.ts'
import { rehearseDeployment } from './rehearsal.ts'
import { readRevision } from './revision.ts'
import { askAtTerminal } from './terminal.ts'
import { deployCommandOf, fail, findFault, isEnvironment, optionOf, run } from './wrangler.ts'

const LOCATIONS = ['weur', 'eeur', 'wnam', 'enam', 'apac', 'oc']
const JURISDICTIONS = ['eu', 'fedramp', 'us']
const USAGE = `Usage: npm run deploy -- [--dry-run] [--env production | sandbox] [--location ${LOCATIONS.join(' | ')}] [--jurisdiction ${JURISDICTIONS.join(' | ')}] [--subdomain NAME]`
const SHORTEST_SECRET = 32
const LONGEST_UPLOAD = 600_000

const parsed = () => {
  try {
    return parseArgs({
      options: {
        'dry-run': { type: 'boolean', default: false },
        env: { type: 'string', default: 'production' },
        location: { type: 'string' },
        jurisdiction: { type: 'string' },
        subdomain: { type: 'string' },
      },
    }).values
  } catch {
    return fail(USAGE)
  }
}
const { 'dry-run': dry, env: environment, location, jurisdiction, subdomain } = parsed()
if (!isEnvironment(environment)) fail(USAGE)
if (location !== undefined && (jurisdiction !== undefined || !LOCATIONS.includes(location))) fail(USAGE)
if (jurisdiction !== undefined && !JURISDICTIONS.includes(jurisdiction)) fail(USAGE)
const again = deployCommandOf(environment)

if (dry) {
  await rehearseDeployment()
  process.exit()
}

const { head, revision } = readRevision()

const config = readEnvironments()[environment]
const [database] = config.d1_databases
const [name, crons, databaseName] = [config.name ?? '', config.triggers.crons ?? [], database?.database_name ?? '']
const routes = config.routes ?? (config.route ? [config.route] : [])
const onWorkersDev = config.workers_dev ?? routes.length === 0

const account = await chooseAccount(config.account_id)
const worker = `/accounts/${account}/workers/scripts/${name}`
const databases = `/accounts/${account}/d1/database`

/** Cloudflare's codes for a Worker, a database and a subdomain that do not exist. */
const ABSENT = new Set([10007, 10090, 7404])

/** Ends the deployment with the error and what to do. */
const stop = (what: string, why: string): never => {
  const mend = /\b(?:10000|10001|9109)\b|not authenticated/i.test(why)
    ? 'Run npx wrangler login, or give CLOUDFLARE_API_TOKEN the permissions Workers Scripts: Edit, D1: Edit, Workers R2 Storage: Edit and Account Settings: Read; then run again'
    : 'When that is mended, run again'
  return fail(`${what}: ${why.replace(/\.$/, '')}. ${mend}: ${again}`)
}

/** Reads a path of Cloudflare's API. Undefined if it does not exist. */
const find = async <T>(what: string, path: string): Promise<T | undefined> => {
  const { result, refusal } = await ask<T>(path)
  if (refusal && !refusal.codes.some((code) => ABSENT.has(code))) stop(`${what} could not be read`, refusal.message)
  return result
}

const runWrangler = async (what: string, args: readonly string[], longest?: number): Promise<void> => {
  const { ok, output } = await run([...args, '--env', environment], longest)
  if (!ok) stop(what, findFault(output))
}

interface Binding {
  type: string
  name: string
  text?: string
  id?: string
  database_id?: string
}

/** Reads the bindings of each deployed version. There are none before the first deployment. */
const readLive = async (): Promise<Binding[][]> => {
  const found = await find<{ deployments: { versions: { version_id: string }[] }[] }>(
    'The deployments of the Worker',
    `${worker}/deployments`,
  )
  const versions = found?.deployments[0]?.versions ?? []
  return Promise.all(
    versions.map(async ({ version_id }) => {
      const version = await find<{ resources: { bindings: Binding[] } }>('The version that is deployed', `${worker}/versions/${version_id}`)
      return version?.resources.bindings ?? []
    }),
  )
}
const live = await readLive()

const isText = ({ type }: Binding): boolean => type === 'plain_text'
const revisions = live.map((bindings) => bindings.find((binding) => isText(binding) && binding.name === 'REVISION')?.text)

/** Stops if the dashboard has a variable that wrangler.toml lacks, since wrangler would remove it silently. */
for (const { name: variable, text } of live.flat().filter(isText)) {
  if (variable === 'REVISION') continue
  const next = config.vars[variable]
  if (next === undefined)
    fail(
      `The Worker ${name} has a variable ${variable} that wrangler.toml has not, and a deploy would remove it. Add it to [env.${environment}.vars], or remove it in the dashboard.`,
    )
  if (next !== text) console.log(`Variable ${variable}: ${JSON.stringify(next)}, it was ${JSON.stringify(text)}`)
}

const readSecret = async (): Promise<string | undefined> => {
  const secrets = await find<{ name: string }[]>('The secrets of the Worker', `${worker}/secrets`)
  if (secrets?.some((secret) => secret.name === 'SIGNING_SECRET')) return undefined
  const given = process.env['SIGNING_SECRET']
  if (!given && !process.stdin.isTTY)
    fail(`The Worker has no SIGNING_SECRET. Set one in the environment, such as openssl rand -base64 32 makes, and run again: ${again}`)
  const asked = 'The Worker has no SIGNING_SECRET. Type one of 32 characters or more, or press Enter to have one made: '
  const secret = given || (await askAtTerminal(asked, true)) || randomBytes(32).toString('base64url')
  if (secret.length < SHORTEST_SECRET)
    fail(`SIGNING_SECRET must be ${SHORTEST_SECRET} characters or more, such as openssl rand -base64 32 makes. Run again: ${again}`)
  return secret
}

/** Reads the workers.dev subdomain of the account, or creates it for a new account. */
const readSubdomain = async (): Promise<string> => {
  const path = `/accounts/${account}/workers/subdomain`
  const found = await find<{ subdomain: string }>('The subdomain of the account', path)
  if (found) return found.subdomain
  if (!subdomain && !process.stdin.isTTY)
    fail(`The account has no subdomain of workers.dev yet. Choose one: ${deployCommandOf(environment, '--subdomain NAME')}`)
  const chosen = subdomain || (await askAtTerminal('The account has no subdomain of workers.dev yet. Type the one it shall have: '))
  const { refusal } = await ask(path, 'PUT', { subdomain: chosen })
  if (refusal)
    fail(
      `The subdomain ${chosen} could not be had: ${refusal.message}. Choose another one: ${deployCommandOf(environment, '--subdomain NAME')}`,
    )
  console.log(`Subdomain ${chosen}.workers.dev: made`)
  return chosen
}

const secret = await readSecret()
const host = onWorkersDev ? `${name}.${await readSubdomain()}.workers.dev` : ''

const homeless = config.r2_buckets.find((bucket) => jurisdiction !== undefined && bucket.jurisdiction !== jurisdiction)
if (homeless)
  fail(
    `The bucket ${homeless.bucket_name} would not be in the jurisdiction ${jurisdiction}. Add jurisdiction = "${jurisdiction}" to [[env.${environment}.r2_buckets]], or take it out if R2 has no such jurisdiction, and run again: ${deployCommandOf(environment, `--jurisdiction ${jurisdiction}`)}`,
  )

const findDatabase = () => find<{ uuid: string }>('The database', `${databases}/${database?.database_id ?? databaseName}`)

let found = await findDatabase()
const others = live.flat().filter((binding) => binding.type === 'd1' && binding.name === database?.binding)
const other = others.map((binding) => binding.database_id ?? binding.id).find((id) => id !== undefined && id !== found?.uuid)
if (other && !database?.database_id)
  fail(
    `The Worker ${name} is bound to the database ${other}, and wrangler.toml would bind it to ${databaseName}. Set database_id in [[env.${environment}.d1_databases]] to the one that is meant.`,
  )
if (other) console.log(`Database: ${database?.database_id} from now on, it was ${other}`)
if (found) console.log(`Database ${databaseName}: there${location || jurisdiction ? ', and stays where it is' : ''}`)
else if (database?.database_id)
  fail(`The account has no database ${database.database_id}. Take database_id out of wrangler.toml, or set CLOUDFLARE_ACCOUNT_ID.`)
else {
  const where = location ? ['--location', location] : jurisdiction ? ['--jurisdiction', jurisdiction] : []
  await runWrangler('The database could not be made', ['d1', 'create', databaseName, ...where])
  found = await findDatabase()
  console.log(`Database ${databaseName}: made${where.length ? `, in ${where[1]}` : ''}`)
}

/** Cloudflare's codes for a bucket that does not exist, and for an account that has not enabled R2. */
const [NO_BUCKET, NO_R2] = [10006, 10042]

/** Makes the buckets of the Worker that are not there yet. */
for (const { bucket_name: bucket = '', jurisdiction: where } of config.r2_buckets) {
  const headers = where ? { 'cf-r2-jurisdiction': where } : {}
  const { refusal } = await ask(`/accounts/${account}/r2/buckets/${bucket}`, 'GET', undefined, headers)
  if (refusal?.codes.includes(NO_R2))
    fail(
      `The account has no R2, in which the bucket ${bucket} for files would be. Enable R2 in the dashboard, or take [[env.${environment}.r2_buckets]] and [[r2_buckets]] out of wrangler.toml, without which there are no reports; then run again: ${again}`,
    )
  if (refusal && !refusal.codes.includes(NO_BUCKET)) stop(`The bucket ${bucket} could not be read`, refusal.message)
  if (refusal) {
    /** Within a jurisdiction, R2 takes no location. */
    const place = where ? ['--jurisdiction', where] : location ? ['--location', location] : []
    await runWrangler(`The bucket ${bucket} could not be made`, ['r2', 'bucket', 'create', bucket, ...place])
  }
  console.log(`Bucket ${bucket}: ${refusal ? `made${(where ?? location) ? `, in ${where ?? location}` : ''}` : 'there'}`)
}

const { result: rows, refusal } = await ask<{ results: { name: string }[] }[]>(`${databases}/${found?.uuid}/query`, 'POST', {
  sql: 'SELECT name FROM d1_migrations',
})
if (refusal && !refusal.message.includes('no such table')) stop('The database could not be asked', refusal.message)
const applied = rows?.[0]?.results.map((row) => row.name) ?? []
const pending = migrations.filter((file) => !applied.includes(file))
if (pending.length) await runWrangler('The migrations could not be applied', ['d1', 'migrations', 'apply', 'DB', '--remote'])
console.log(`Migrations: ${pending.length ? `${pending.length} applied` : 'all applied'}`)

const upload = async (): Promise<void> => {
  await buildConsole({ clears: true })
  const directory = mkdtempSync(join(tmpdir(), 'deploy-'))
  const file = join(directory, 'secrets.json')
  if (secret !== undefined) writeFileSync(file, JSON.stringify({ SIGNING_SECRET: secret }), { mode: 0o600 })
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  const secrets = secret === undefined ? [] : ['--secrets-file', file]
  await runWrangler(
    'The Worker could not be deployed',
    ['deploy', '--var', `REVISION:${revision}`, '--tag', revision, ...secrets],
    LONGEST_UPLOAD,
  )
}

/** Whether the last steps of the previous upload, crons and URL, were done. It may have been interrupted. */
const isFinished = async (): Promise<boolean> => {
  const kept = await find<{ schedules: { cron: string }[] }>('The crons of the Worker', `${worker}/schedules`)
  const open = await find<{ enabled: boolean }>('The URL of the Worker', `${worker}/subdomain`)
  const schedules = (kept?.schedules ?? []).map(({ cron }) => cron)
  return !routes.length && open?.enabled === onWorkersDev && schedules.toSorted().join() === crons.toSorted().join()
}

/** Whether invocation logs are on, because wrangler could not set this. It only warns about it. */
const logsUrls = async (): Promise<boolean> => {
  const settings = await find<{ observability?: { logs?: { invocation_logs?: boolean } } }>(
    'The settings of the Worker',
    `${worker}/script-settings`,
  )
  return settings?.observability?.logs?.invocation_logs === true
}

const isThere =
  secret === undefined && revision === head && revisions.length > 0 && revisions.every((one) => one === revision) && !(await logsUrls())

if (!isThere) await upload()
else if (!(await isFinished())) await runWrangler('The crons and the URL could not be set', ['triggers', 'deploy'])
console.log(
  `Worker ${name}: revision ${revision} ${isThere ? 'was there' : 'deployed'}${secret === undefined ? '' : ', with its SIGNING_SECRET'}`,
)

const urls = [...(host ? [host] : []), ...routes.map((route) => (typeof route === 'string' ? route : route.pattern))]
for (const url of urls) console.log(`https://${url}`)
console.log(`The first token: npm run -s token -- create --organization NAME --name NAME --remote${optionOf(environment)}`)
