import type { DatabaseSync } from 'node:sqlite'
import { holdChain } from './torture_chains.ts'
import { clients, counts, listed, nameOf, owned } from './torture_resources.ts'
import { must } from './torture_values.ts'

const of = "organization_id = 'org.torture'"

/** The keys whose answers are kept. */
const readKeys = (database: DatabaseSync): Set<string> =>
  new Set((database.prepare(`SELECT key FROM idempotency_keys WHERE ${of}`).all() as { key: string }[]).map(({ key }) => key))

/** The version of each resource, by its name. */
const readVersions = (database: DatabaseSync): Map<string, number> => {
  const made = database
    .prepare(
      `SELECT name, version FROM (
        SELECT organization_id, 'CUSTOMER ' || id AS name, version FROM customers UNION ALL SELECT organization_id, 'ACCOUNT ' || id, version FROM accounts
        UNION ALL SELECT organization_id, 'SETTING ' || id_string, version FROM settings
      ) WHERE ${of}`,
    )
    .all() as { name: string; version: number }[]
  return new Map(made.map(({ name, version }) => [name, version]))
}

/**
 * Holds the resources against the audit log: its chain holds, and each change of a resource is there with its entry in the log, its version and
 * its key, or is not there at all. Gives how many rows of the log are sealed, and how many not.
 */
export const holdResources = async (database: DatabaseSync): Promise<{ sealed: number; unsealed: number }> => {
  const kept = readKeys(database)
  const versions = readVersions(database)
  const { rows, sealed, unsealed } = await holdChain(database, 'org.torture')
  const log = Map.groupBy(rows, ({ resourceType, resourceId }) => `${resourceType} ${resourceId}`)
  for (const client of clients) {
    const { lost } = client
    const isMade = lost && kept.has(lost.key)
    for (const [resource, after] of owned(client)) {
      const name = nameOf(resource)
      const changes = after && isMade ? [...resource.history, { ...lost, requestId: undefined }] : resource.history
      const right = changes.map(({ operationId, requestId }) => `${operationId} ${requestId ?? ''}`)
      const entries = log.get(name) ?? []
      const found = entries.map(({ operationId, requestId }, at) => `${operationId} ${changes[at]?.requestId ? requestId : ''}`)
      const [version = 0, unkept] = [versions.get(name), changes.find(({ key }) => !kept.has(key))]
      const then = after ? `, then maybe by ${lost?.operationId}, whose key is ${isMade ? '' : 'not '}kept` : ''
      const what = `${name} was changed ${resource.history.length} times${then}`
      const counted = version === changes.length && entries.length === changes.length
      must(counted, `${what}: it is of version ${version}, and the audit log has ${entries.length} entries of it`)
      const odd = right.findIndex((one, at) => one !== found[at])
      must(odd < 0, `${what}: change ${odd + 1} is ${right[odd]}, and in the audit log ${found[odd]}`)
      must(!unkept, `${what}: the answer to ${unkept?.operationId} is not kept under the key ${unkept?.key}`)
      log.delete(name)
      versions.delete(name)
    }
    if (lost) kept.delete(lost.key)
  }
  must(!log.size && !versions.size, `there is what nobody made: ${listed([...log.keys(), ...versions.keys()])}`)
  must(kept.size === counts.acknowledged, `${counts.acknowledged} writes were acknowledged, and ${kept.size} answers are kept`)
  return { sealed, unsealed }
}
