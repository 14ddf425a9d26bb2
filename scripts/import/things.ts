import { type Answer, type Api, type Json, Refused, digest, holdAnswer } from './api.ts'
import { describeDifference, findDifferences } from './compare.ts'
import { type Found, type Kind, keyOf } from './kinds.ts'
import { type Line, contentOf, parseLine, readLines, workAtOnce } from './lines.ts'

export const OUTCOMES = ['made', 'there', 'differ', 'refused', 'waiting'] as const
export type Outcome = (typeof OUTCOMES)[number]

export type Counts = Record<Outcome, number>

export const noCounts = (): Counts => ({ made: 0, there: 0, differ: 0, refused: 0, waiting: 0 })

/** What an import knows while it runs. */
export interface Import {
  api: Api
  folder: string
  isDry: boolean
  /** The id here of each thing that has another one with Togai. */
  ids: Map<string, string>
  tell: (line: Pick<Line, 'file' | 'number'>, what: string) => void
}

/** A value with the ids of here instead of Togai's, also where they are the names of fields. */
const replaceIds = (value: unknown, ids: ReadonlyMap<string, string>): unknown => {
  if (typeof value === 'string') return ids.get(value) ?? value
  if (Array.isArray(value)) return value.map((item) => replaceIds(item, ids))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [ids.get(name) ?? name, replaceIds(item, ids)]))
}

/** A kept answer, or one about something older than this minute: it was made by a run before. */
const MINUTE = 60_000

const wasThere = ({ isReplayed, body }: Answer): boolean => {
  const [credit] = (body['credits'] as Json[] | undefined) ?? []
  const { createdAt } = credit ?? body
  return isReplayed || (typeof createdAt === 'string' && Date.parse(createdAt) < Date.now() - MINUTE)
}

const activate = async ({ api }: Import, kind: Kind, line: Json, { thing, id }: Found, key: string): Promise<void> => {
  if (!kind.activate || line['activate'] === false || thing['status'] === 'ACTIVE') return
  const [path, body] = kind.activate(id, line)
  holdAnswer(await api.write(path, body, `${key}-activate`))
}

const compareThing = (run: Import, kind: Kind, line: Line, body: Json, { thing }: Found): Outcome => {
  const compared = Object.fromEntries(Object.entries(body).filter(([name]) => !kind.unread?.includes(name)))
  const differences = findDifferences(compared, thing)
  for (const difference of differences) run.tell(line, `differs: ${describeDifference(difference)}`)
  return differences.length ? 'differ' : 'there'
}

const importThing = async (run: Import, kind: Kind, line: Line, occurrence: number): Promise<Outcome> => {
  const read = parseLine(line)
  if (!read) throw new Refused('it is no JSON object')
  const sent = { ...(replaceIds(read, run.ids) as Json), ...('id' in read && { id: read['id'] }) }
  const body = Object.fromEntries(Object.entries(sent).filter(([name]) => !kind.beside.includes(name)))
  const key = keyOf(kind, contentOf(line), occurrence)
  const learn = (id: unknown): void => {
    if (kind.isReferred && typeof read['id'] === 'string') run.ids.set(read['id'], String(id))
  }
  const found = await kind.find?.(run.api, sent, occurrence)
  if (found) {
    learn(found.id)
    if (!run.isDry) await activate(run, kind, sent, found, key)
    return compareThing(run, kind, line, body, found)
  }
  const answer = await run.api.write(kind.path(sent), kind.body?.(body, key) ?? body, key)
  holdAnswer(answer)
  const { id: made, name } = answer.body
  const id = String(made ?? name)
  if (run.isDry) return 'made'
  if (kind.find && answer.isReplayed) {
    run.tell(line, 'differs: it was made by a run before, and is not there now')
    return 'differ'
  }
  learn(id)
  await activate(run, kind, sent, { thing: answer.body, id }, key)
  return !kind.find && wasThere(answer) ? 'there' : 'made'
}

/** The refusals of what another line of the folder may make. The operations of licences say 400. */
const NOT_THERE = /^404|does not exist/

/** Imports a file line by line, and counts what became of the lines. */
export const importThings = async (run: Import, kind: Kind): Promise<Counts> => {
  const counts = noCounts()
  const seen = new Map<string, number>()
  const countOccurrence = (content: string): number => {
    if (!kind.isRepeatable) return 1
    const known = digest(content)
    seen.set(known, (seen.get(known) ?? 0) + 1)
    return seen.get(known) ?? 1
  }
  await workAtOnce(readLines(run.folder, kind.file), kind.atOnce, async (line) => {
    try {
      counts[await importThing(run, kind, line, countOccurrence(contentOf(line)))]++
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const isWaiting = run.isDry && NOT_THERE.test(error.message)
      counts[isWaiting ? 'waiting' : 'refused']++
      run.tell(line, isWaiting ? `waits for what is not made yet: ${error.message}` : `is refused: ${error.message}`)
    }
  })
  return counts
}
