import { parseArgs } from 'node:util'
import { type AuditRow, type Seal, newChain } from '../src/audit/chain.ts'
import { type Place, execute, fail, migrateLocal } from './wrangler.ts'

const USAGE = 'Usage: npm run audit:verify [-- --remote | --persist-to DIR]'

/** As many rows are asked for at once. */
const ROWS = 2000

const parsed = () => {
  try {
    return parseArgs({ options: { remote: { type: 'boolean', default: false }, 'persist-to': { type: 'string' } } }).values
  } catch {
    return fail(USAGE)
  }
}
const { remote, 'persist-to': directory } = parsed()
if (remote && directory) fail(USAGE)
const place: Place = { remote, directory }
if (!remote) await migrateLocal(directory)

const [organizations = []] = await execute(place, [
  `SELECT organizations.id AS organizationId, organizations.name, audit_seals.sequence, audit_seals.hash
   FROM organizations LEFT JOIN audit_seals ON audit_seals.organization_id = organizations.id ORDER BY organizations.id`,
])
const chains = new Map(
  (organizations as unknown as (Seal & { name: string })[]).map(({ name, ...seal }) => [
    seal.organizationId,
    { name, chain: newChain(seal.sequence === null ? undefined : seal) },
  ]),
)

const strangers = new Set<string>()
for (let after = 0; ;) {
  const [rows = []] = (await execute(place, [
    `SELECT rowid AS kept, organization_id AS organizationId, sequence, at, token_id AS tokenId, role, operation_id AS operationId,
       resource_type AS resourceType, resource_id AS resourceId, request_id AS requestId, changes, hash
     FROM audit_log WHERE rowid > ${after} ORDER BY rowid LIMIT ${ROWS}`,
  ])) as unknown as (AuditRow & { kept: number })[][]
  for (const row of rows) {
    const its = chains.get(row.organizationId)
    if (its) await its.chain.add(row)
    else strangers.add(row.organizationId)
  }
  after = rows.at(-1)?.kept ?? after
  if (rows.length < ROWS) break
}

let count = 0
for (const [id, { name, chain }] of chains) {
  const { sealed, unsealed, head, faults } = chain.verdict()
  console.log(`${id} "${name}": ${sealed} rows sealed${head && `, up to ${head}`}; ${unsealed} not sealed yet`)
  for (const what of faults) console.log(`  ${what}`)
  count += faults.length
}
if (strangers.size) console.log(`Rows of organizations that do not exist: ${[...strangers].join(', ')}`)
if (count + strangers.size) fail(`Audit log: ${count + strangers.size} places are not as they were sealed, see above.`)
console.log('Audit log: every sealed row is as it was sealed.')
