import { type KeptRow, collect, makeWriter, restoreGroups, rowsOfGroups, sizeOf } from '../src/reports/reports/collect.ts'
import { linesIn } from '../src/reports/reports/parts.ts'
import { readQuery } from '../src/reports/reports/query.ts'

/**
 * Collects, sorts and writes as many rows, or groups, as a report can have at most, in this process, whose heap is limited by
 * --max-old-space-size. Parts lie outside of the heap, as in the bucket. `wide` are nearly as many bytes as there can be, of texts that take two
 * bytes a character in the heap.
 */
const [kind = 'rows', width = 'narrow'] = process.argv.slice(2)
const [isGrouped, isWide] = [kind === 'groups', width === 'wide']
const count = isGrouped ? 50_000 : 100_000

const column = (columnName: string) => ({ columnName })
const query = readQuery({
  baseDataSource: 'accounts',
  selects: [column('name'), isGrouped ? { columnName: 'created_at', aggregator: 'max' } : column('account_id')],
  sort: [{ column: column('name'), sortOrder: 'DESC' }],
  limit: 100_000,
})

let bucket: Buffer[] = []
let collected = { count: 0, bytes: 0 }
const open = () => collect(query, collected, isGrouped && bucket[0] ? bucket[0].toString() : undefined)
let slice: ReturnType<typeof open> | undefined = open()
const keep = async (): Promise<void> => {
  const kept = slice?.keep() ?? { content: undefined, collected }
  slice = undefined
  const part = kept.content ? [Buffer.from(await kept.content.arrayBuffer())] : []
  bucket = isGrouped ? part : [...bucket, ...part]
  collected = kept.collected
  slice = open()
}
const text = isWide ? 'Ünïtéd Ĉompany '.repeat(7) : 'Company'
for (let n = 0; n < count; n++) {
  slice?.add({
    'accounts.account_id': `account-${n}`,
    'accounts.created_at': n,
    'accounts.name': `${String((n * 7919) % count).padStart(6, '0')} ${text}`,
  })
  if ((slice?.size() ?? 0) >= 4 * 2 ** 20 || n % 10_000 === 9999) await keep()
}
await keep()
slice = undefined

const writer = makeWriter(query)
const read: KeptRow[] = []
if (isGrouped) for (const row of rowsOfGroups(query, writer, restoreGroups(writer, bucket[0]?.toString()))) read.push(row)
else for (const part of bucket) for (const line of linesIn(part.toString())) read.push(JSON.parse(line) as KeptRow)
const lines = [writer.header, ...writer.sortLines(read)]
let size = 0
for (const line of lines) size += sizeOf(line)
if (lines.length !== count + 1) throw new Error(`There are ${lines.length} lines`)
console.log(`${(collected.bytes / 2 ** 20).toFixed(1)} MB collected, ${(size / 2 ** 20).toFixed(1)} MB written`)
