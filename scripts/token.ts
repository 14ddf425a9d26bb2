import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { conflicts } from '../src/conflicts.ts'
import type { Ctx } from '../src/db/context.ts'
import type { Session } from '../src/db/client.ts'
import { isCurrency } from '../src/lib/codes.ts'
import { expected, explainIssues } from '../src/lib/errors.ts'
import { openLedgers } from '../src/ledger/client.ts'
import { label } from '../src/lib/fields.ts'
import { newId } from '../src/lib/ids.ts'
import { CreateTokenRequest } from '../src/access/tokens/schema.ts'
import { createToken } from '../src/access/tokens/service.ts'
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
  `SELECT id, base_currency AS baseCurrency, CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now FROM organizations WHERE name = ${quoted(organization)}`,
])
/** The clock is the database's: this machine's may be wrong, and the audit log never goes back in time. */
const { id, baseCurrency, now } = found as { id: string; baseCurrency: string; now: number }
if (currency !== undefined && currency !== baseCurrency)
  fail(`The organization "${organization}" has another base currency, which cannot be changed here. Leave --base-currency out.`)

type Parameter = string | number | null

const literal = (value: Parameter): string => (typeof value === 'string' ? quoted(value) : (value?.toString() ?? 'NULL'))

/** Wrangler takes SQL without parameters: each is written where its ? stands, and a ? in quotes is left. */
const written = (query: string, parameters: readonly Parameter[]): string => {
  const left = [...parameters]
  return query.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|\?/g, (part) => (part === '?' ? literal(left.shift() ?? null) : part))
}

/** D1 as wrangler reaches it, for the one batch of a write. */
const session: Pick<Session, 'batch'> = {
  batch: async (statements) => {
    const queries = statements.map((statement) => statement.toSQL())
    const answers = await execute(
      place,
      queries.map(({ sql, params }) => written(sql, params as Parameter[])),
    )
    return answers.map((results) => ({ results })) as never
  },
}

const ctx: Ctx = {
  organizationId: id,
  baseCurrency,
  actor: 'cli',
  role: 'ADMINISTRATOR',
  expiresAt: null,
  mark: '',
  session: session as Session,
  ledgers: openLedgers({}),
  now,
  secrets: [],
  requestId: randomUUID(),
  operationId: 'createToken',
  conditions: { match: undefined, noneMatch: undefined },
  conflicts,
}
const { answer } = await createToken(ctx, input.data)

const where = remote ? `in the deployed database of ${remote}` : `in the local database in ${directory ?? '.wrangler/state'}`
console.error(
  `A token of the ${made.length ? 'new ' : ''}organization "${organization}" (${id}), ${where}. It is shown this once and kept nowhere:`,
)
console.log(answer.token)
