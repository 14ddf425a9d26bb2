import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fail, fault, login, run, start } from './wrangler.ts'

const [option, ...more] = process.argv.slice(2)
if (more.length || (option !== undefined && option !== '--dry-run')) fail('Usage: npm run deploy [-- --dry-run]')
const dry = option === '--dry-run'

const apply = () => run(['d1', 'migrations', 'apply', 'DB', '--remote'])

const migrate = async (): Promise<void> => {
  let migrated = await apply()
  if (!migrated.ok && migrated.output.includes("Couldn't find a D1 DB")) {
    const created = await run(['d1', 'create', 'togai'])
    if (!created.ok) fail(`The database could not be created: ${fault(created.output)}`)
    migrated = await apply()
  }
  if (!migrated.ok)
    fail(
      login(migrated.output) ?? `The migrations could not be applied: ${fault(migrated.output)}. Mend that, then run npm run deploy again.`,
    )
}

const SHORTEST_SECRET = 32

/** The secret that signs JWTs and page tokens, when the Worker has none yet: one that is there is never replaced. */
const newSecret = async (): Promise<string | undefined> => {
  const { ok, output } = await run(['secret', 'list', '--format', 'json'])
  if (ok && output.includes('"SIGNING_SECRET"')) return undefined
  if (!ok && !/10007|does not exist|not found/i.test(output))
    fail(`The secrets of the Worker could not be listed: ${fault(output)}. Run npm run deploy again.`)
  const given = process.env['SIGNING_SECRET'] ?? (await asked())
  if (given.length < SHORTEST_SECRET)
    fail(`SIGNING_SECRET must be ${SHORTEST_SECRET} characters or more, such as openssl rand -base64 32 makes. Deploy again.`)
  return given
}

const asked = async (): Promise<string> => {
  if (!process.stdin.isTTY)
    fail('The Worker has no SIGNING_SECRET. Set one in the environment, such as openssl rand -base64 32 makes, and deploy again.')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const typed = await terminal.question(
    'The Worker has no SIGNING_SECRET. Type one of 32 characters or more, or press Enter to have one made: ',
  )
  terminal.close()
  return typed || randomBytes(32).toString('base64url')
}

const deploy = (secret: string | undefined): void => {
  const directory = mkdtempSync(join(tmpdir(), 'deploy-'))
  const file = join(directory, 'secrets.json')
  if (secret !== undefined) writeFileSync(file, JSON.stringify({ SIGNING_SECRET: secret }), { mode: 0o600 })
  const child = start(['deploy', ...(dry ? ['--dry-run'] : []), ...(secret === undefined ? [] : ['--secrets-file', file])], 'inherit')
  child.on('close', (code) => {
    rmSync(directory, { recursive: true, force: true })
    if (code) fail('The Worker could not be deployed, for the reason above. Run npm run deploy again when it is mended.')
    if (!dry) console.log('Make a token for it: npm run -s token -- create --organization NAME --name NAME --remote')
  })
}

if (dry) deploy(undefined)
else {
  await migrate()
  deploy(await newSecret())
}
