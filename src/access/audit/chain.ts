import { sha256 } from '../../lib/hash.ts'

/** A row of the audit log as it is kept; `changes` is the text of its JSON. */
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
}

/** Up to which row the log of an organization is sealed. */
export interface Seal {
  organizationId: string
  sequence: number
  hash: string
}

/** The hash of a row: SHA-256, in lower-case hexadecimal, of the hash before it (empty before the first) and the row, as a JSON list. */
export const hashRow = (before: string, row: AuditRow): Promise<string> => {
  const { organizationId, sequence, at, tokenId, role, operationId, resourceType, resourceId, requestId, changes } = row
  const list = [before, organizationId, sequence, at, tokenId, role, operationId, resourceType, resourceId, requestId, changes]
  return sha256(JSON.stringify(list))
}

/** What the log of one organization was found to be. */
export interface Verdict {
  sealed: number
  unsealed: number
  /** The hash of the last sealed row: who keeps it elsewhere can tell a log that was sealed anew. */
  head: string
  /** Each row that was changed, removed or inserted after it was sealed. */
  faults: string[]
}

/** Holds the log of one organization against its seal: every row is added, in the order in which they are kept, then the verdict is asked for. */
export const newChain = (seal: Seal | undefined) => {
  const end = seal?.sequence ?? 0
  const verdict: Verdict = { sealed: 0, unsealed: 0, head: '', faults: [] }
  const { faults } = verdict
  let [expected, before] = [1, '']
  /** Rows without a hash that no row with one has followed so far. */
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
    const right = await hashRow(before, row)
    before = hash ?? right
    if (hash === null) {
      open.push(sequence)
      return
    }
    closeOpen()
    last = sequence
    verdict.sealed++
    verdict.head = hash
    if (follows && hash !== right) faults.push(`row ${sequence} was changed${sequence > 1 ? `, or row ${sequence - 1} with its hash` : ''}`)
    else if (sequence === end && hash !== seal?.hash) faults.push(`row ${sequence} was changed with its hash, or the seal was`)
  }
  /** `now` is the seal after the last row was read: rows may have been sealed meanwhile. */
  const close = (now = seal): Verdict => {
    if (end >= expected) missing(end + 1)
    if (end > last) closeOpen()
    const sealedUntil = now?.sequence ?? 0
    if (last > sealedUntil) faults.push(`the seal was removed or set back: it ends at row ${sealedUntil}, and row ${last} has a hash`)
    return { ...verdict, unsealed: open.length }
  }
  return { add, close }
}

/** The verdict on the log of one organization, of all of its rows in the order in which they are kept. */
export const verifyChain = async (rows: AsyncIterable<AuditRow> | Iterable<AuditRow>, seal: Seal | undefined): Promise<Verdict> => {
  const chain = newChain(seal)
  for await (const row of rows) await chain.add(row)
  return chain.close()
}
