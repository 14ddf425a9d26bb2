import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { isCurrency } from '../src/lib/codes.ts'
import { expected, explainIssues } from '../src/lib/errors.ts'
import { label } from '../src/lib/fields.ts'
import { newId } from '../src/lib/ids.ts'
import { CreateTokenRequest } from '../src/access/tokens/schema.ts'
import { createToken } from '../src/access/tokens/service.ts'
import { type Organization, makeContext, organizationQuery } from './context.ts'
import { execute, fail, migrateLocal, placeOf, quoted } from './wrangler.ts'

const USAGE =
  'Usage: npm run token -- create --organization NAME --name NAME [--role ADMINISTRATOR | DEVELOPER | ANALYST] [--base-currency USD] [--remote [--env production | sandbox] | --persist-to DIR]'

const parsed = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        organization: { type: 'string' },
        name: { type: 'string' },
        role: { type: 'string', default: 'ADMINISTRATOR' },
        'base-currency': { type: 'string' },
        remote: { type: 'boolean', default: false },
        env: { type: 'string' },
        'persist-to': { type: 'string' },
      },
    })
  } catch {
    return fail(USAGE)
  }
}

const { positionals, values } = parsed()
const { organization = '', name = '', role, 'base-currency': currency } = values
const place = placeOf(values.remote, values.env, values['persist-to']) ?? fail(USAGE)
if (positionals.join() !== 'create') fail(USAGE)
z.config({ customError: expected })
const wrong = z.safeParse(label(1, 100), organization).error?.issues[0]?.message
if (wrong) fail(`--organization ${wrong}. ${USAGE}`)
const input = z.safeParse(CreateTokenRequest, { name, role })
if (!input.success) fail(`--${explainIssues(input.error.issues, 'token').replaceAll('; ', '; --')}. ${USAGE}`)
if (currency !== undefined && !isCurrency(currency)) fail('--base-currency must be a currency of ISO 4217 in capitals, such as USD.')

const { remote, directory } = place
if (!remote) await migrateLocal(directory)

const [made = [], [found] = []] = await execute(place, [
  `INSERT INTO organizations (id, name, base_currency, created_at)
   VALUES (${quoted(newId('ORGANIZATION', Date.now()))}, ${quoted(organization)}, ${quoted(currency ?? 'USD')}, CAST(unixepoch('subsec') * 1000 AS INTEGER)) ON CONFLICT (name) DO NOTHING RETURNING id`,
  organizationQuery(organization),
])
const its = found as unknown as Organization
const { id, baseCurrency } = its
if (currency !== undefined && currency !== baseCurrency)
  fail(`The organization "${organization}" has another base currency, which cannot be changed here. Leave --base-currency out.`)

const { answer } = await createToken(makeContext(place, its, 'createToken'), input.data)

const where = remote ? `in the deployed database of ${remote}` : `in the local database in ${directory ?? '.wrangler/state'}`
console.error(
  `A token of the ${made.length ? 'new ' : ''}organization "${organization}" (${id}), ${where}. It is shown this once and kept nowhere:`,
)
console.log(answer.token)
