import type { DatabaseSync } from 'node:sqlite'
import { type AuditRow, type Seal, verifyChain } from '../src/access/audit/chain.ts'
import { must } from './torture_values.ts'

/** The last seal of each organization that was seen: what was sealed then never changes. */
const seen = new Map<string, Seal>()

/** The rows of the audit log of an organization, in their order, and their seal. */
const readLog = (database: DatabaseSync, organizationId: string): { rows: AuditRow[]; seal: Seal | undefined } => {
  const rows = database
    .prepare(
      `SELECT organization_id AS organizationId, sequence, at, token_id AS tokenId, role, operation_id AS operationId,
        resource_type AS resourceType, resource_id AS resourceId, request_id AS requestId, changes, hash, salt, digests
       FROM audit_log WHERE organization_id = ? ORDER BY sequence`,
    )
    .all(organizationId) as unknown as AuditRow[]
  const seals = database.prepare('SELECT organization_id AS organizationId, sequence, hash FROM audit_seals WHERE organization_id = ?')
  return { rows, seal: seals.get(organizationId) as unknown as Seal | undefined }
}

/** Verifies the audit log of an organization, as `npm run audit:verify` does. Gives its rows, and how many of them are sealed, and how many not. */
export const holdChain = async (
  database: DatabaseSync,
  organizationId: string,
): Promise<{ rows: AuditRow[]; sealed: number; unsealed: number }> => {
  const { rows, seal } = readLog(database, organizationId)
  const { sealed, unsealed, faults } = await verifyChain(rows, seal)
  must(!faults.length, `the audit log of ${organizationId} does not verify: ${faults.slice(0, 3).join(', ')}`)
  const last = rows.at(-1)?.sequence
  must(last === (rows.length || undefined), `the audit log of ${organizationId} has ${rows.length} rows, and ends at ${last}`)
  const before = seen.get(organizationId)
  must(
    !before || rows[before.sequence - 1]?.hash === before.hash,
    `the audit log of ${organizationId} was sealed anew until ${before?.sequence}`,
  )
  if (seal) seen.set(organizationId, seal)
  must(rows.filter(({ hash }) => hash !== null).length === sealed, `the audit log of ${organizationId} has hashes after its seal`)
  return { rows, sealed, unsealed }
}

/** Verifies the audit logs of all organizations, each of which has rows, and none that is not sealed. Gives how many rows they have. */
export const holdAllChains = async (database: DatabaseSync): Promise<number> => {
  const ids = database.prepare('SELECT id FROM organizations ORDER BY id').all() as { id: string }[]
  let all = 0
  for (const { id } of ids) {
    const { sealed, unsealed } = await holdChain(database, id)
    must(sealed, `the audit log of ${id} has no rows`)
    must(unsealed === 0, `${unsealed} rows of the audit log of ${id} were not sealed by the last sealing`)
    all += sealed
  }
  const [{ count } = { count: 0 }] = database.prepare('SELECT count(*) AS count FROM audit_log').all() as { count: number }[]
  must(count === all, `the audit log has ${count} rows, and those of its organizations are ${all}`)
  return all
}
