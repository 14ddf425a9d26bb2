import type { Fields } from '../../lib/changes.ts'
import { sha256 } from '../../lib/hash.ts'
import { hasPersonalId, personalFieldsOf } from '../../lib/resources.ts'

/** A row of the audit log. `changes` is JSON text. */
export interface AuditRow {
  organizationId: string
  sequence: number
  at: number
  tokenId: string
  role: string
  operationId: string
  resourceType: string
  resourceId: string
  requestId: string
  changes: string
  hash: string | null
  /** Null after the personal values were deleted. */
  salt: string | null
  /** The digests of the values about a person, as JSON, once the row is sealed. */
  digests: string | null
}

/** The last sealed row of an organization's log. */
export interface Seal {
  organizationId: string
  sequence: number
  hash: string
}

/** For each personal field, digests of the old and the new value. Null if there was no value. */
type Digests = Readonly<Record<string, readonly [old: string | null, now: string | null]>>

const digestValue = async (salt: string, field: string, value: unknown): Promise<string | null> =>
  value === null || value === undefined ? null : sha256(`${salt}\n${field}\n${JSON.stringify(value)}`)

/** The name under which the digest of an id is kept that may be about a person. */
const RESOURCE_ID = 'resourceId'

/** What of a row may be about a person when it is sealed: fields, and perhaps its id. */
const personalNamesOf = (type: string): readonly string[] => [...personalFieldsOf(type), ...(hasPersonalId(type) ? [RESOURCE_ID] : [])]

/**
 * The digests of some values of a row, as JSON: SHA-256, in lower-case hexadecimal, of the row's salt, the field and the JSON of its value.
 * By default of all that may be about a person; a row that was sealed by an earlier version has those of its time.
 */
export const digestChanges = async (
  { resourceType, resourceId, changes, salt }: Pick<AuditRow, 'resourceType' | 'resourceId' | 'changes' | 'salt'>,
  names = personalNamesOf(resourceType),
): Promise<string> => {
  const fields = JSON.parse(changes) as Fields
  const digests: Record<string, Digests[string]> = {}
  for (const name of names) {
    const change = name === RESOURCE_ID ? ([null, resourceId] as const) : fields[name]
    if (change) digests[name] = [await digestValue(salt ?? '', name, change[0]), await digestValue(salt ?? '', name, change[1])]
  }
  return JSON.stringify(digests)
}

/** The hash of a row: SHA-256, in lower-case hexadecimal, of the hash before it (empty before the first) and the row, as a JSON list. Digests stand for the values that have them. */
export const hashRow = (before: string, row: AuditRow, digests: string): Promise<string> => {
  const { organizationId, sequence, at, tokenId, role, operationId, resourceType, requestId, changes } = row
  const { [RESOURCE_ID]: itsId, ...its } = JSON.parse(digests) as Digests
  const resourceId = itsId?.[1] ?? row.resourceId
  const chained = JSON.stringify({ ...(JSON.parse(changes) as Fields), ...its })
  const list = [before, organizationId, sequence, at, tokenId, role, operationId, resourceType, resourceId, requestId, chained]
  return sha256(JSON.stringify(list))
}

/** The JSON of the changes of a sealed row without the values that have digests: what stays when the salt of the row goes. */
export const forgetPersonal = ({ changes, digests }: Pick<AuditRow, 'changes' | 'digests'>): string => {
  const digested = JSON.parse(digests ?? '{}') as Digests
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(JSON.parse(changes) as Fields).map(([field, change]) => [field, field in digested ? [null, null] : change]),
    ),
  )
}

/** The id of a sealed row when its salt goes: another text if it may be about a person. */
export const forgetId = ({ resourceId, digests }: Pick<AuditRow, 'resourceId' | 'digests'>): string =>
  RESOURCE_ID in (JSON.parse(digests ?? '{}') as Digests) ? 'erased' : resourceId

/** The verdict on the log of an organization. */
interface Verdict {
  sealed: number
  unsealed: number
  /** The hash of the last sealed row. Store it elsewhere to detect a log that was rebuilt. */
  head: string
  /** Each row that was changed, removed or inserted after it was sealed. */
  faults: string[]
}

/** Checks the log of an organization against its seal. Add all rows in their stored order, then close the chain to get the verdict. */
export const newChain = (seal: Seal | undefined) => {
  const end = seal?.sequence ?? 0
  const verdict: Verdict = { sealed: 0, unsealed: 0, head: '', faults: [] }
  const { faults } = verdict
  let [expected, before] = [1, '']
  /** The number of rows without a hash after the last row with one. */
  let open: number[] = []
  /** The last row that has a hash. */
  let last = 0
  const missing = (until: number): void => {
    if (until > expected)
      faults.push(until - expected > 1 ? `rows ${expected} to ${until - 1} were removed` : `row ${expected} was removed`)
  }
  const closeOpen = (): void => {
    for (const sequence of open) faults.push(`row ${sequence} was inserted: it has no hash, and rows after it have`)
    open = []
  }
  const add = async (row: AuditRow): Promise<void> => {
    const { sequence, hash } = row
    if (sequence < expected) {
      faults.push(`row ${sequence} was inserted: there is another one of its number`)
      return
    }
    missing(sequence)
    const follows = sequence === expected
    expected = sequence + 1
    const digests = row.digests ?? (await digestChanges(row))
    const right = await hashRow(before, row, digests)
    const names = Object.keys(JSON.parse(digests) as Digests)
    const isAsDigested = row.digests === null || row.salt === null || digests === (await digestChanges(row, names))
    before = hash ?? right
    if (hash === null) {
      open.push(sequence)
      return
    }
    closeOpen()
    last = sequence
    verdict.sealed++
    verdict.head = hash
    if (!isAsDigested) faults.push(`row ${sequence} was changed: its values are not those of its digests`)
    else if (follows && hash !== right)
      faults.push(`row ${sequence} was changed${sequence > 1 ? `, or row ${sequence - 1} with its hash` : ''}`)
    else if (sequence === end && hash !== seal?.hash) faults.push(`row ${sequence} was changed with its hash, or the seal was`)
  }
  /** `now` is the seal after all rows were read, since rows may have been sealed in the meantime. */
  const close = (now = seal): Verdict => {
    if (end >= expected) missing(end + 1)
    if (end > last) closeOpen()
    const sealedUntil = now?.sequence ?? 0
    if (last > sealedUntil) faults.push(`the seal was removed or set back: it ends at row ${sealedUntil}, and row ${last} has a hash`)
    return { ...verdict, unsealed: open.length }
  }
  return { add, close }
}

/** The verdict on the log of an organization, from all of its rows in their stored order. */
export const verifyChain = async (rows: AsyncIterable<AuditRow> | Iterable<AuditRow>, seal: Seal | undefined): Promise<Verdict> => {
  const chain = newChain(seal)
  for await (const row of rows) await chain.add(row)
  return chain.close()
}
