import { createHash, randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { isCurrency } from '../src/lib/codes.ts'
import { label } from '../src/lib/fields.ts'
import { newId } from '../src/lib/ids.ts'
import { fail, fault, login, migrateLocal, persisted, quoted, run } from './wrangler.ts'

const USAGE = 'Usage: npm run token -- create --organization NAME --name NAME [--base-currency USD] [--remote | --persist-to DIR]'

const parsed = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        organization: { type: 'string' },
        name: { type: 'string' },
        'base-currency': { type: 'string' },
        remote: { type: 'boolean', default: false },
        'persist-to': { type: 'string' },
      },
    })
  } catch {
    return fail(USAGE)
  }
}

const { positionals, values } = parsed()
const { organization = '', name = '', remote, 'base-currency': currency, 'persist-to': directory } = values
if (positionals.join() !== 'create' || (remote && directory)) fail(USAGE)
for (const [option, value] of Object.entries({ organization, name })) {
  const wrong = z.safeParse(label(1, 100), value).error?.issues[0]?.message
  if (wrong) fail(`--${option} ${wrong}. ${USAGE}`)
}
if (currency !== undefined && !isCurrency(currency)) fail('--base-currency must be a currency of ISO 4217 in capitals, such as USD.')

/** 256 random bits behind a prefix by which a person or a scanner knows what it is. */
const secret = `togai_${randomBytes(32).toString('base64url')}`
const now = Date.now()
const place = remote ? ['--remote'] : ['--local', ...persisted(directory)]
if (!remote) await migrateLocal(directory)

const { ok, output } = await run([
  'd1',
  'execute',
  'DB',
  ...place,
  '--yes',
  '--command',
  `INSERT INTO organizations (id, name, base_currency, created_at)
   VALUES (${quoted(newId('org', now))}, ${quoted(organization)}, ${quoted(currency ?? 'USD')}, ${now}) ON CONFLICT (name) DO NOTHING RETURNING 'new' AS made;
   INSERT INTO tokens (id, organization_id, name, hash, created_at)
   SELECT ${quoted(newId('token', now))}, id, ${quoted(name)}, ${quoted(createHash('sha256').update(secret).digest('hex'))}, ${now}
   FROM organizations WHERE name = ${quoted(organization)} ${currency ? `AND base_currency = ${quoted(currency)}` : ''}
   RETURNING organization_id;`,
])
if (!ok && output.includes('no such table')) fail('The database has no tables yet. Run: npm run deploy')
if (!ok) fail(login(output) ?? `The token could not be made: ${fault(output)}`)
const [id] = /"?organization_id"?[^"]*"(org\.[^"]+)"/.exec(output)?.slice(1) ?? []
if (!id) fail(`The organization "${organization}" has another base currency, which cannot be changed here. Leave --base-currency out.`)

const where = remote ? 'in the deployed database' : `in the local database in ${directory ?? '.wrangler/state'}`
console.error(
  `A token of the ${output.includes('made') ? 'new ' : ''}organization "${organization}" (${id}), ${where}. It is shown this once and kept nowhere:`,
)
console.log(secret)
