import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type Json, digest, holdToken, messageOf } from './api.ts'
import { type Line, parseLine, readLines, workAtOnce } from './lines.ts'
import { type Counts, type Import, noCounts } from './things.ts'

export const EVENTS = 'events.ndjson'

const MOST_EVENTS = 1000
const MOST_BYTES = 4_000_000
const AT_ONCE = 4

/** The ids of events stay taken for 45 days: later, the same file would be counted again. */
const DAYS_OF_IDS = 44
const DAY = 86_400_000

interface SentEvent {
  line: Line
  event: Json
}

/** The events of a file in batches that one request takes. */
async function* readBatches(run: Import, counts: Counts): AsyncGenerator<SentEvent[]> {
  let [batch, bytes]: [SentEvent[], number] = [[], 0]
  for await (const line of readLines(run.folder, EVENTS)) {
    const event = parseLine(line)
    if (typeof event?.['id'] !== 'string') {
      counts.refused++
      run.tell(
        line,
        event ? 'is refused: an event without an id would be counted again by the next run' : 'is refused: it is no JSON object',
      )
      continue
    }
    const size = Buffer.byteLength(line.text)
    if (batch.length === MOST_EVENTS || (batch.length && bytes + size > MOST_BYTES)) {
      yield batch
      ;[batch, bytes] = [[], 0]
    }
    batch.push({ line, event })
    bytes += size
  }
  if (batch.length) yield batch
}

interface Refusal {
  index: number
  message: string
}

const refusalsIn = (body: Json): Refusal[] =>
  ((body['details'] as { errors?: Refusal[] } | undefined)?.errors ?? []).filter(({ index }) => index >= 0)

/** Sends a batch. One that is refused as a whole is sent in halves, until each event that is wrong is known. */
const sendBatch = async (run: Import, batch: readonly SentEvent[], counts: Counts): Promise<void> => {
  const key = `import-${digest(...batch.map(({ line }) => line.text))}`
  const answer = await run.api.write('/ingestBatch', { events: batch.map(({ event }) => event) }, key)
  holdToken(answer)
  const refuse = (one: SentEvent | undefined, message: string): void => {
    counts.refused++
    if (one) run.tell(one.line, `is refused: ${message}`)
  }
  if (answer.status < 300) {
    const refusals = refusalsIn(answer.body)
    for (const { index, message } of refusals) refuse(batch[index], message)
    counts.made += batch.length - refusals.length
  } else if (batch.length === 1) refuse(batch[0], `${answer.status}: ${messageOf(answer)}`)
  else {
    const half = Math.ceil(batch.length / 2)
    await sendBatch(run, batch.slice(0, half), counts)
    await sendBatch(run, batch.slice(half), counts)
  }
}

/** Notes beside the file when its events were first sent to a server, and says so if that is too long ago. */
const findStale = ({ folder, isDry }: Import, url: string): string | undefined => {
  const file = `${folder}/events.sent.json`
  const sent = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {}
  const first = sent[url]
  if (first === undefined && !isDry) writeFileSync(file, `${JSON.stringify({ ...sent, [url]: new Date().toISOString() }, null, 2)}\n`)
  const isStale = first !== undefined && Date.parse(first) < Date.now() - DAYS_OF_IDS * DAY
  return isStale
    ? `${EVENTS} was first sent on ${first}, and the ids of events stay taken for 45 days: sent again, they would be counted twice. Nothing of it was sent. Take away the lines that were counted, and ${file}.`
    : undefined
}

/** Imports the events, which the server takes once for each id. */
export const importEvents = async (run: Import, url: string): Promise<Counts> => {
  const counts = noCounts()
  const stale = findStale(run, url)
  if (stale) {
    run.tell({ file: EVENTS, number: 0 }, stale)
    return { ...counts, refused: 1 }
  }
  await workAtOnce(readBatches(run, counts), AT_ONCE, (batch) => sendBatch(run, batch, counts))
  return counts
}
