import { randomUUID } from 'node:crypto'
import { conflicts } from '../src/conflicts.ts'
import type { Session } from '../src/db/client.ts'
import type { Ctx } from '../src/db/context.ts'
import { openLedgers } from '../src/ledger/client.ts'
import { type Place, execute, fail, quoted } from './wrangler.ts'

type Parameter = string | number | null

const literal = (value: Parameter): string => (typeof value === 'string' ? quoted(value) : (value?.toString() ?? 'NULL'))

/** Writes parameters into SQL, since wrangler accepts none. A ? in quotes is not a parameter. */
const written = (query: string, parameters: readonly Parameter[]): string => {
  const left = [...parameters]
  return query.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|\?/g, (part) => (part === '?' ? literal(left.shift() ?? null) : part))
}

/** A D1 binding that uses wrangler, for the single batch of a write. */
const openSession = (place: Place): Pick<Session, 'batch'> => ({
  batch: async (statements) => {
    const queries = statements.map((statement) => statement.toSQL())
    const answers = await execute(
      place,
      queries.map(({ sql, params }) => written(sql, params as Parameter[])),
    )
    return answers.map((results) => ({ results })) as never
  },
})

export interface Organization {
  id: string
  baseCurrency: string
  version: number
  /** The test clock of the organization, in milliseconds, if it has one. */
  clockAt: number | null
  /** The clock of the database, in milliseconds. The clock of this machine may be wrong, and times in the audit log must not decrease. */
  wallClock: number
}

/** The query for an organization by name. */
export const organizationQuery = (name: string): string =>
  `SELECT id, base_currency AS baseCurrency, version, clock_at AS clockAt, CAST(unixepoch('subsec') * 1000 AS INTEGER) AS wallClock FROM organizations WHERE name = ${quoted(name)}`

/** Reads an organization by name. Ends the script if it does not exist. */
export const readOrganization = async (place: Place, name: string): Promise<Organization> => {
  const [[found] = []] = await execute(place, [organizationQuery(name)])
  return (found as unknown as Organization | undefined) ?? fail(`There is no organization "${name}".`)
}

/** The context with which a script calls a function of the Worker. It has no access to ledgers. */
export const makeContext = (place: Place, { id, baseCurrency, clockAt, wallClock }: Organization, operationId: string): Ctx => ({
  organizationId: id,
  baseCurrency,
  clockAt,
  actor: 'cli',
  role: 'ADMINISTRATOR',
  expiresAt: null,
  mark: '',
  session: openSession(place) as Session,
  ledgers: openLedgers({}),
  now: clockAt ?? wallClock,
  wallClock,
  secrets: [],
  requestId: randomUUID(),
  operationId,
  conditions: { match: undefined, noneMatch: undefined },
  conflicts,
  steps: [],
})
