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

const encoder = new TextEncoder()

/** The hash of a row: SHA-256, in lower-case hexadecimal, of the hash before it (empty before the first) and the row, as a JSON list. */
export const hashRow = async (before: string, row: AuditRow): Promise<string> => {
  const { organizationId, sequence, at, tokenId, role, operationId, resourceType, resourceId, requestId, changes } = row
  const list = [before, organizationId, sequence, at, tokenId, role, operationId, resourceType, resourceId, requestId, changes]
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(JSON.stringify(list)))).toHex()
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

/** Walks the log of one organization, all of its rows in the order of their sequence, and holds it against its seal. */
export const verifyChain = async (rows: AsyncIterable<AuditRow> | Iterable<AuditRow>, seal: Seal | undefined): Promise<Verdict> => {
  const verdict: Verdict = { sealed: 0, unsealed: 0, head: seal?.hash ?? '', faults: [] }
  const { faults } = verdict
  const end = seal?.sequence ?? 0
  let expected = 1
  let before = ''
  const missing = (until: number): void => {
    if (until > expected)
      faults.push(until - expected === 1 ? `row ${expected} was removed` : `rows ${expected} to ${until - 1} were removed`)
  }
  for await (const row of rows) {
    const { sequence, hash } = row
    if (sequence < expected) {
      faults.push(`row ${sequence} was inserted: there is another one of its number`)
      continue
    }
    missing(sequence)
    if (sequence <= end) {
      verdict.sealed++
      if (hash === null) faults.push(`row ${sequence} was inserted: it is not sealed, and rows after it are`)
      else if (sequence === expected && hash !== (await hashRow(before, row))) faults.push(`row ${sequence} was changed`)
      before = hash ?? ''
    } else if (hash === null) verdict.unsealed++
    else faults.push(`row ${sequence} was inserted, or the seal is not the last one: it has a hash, and the seal ends at row ${end}`)
    expected = sequence + 1
  }
  missing(end + 1)
  if (expected > end && end > 0 && before !== seal?.hash && !faults.length)
    faults.push(`the seal was changed: it is not the hash of row ${end}`)
  return verdict
}
