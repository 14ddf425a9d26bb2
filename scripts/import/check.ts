import { existsSync } from 'node:fs'
import { compare, parseDecimal, sumDecimals } from '../../src/lib/decimal.ts'
import { type Api, type Json, Refused, holdAnswer, readList } from './api.ts'
import { EVENTS } from './events.ts'
import { textOfNumber } from './exact_json.ts'
import { KINDS } from './kinds.ts'
import { parseLine, readLines } from './lines.ts'
import type { Counts, Import } from './things.ts'

const USAGE_FILE = 'usage.ndjson'
const HOUR = 3_600_000

/** The shortest periods of which a series with its 300 buckets reaches far enough. */
const PERIODS = [
  ['HOUR', HOUR],
  ['DAY', 24 * HOUR],
  ['WEEK', 168 * HOUR],
  ['MONTH', 672 * HOUR],
] as const
const MOST_BUCKETS = 290

const periodOf = (from: number, until: number): string =>
  PERIODS.find(([, length]) => (until - from) / length < MOST_BUCKETS)?.[0] ?? 'MONTH'

interface Series {
  groupedBy?: { fieldValue: string }
  metricValues: (number | string)[]
}

/** The sums of a metric over [from, until), by what it is grouped by. */
const sumMetric = async ({ write }: Api, query: Json, from: string, until: string): Promise<Map<string, string>> => {
  const [startTime, endTime] = [from, until]
  const aggregationPeriod = periodOf(Date.parse(from), Date.parse(until))
  const answer = await write('/metrics', { startTime, endTime, metricQueries: [{ id: 'sum', aggregationPeriod, ...query }] }, '')
  holdAnswer(answer)
  const [{ data = [] } = {}] = answer.body['results'] as { data?: Series[] }[]
  return new Map(data.map(({ groupedBy, metricValues }) => [groupedBy?.fieldValue ?? '', sumDecimals(metricValues.map(textOfNumber))]))
}

const COUNTED = 'INGESTION_COMPLETED'

/** Says how many events of the time of the file the server has, by their status. */
const countEvents = async (run: Import, { made }: Counts): Promise<string[]> => {
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  for await (const line of readLines(run.folder, EVENTS)) {
    const time = Date.parse(String(parseLine(line)?.['timestamp']))
    if (Number.isNaN(time)) continue
    first = Math.min(first, time)
    last = Math.max(last, time)
  }
  if (!last) return []
  const until = new Date((Math.floor(last / HOUR) + 1) * HOUR).toISOString()
  const from = new Date(Math.floor(first / HOUR) * HOUR).toISOString()
  const sums = await sumMetric(run.api, { name: 'EVENTS', groupBy: 'RAW_EVENT_STATUS' }, from, until)
  const faults: string[] = []
  let kept = 0
  for (const [status, sum] of sums) {
    const isCounted = status.startsWith(COUNTED)
    const isDuplicate = status.includes('DUPLICATE')
    console.log(`  ${EVENTS}: ${sum} events from ${from} to ${until} are ${status}`)
    if (!isDuplicate) kept += Number(sum)
    if (!isCounted && !isDuplicate) faults.push(`${EVENTS}: ${sum} events are ${status}, and GET /events lists them with the cause`)
  }
  if (kept < made) faults.push(`${EVENTS}: ${made} were taken, and the server has ${kept} of that time`)
  return faults
}

/** Holds the things of each list against the lines of its file. */
const countThings = async ({ api }: Import, all: ReadonlyMap<string, Counts>): Promise<string[]> => {
  const faults: string[] = []
  for (const { file, list } of KINDS) {
    const counts = all.get(file)
    if (!counts || !list) continue
    let here = 0
    for await (const _ of readList(api, `${list}?pageSize=100`)) here++
    const expected = counts.made + counts.there + counts.differ
    console.log(`  ${file}: ${expected} of the file, ${here} in the organization`)
    if (here < expected)
      faults.push(`${file}: ${expected} lines are there, and the organization has ${here}. Lines may be about the same thing`)
  }
  return faults
}

/** The usage in a time, or why the API does not say it. */
const sumUsage = async (api: Api, filters: Json[], from: string, until: string): Promise<string> => {
  try {
    return sumDecimals([...(await sumMetric(api, { name: 'USAGE', filters }, from, until)).values()])
  } catch (error) {
    if (error instanceof Refused) return `(${error.message})`
    throw error
  }
}

/** Compares the usage of accounts with what Togai showed: `{"accountId", "usageMeter", "from", "until", "usage"}`. */
const compareUsage = async (run: Import): Promise<string[]> => {
  const faults: string[] = []
  let count = 0
  for await (const line of readLines(run.folder, USAGE_FILE)) {
    const { accountId, usageMeter, from, until, usage } = parseLine(line) ?? {}
    const expected = typeof usage === 'number' || typeof usage === 'string' ? parseDecimal(textOfNumber(usage)) : undefined
    if (![accountId, usageMeter, from, until].every((part) => typeof part === 'string' && part) || !expected) {
      faults.push(`${USAGE_FILE}:${line.number} must have accountId, usageMeter, from, until and usage`)
      continue
    }
    const meter = run.ids.get(String(usageMeter)) ?? String(usageMeter)
    const filters = [
      { fieldName: 'ACCOUNT_ID', fieldValues: [accountId] },
      { fieldName: 'USAGE_METER_ID', fieldValues: [meter] },
    ]
    count++
    const sum = await sumUsage(run.api, filters, String(from), String(until))
    const used = parseDecimal(sum)
    if (!used || compare(expected, used) !== 0)
      faults.push(
        `${USAGE_FILE}:${line.number} ${String(accountId)} used ${sum} ${String(usageMeter)} here and ${String(usage)} in the file`,
      )
  }
  console.log(`  ${USAGE_FILE}: ${count} sums compared`)
  return faults
}

/** Compares the whole with the files, and says what differs. */
export const checkImport = async (run: Import, all: ReadonlyMap<string, Counts>): Promise<string[]> => {
  const events = all.get(EVENTS)
  return [
    ...(await countThings(run, all)),
    ...(events ? await countEvents(run, events) : []),
    ...(existsSync(`${run.folder}/${USAGE_FILE}`) ? await compareUsage(run) : []),
  ]
}
