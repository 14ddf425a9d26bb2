import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './wrangler.ts'

const PAGE = 'docs/clients.md'
const [FROM, UNTIL] = ['<!-- What passes is generated: npm run generate -->', '<!-- Until here -->']

interface Exception {
  operations: string[]
  clients: string[]
  what: string
  reason: string
  instead: string
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** A table of Markdown, padded as the formatter pads it. */
const drawTable = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}

const quote = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')

/** What passes of the operations of Togai's clients, by their tags, and what cannot. */
const drawClients = (tags: ReadonlyMap<string, string>): string => {
  const { operations } = JSON.parse(read('test/data/clients.json')) as { operations: Record<string, unknown> }
  const exceptions = JSON.parse(read('test/data/client_exceptions.json')) as Exception[]
  const excepted = new Set(exceptions.flatMap((exception) => exception.operations))
  const byTag = Map.groupBy(Object.keys(operations), (operationId) => tags.get(operationId) ?? '')
  const counted = Array.from(byTag, ([tag, its]) => [tag, String(its.length), quote(its.filter((one) => excepted.has(one)))])
  const passing = [
    ['operations', 'how many', 'pass except for what is below'],
    ...counted.toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1)),
  ]
  const failing = exceptions.map((one) => [quote(one.operations), one.clients.join(', '), one.what, one.reason, one.instead])
  return `${drawTable(passing)}\n\n${drawTable([['operation', 'client', 'what cannot pass', 'why', 'what to do'], ...failing])}`
}

/** The page with the tables that the tests' data say. */
export const writeClientsPage = (operations: readonly { operationId: string; tag: string }[]): string => {
  const page = read(PAGE)
  const [before = '', rest = ''] = page.split(FROM)
  const [, after = ''] = rest.split(UNTIL)
  const tables = drawClients(new Map(operations.map(({ operationId, tag }) => [operationId, tag])))
  return `${before}${FROM}\n\n${tables}\n\n${UNTIL}${after}`
}
