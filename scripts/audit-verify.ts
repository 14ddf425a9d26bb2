import { parseArgs } from 'node:util'
import { type AuditRow, type Seal, newChain } from '../src/access/audit/chain.ts'
import { execute, fail, migrateLocal, placeOf } from './wrangler.ts'

const USAGE = 'Usage: npm run audit:verify [-- --remote [--env production | sandbox] | -- --persist-to DIR]'

/** The most rows, and the most characters of their changes, of a query. */
const ROWS = 2000
const CHARACTERS = 8_000_000

const parsed = () => {
  try {
    return parseArgs({
      options: { remote: { type: 'boolean', default: false }, env: { type: 'string' }, 'persist-to': { type: 'string' } },
    }).values
  } catch {
    return fail(USAGE)
  }
}
const { remote, env, 'persist-to': directory } = parsed()
const place = placeOf(remote, env, directory) ?? fail(USAGE)
if (!place.remote) await migrateLocal(directory)

interface Organization extends Seal {
  name: string
}

/** Reads all organizations with their seals. */
const readOrganizations = async (): Promise<Map<string, { name: string; seal: Seal | undefined }>> => {
  const [rows = []] = await execute(place, [
    `SELECT organizations.id AS organizationId, organizations.name, audit_seals.sequence, audit_seals.hash
     FROM organizations LEFT JOIN audit_seals ON audit_seals.organization_id = organizations.id ORDER BY organizations.id`,
  ])
  const organizations = rows as unknown as Organization[]
  return new Map(
    organizations.map(({ name, ...seal }) => [seal.organizationId, { name, seal: seal.sequence === null ? undefined : seal }] as const),
  )
}

/** Reads the next rows in their stored order, as many as an answer can contain. */
const readRows = async (after: number) => {
  const [rows = []] = await execute(place, [
    `SELECT * FROM (
       SELECT *, row_number() OVER kept AS place, sum(length(changes)) OVER kept AS characters FROM (
         SELECT rowid AS number, organization_id AS organizationId, sequence, at, token_id AS tokenId, role, operation_id AS operationId,
           resource_type AS resourceType, resource_id AS resourceId, request_id AS requestId, changes, hash, salt, digests
         FROM audit_log WHERE rowid > ${after} ORDER BY rowid LIMIT ${ROWS}
       )
       WINDOW kept AS (ORDER BY number)
     )
     WHERE place = 1 OR characters <= ${CHARACTERS} ORDER BY place`,
  ])
  return rows as unknown as (AuditRow & { number: number })[]
}

const before = await readOrganizations()
const chains = new Map([...before].map(([id, { seal }]) => [id, newChain(seal)]))
const strangers = new Set<string>()
for (let after = 0; ;) {
  const rows = await readRows(after)
  for (const row of rows) {
    const chain = chains.get(row.organizationId)
    if (chain) await chain.add(row)
    else strangers.add(row.organizationId)
  }
  const last = rows.at(-1)
  if (!last) break
  after = last.number
}
const now = await readOrganizations()

let count = 0
for (const [id, chain] of chains) {
  const { sealed, unsealed, head, faults } = chain.close(now.get(id)?.seal)
  console.log(`${id} "${before.get(id)?.name}": ${sealed} rows sealed${head && `, up to ${head}`}; ${unsealed} not sealed yet`)
  for (const what of faults) console.log(`  ${what}`)
  count += faults.length
}
const unknown = [...strangers].filter((id) => !now.has(id))
if (unknown.length) console.log(`Rows of organizations that do not exist: ${unknown.join(', ')}`)
if (count + unknown.length) fail(`Audit log: ${count + unknown.length} places are not as they were sealed, see above.`)
console.log('Audit log: every sealed row is as it was sealed.')
