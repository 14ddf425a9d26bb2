import { AssertionError, deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../scripts/wrangler.ts'
import { ACCOUNT, SECRET, appliedTo, bindingsOf, files, makeWorld, workerOf } from './deploy_world.ts'
import type { Trouble } from './fake-cloudflare.ts'

const AGAIN = /When that is mended, run again: npm run deploy\n$/

const started = Date.now()

const sqlite = { type: 'durable-object', storage: 'sqlite' }
/** The classes of Durable Objects that each Worker has. */
const objects = { EventLedger: sqlite, AccountLedger: sqlite, WebhookSender: sqlite }

/** Deploys to an empty account, deploys again with and without changes, creates a token, and deploys the sandbox. */
const life = async (): Promise<void> => {
  const { fake, project, commit, run, deploys, refuses } = await makeWorld('life')
  const revision = commit()

  await refuses(/^No Cloudflare account can be reached with what is at hand\. Run: npx wrangler login/, [], {
    CLOUDFLARE_API_TOKEN: undefined,
    CLOUDFLARE_ACCOUNT_ID: undefined,
  })
  fake.accounts.push({ id: 'another', name: 'Another' })
  await refuses(new RegExp(`^Set CLOUDFLARE_ACCOUNT_ID to the account that is meant: ${ACCOUNT} \\(Fake\\), another \\(Another\\)`), [], {
    CLOUDFLARE_ACCOUNT_ID: undefined,
  })
  fake.accounts.pop()
  await refuses(/^The Worker has no SIGNING_SECRET\. Set one in the environment/, [], { SIGNING_SECRET: undefined })
  await refuses(/^SIGNING_SECRET must be 32 characters or more/, [], { SIGNING_SECRET: 'short' })
  const { writes } = await refuses(/^The account has no subdomain of workers\.dev yet\. Choose one: npm run deploy -- --subdomain NAME/)
  deepStrictEqual(writes, [])

  const first = await run('deploy', ['--subdomain', 'acme', '--location', 'weur'], { CLOUDFLARE_ACCOUNT_ID: undefined })
  strictEqual(first.code, 0, first.errors)
  match(first.answer, /^https:\/\/togai\.acme\.workers\.dev$/m)
  match(first.answer, /^The first token: npm run -s token -- create --organization NAME --name NAME --remote$/m)
  const [database] = fake.databases
  ok(database)
  deepStrictEqual([fake.databases.length, database.name, database.place], [1, 'togai-production', 'weur'])
  deepStrictEqual(appliedTo(database), files)
  const worker = workerOf(fake, 'togai')
  deepStrictEqual(bindingsOf(worker), {
    DB: { type: 'd1', id: database.uuid },
    RELEASE: { type: 'version_metadata' },
    REVISION: revision,
    CORS_ORIGINS: '',
    EVENTS_KEPT_FOR: '400',
    SIGNING_SECRET: { type: 'secret_text' },
    TOKEN_LIMIT: { type: 'ratelimit', namespace_id: '7011', simple: { limit: 50, period: 10 } },
    REFUSED_LIMIT: { type: 'ratelimit', namespace_id: '7012', simple: { limit: 20, period: 60 } },
    FILES: { type: 'r2_bucket', bucket_name: 'togai-production' },
    ASSETS: { type: 'assets' },
  })
  deepStrictEqual(fake.buckets, [{ name: 'togai-production', place: 'weur' }])
  deepStrictEqual(Object.fromEntries(worker.classes), objects)
  deepStrictEqual([worker.crons, worker.enabled, worker.secrets.get('SIGNING_SECRET')], [['* * * * *'], true, SECRET])
  deepStrictEqual(worker.observability, { logs: { enabled: true, invocation_logs: false } })
  strictEqual(worker.versions[0]?.metadata.annotations?.['workers/tag'], revision)
  ok(fake.assets.size >= 3, `${fake.assets.size} assets were uploaded`)

  const second = await run('deploy', ['--location', 'apac'], { SIGNING_SECRET: `${SECRET}-another` })
  deepStrictEqual([second.code, second.writes], [0, []])
  match(second.answer, /^Worker togai: revision \w{12} was there$/m)
  match(second.answer, /^https:\/\/togai\.acme\.workers\.dev$/m)
  match(second.answer, /^Database togai-production: there, and stays where it is$/m)

  const token = await run('token', ['create', '--organization', 'ACME', '--name', 'backend', '--remote'])
  match(token.answer, /^togai_[0-9A-Za-z]{46}\n$/)
  const hash = createHash('sha256').update(token.answer.trim()).digest('hex')
  deepStrictEqual(
    database.sqlite
      .prepare('SELECT hash FROM tokens')
      .all()
      .map((row) => row['hash']),
    [hash],
  )
  const verified = await run('audit-verify', ['--remote'])
  deepStrictEqual([verified.code, verified.writes], [0, []], verified.errors)
  match(verified.answer, /"ACME": 0 rows sealed; 1 not sealed yet/)
  match(
    (await run('token', ['create', '--organization', 'ACME', '--name', 'x', '--remote', '--env', 'sandbox'])).errors,
    /Run: npm run deploy -- --env sandbox$/m,
  )

  worker.secrets.set('SIGNING_SECRET_PREVIOUS', 'set by hand')
  const configuration = join(project, 'wrangler.toml')
  const whole = readFileSync(configuration, 'utf8')
  writeFileSync(configuration, whole.replace(/\[exports\.AccountLedger\]\n.*\n.*\n/, ''))
  await refuses(/^wrangler\.toml: env\.production has not the Durable Object AccountLedger, which src\/index\.ts exports\. Add it/)
  writeFileSync(configuration, whole)
  writeFileSync(configuration, readFileSync(configuration, 'utf8').replace('CORS_ORIGINS = ""', 'CORS_ORIGINS = "https://a.example"'))
  const changed = await deploys()
  match(changed.answer, /^Variable CORS_ORIGINS: "https:\/\/a\.example", it was ""$/m)
  strictEqual(bindingsOf(worker)['REVISION'], `${revision}+changes`)
  strictEqual(bindingsOf(worker)['CORS_ORIGINS'], 'https://a.example')
  deepStrictEqual(
    [...worker.secrets],
    [
      ['SIGNING_SECRET', SECRET],
      ['SIGNING_SECRET_PREVIOUS', 'set by hand'],
    ],
  )
  deepStrictEqual([worker.versions.length, fake.databases.length], [2, 1])

  const live = worker.versions.at(-1)?.bindings ?? []
  live.push({ type: 'plain_text', name: 'BY_HAND', text: 'x' })
  await refuses(
    /^The Worker togai has a variable BY_HAND that wrangler\.toml has not, and a deploy would remove it\. Add it to \[env\.production\.vars\]/,
  )
  live.pop()
  const bound = live.find(({ type }) => type === 'd1') as { id?: string }
  bound.id = 'another'
  await refuses(/^The Worker togai is bound to the database another, .* Set database_id in \[\[env\.production\.d1_databases\]\]/)
  bound.id = database.uuid

  await refuses(
    /^The bucket togai-sandbox would not be in the jurisdiction eu\. Add jurisdiction = "eu" to \[\[env\.sandbox\.r2_buckets\]\]/,
    ['--env', 'sandbox', '--jurisdiction', 'eu'],
  )
  const text = readFileSync(configuration, 'utf8')
  writeFileSync(configuration, text.replace('bucket_name = "togai-sandbox"', 'bucket_name = "togai-production"'))
  await refuses(/^wrangler\.toml: env\.sandbox and env\.production share the bucket togai-production\. Give each its own\./, [
    '--env',
    'sandbox',
  ])
  writeFileSync(configuration, text.replace(/\[\[env\.sandbox\.r2_buckets\]\]\n.*\n.*\n/, ''))
  await refuses(/^wrangler\.toml: env\.sandbox has not the bucket FILES, which the top level has\. Add it there too\./, [
    '--env',
    'sandbox',
  ])
  writeFileSync(configuration, text.replace('bucket_name = "togai-sandbox"', 'bucket_name = "togai-sandbox"\njurisdiction = "eu"'))
  const production = JSON.stringify(worker)
  const sandbox = await run('deploy', ['--env', 'sandbox', '--jurisdiction', 'eu'], { SIGNING_SECRET: `${SECRET}-of-the-sandbox` })
  strictEqual(sandbox.code, 0, sandbox.errors)
  match(sandbox.answer, /^https:\/\/togai-sandbox\.acme\.workers\.dev$/m)
  match(sandbox.answer, /--remote --env sandbox$/m)
  deepStrictEqual(
    fake.databases.map(({ name, place: where }) => [name, where]),
    [
      ['togai-production', 'weur'],
      ['togai-sandbox', 'eu'],
    ],
  )
  deepStrictEqual(fake.databases.map(appliedTo), [files, files])
  deepStrictEqual(fake.buckets[1], { name: 'togai-sandbox', place: 'eu' })
  fake.buckets.pop()
  const elsewhere = await run('deploy', ['--env', 'sandbox', '--location', 'weur'])
  deepStrictEqual([elsewhere.code, elsewhere.errors, fake.buckets[1]], [0, '', { name: 'togai-sandbox', place: 'eu' }])
  strictEqual(JSON.stringify(worker), production, 'a deployment of the sandbox changed production')
  strictEqual(sandbox.writes.filter((call) => call.includes('/togai/') || call.includes(database.uuid)).join(), '')
  deepStrictEqual(bindingsOf(workerOf(fake, 'togai-sandbox'))['DB'], { type: 'd1', id: fake.databases[1]?.uuid })
  deepStrictEqual(Object.fromEntries(workerOf(fake, 'togai-sandbox').classes), objects)
  strictEqual(workerOf(fake, 'togai-sandbox').secrets.get('SIGNING_SECRET'), `${SECRET}-of-the-sandbox`)
  fake.close()
}

const denied = { status: 403, code: 10000, message: 'Authentication error' }
const broken = { status: 500, code: 10013, message: 'An unknown error has occurred' }
const LOGIN =
  / Authentication error \[code: 10000\]\. Run npx wrangler login, or give CLOUDFLARE_API_TOKEN the permissions .*; then run again: npm run deploy\n$/

/** The calls of a first deployment in order, each with the message when it fails. */
const first: [trouble: Trouble, line: RegExp][] = [
  [{ method: 'GET', path: /\/deployments$/, ...denied }, LOGIN],
  [{ method: 'GET', path: /\/secrets$/, ...broken }, /^The secrets of the Worker could not be read: HTTP 500, An unknown error/],
  [{ method: 'GET', path: /^\/workers\/subdomain$/, ...denied }, LOGIN],
  [
    { method: 'PUT', path: /^\/workers\/subdomain$/, status: 409, code: 10031, message: 'Taken' },
    /^The subdomain acme could not be had: .* Choose another one/,
  ],
  [{ method: 'GET', path: /^\/d1\/database\//, ...broken }, /^The database could not be read/],
  [{ method: 'POST', path: /^\/d1\/database$/, ...broken }, /^The database could not be made: /],
  [
    { method: 'GET', path: /^\/r2\/buckets\//, status: 403, code: 10042, message: 'Please enable R2 through the Cloudflare Dashboard.' },
    /^The account has no R2, in which the bucket togai-production for files would be\. Enable R2 in the dashboard, or take /,
  ],
  [{ method: 'GET', path: /^\/r2\/buckets\//, ...denied }, LOGIN],
  [{ method: 'POST', path: /^\/r2\/buckets$/, ...broken }, /^The bucket togai-production could not be made: /],
  [{ method: 'POST', path: /\/query$/, asks: 'SELECT name FROM d1_migrations', ...broken }, /^The database could not be asked: /],
  [{ method: 'POST', path: /\/query$/, asks: `'${files[1]}'`, ...broken }, /^The migrations could not be applied: /],
  [{ method: 'POST', path: /\/assets-upload-session$/, ...broken }, /^The Worker could not be deployed: /],
  [{ method: 'PUT', path: /^\/workers\/scripts\/togai$/, ...denied }, LOGIN],
  [{ method: 'POST', path: /\/togai\/subdomain$/, ...denied }, LOGIN],
  [
    { method: 'PUT', path: /\/schedules$/, ...broken },
    /^The crons and the URL could not be set: Trigger configuration .* Cron schedules: /,
  ],
]

/** The calls of a later deployment, which uploads and activates a version in one call because it has Durable Objects. */
const later: typeof first = [
  [{ method: 'PUT', path: /^\/workers\/scripts\/togai$/, ...denied }, LOGIN],
  [{ method: 'PUT', path: /^\/workers\/scripts\/togai$/, ...broken }, /^The Worker could not be deployed: /],
  [{ method: 'PUT', path: /\/schedules$/, ...broken }, /^The Worker could not be deployed: Trigger configuration /],
  [{ method: 'GET', path: /\/script-settings$/, ...broken }, /^The settings of the Worker could not be read/],
]

/** Lets each step fail once, and checks that the next run continues there. */
const troubled = async (): Promise<void> => {
  const { fake, commit, deploys, refuses } = await makeWorld('troubled')
  const breakEach = async (steps: typeof first): Promise<void> => {
    for (const [trouble, line] of steps) {
      fake.troubles.push(trouble)
      const { errors } = await refuses(line, ['--subdomain', 'acme'])
      if (trouble.status === 500) match(errors, AGAIN)
      ok(
        fake.calls.some(({ method, path, done }) => method === trouble.method && trouble.path.test(path) && !done),
        `not called: ${line}`,
      )
      fake.troubles.pop()
    }
  }
  commit()
  fake.troubles.push({ method: 'POST', path: /\/assets\/upload$/, ...broken, once: true })
  await breakEach(first)
  const worker = workerOf(fake, 'togai')
  const [version] = worker.versions
  const finished = await deploys()
  deepStrictEqual(finished.writes, ['POST /workers/scripts/togai/subdomain', 'PUT /workers/scripts/togai/schedules'])
  deepStrictEqual([worker.versions, worker.crons, worker.enabled], [[version], ['* * * * *'], true])
  deepStrictEqual((await deploys()).writes, [])

  const revision = commit()
  await breakEach(later)
  deepStrictEqual((await deploys()).writes, [])
  deepStrictEqual([bindingsOf(worker)['REVISION'], worker.secrets.get('SIGNING_SECRET')], [revision, SECRET])
  deepStrictEqual(fake.databases.map(appliedTo), [files])
  fake.close()
}

for (const outcome of await Promise.allSettled([life(), troubled()])) {
  if (outcome.status === 'fulfilled') continue
  const { message, stack = '' } = outcome.reason as Error
  const at = /system\/deploy\.ts:\d+/.exec(stack)?.[0] ?? ''
  fail(`Deployment: ${outcome.reason instanceof AssertionError ? message : stack} (${at})`)
}
console.log(
  `Deployment: an empty account is deployed to, and every step that goes wrong is taken up again, in ${((Date.now() - started) / 1000).toFixed(0)} s`,
)
