import { type Batch, type EventSource, type RecordHead, SOURCES, accountKey, codeOf, totalsOf } from '../../ledger/client.ts'
import type { Ctx } from '../../db/context.ts'
import type { ProcessedEvent, Processing } from './process.ts'

/** A JSON parameter of a ledger holds 2 MB at most. */
const LONGEST_JSON = 1_000_000

const DUPLICATE = codeOf('INGESTION_FAILED_DUPLICATE_EVENT')

const rowsAsJson = (processed: readonly ProcessedEvent[]): string[] => {
  const chunks: string[] = []
  let parts: string[] = []
  let length = 0
  for (const { row } of processed) {
    const json = JSON.stringify(row)
    if (length + json.length > LONGEST_JSON && parts.length) {
      chunks.push(`[${parts.join(',')}]`)
      parts = []
      length = 0
    }
    parts.push(json)
    length += json.length + 1
  }
  if (parts.length) chunks.push(`[${parts.join(',')}]`)
  return chunks
}

/** What a ledger is asked to record of some events. */
export const batchOf = (
  { now, clockAt }: Pick<Ctx, 'now' | 'clockAt'>,
  processing: Processing,
  processed: readonly ProcessedEvent[],
  source: EventSource,
): Batch => {
  const { memory, ruleSets } = processing
  const accounts: RecordHead['accounts'] = {}
  const customers: RecordHead['customers'] = {}
  const used: RecordHead['ruleSets'] = {}
  const acts: NonNullable<Batch['acts']> = {}
  let first = Number.POSITIVE_INFINITY
  let hasRepeats = false
  for (const { row, account, act } of processed) {
    if (account) {
      const key = accountKey(account.id)
      accounts[key] = account.version
      customers[key] = account.customerId
    } else accounts[row[3]] = processing.told?.[row[3]] ?? 0
    const rules = row[6] === null ? undefined : ruleSets[row[6]]
    if (rules && row[6] !== null) used[row[6]] = rules
    if (act) (acts as Record<string, typeof act>)[row[1]] = act
    if (row[2] < first) first = row[2]
    if (row[5] === DUPLICATE) hasRepeats = true
  }
  const rows = processed.map(({ row }) => row)
  return {
    head: {
      version: memory.version,
      accounts,
      customers,
      ruleSets: used,
      createdAt: now,
      ...(clockAt !== null && { isTestClock: true }),
      source: SOURCES.indexOf(source),
      count: processed.length,
    },
    rows: rowsAsJson(processed),
    totals: JSON.stringify(totalsOf(rows, ruleSets)),
    ids: JSON.stringify(rows.map(([id]) => id)),
    first,
    hasRepeats,
    ...(Object.keys(acts).length && { acts }),
  }
}
