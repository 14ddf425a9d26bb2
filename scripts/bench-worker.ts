import type { Bindings } from '../src/db/context.ts'
import api from '../src/index.ts'

/** `DB` holds every organization, `ALONE` only one. */
interface Env extends Bindings {
  ALONE: D1Database
}

export interface Asked {
  database: 'DB' | 'ALONE'
  token: string
  path: string
  /** How many requests, one after another; in a walk each asks for the page after the one before. */
  times: number
  walk?: boolean
}

export interface Measured {
  /** The mean time of a request in milliseconds. */
  ms: number
  /** What D1 read for the last one. */
  rowsRead: number
  /** How many different rows the answers showed. */
  shown: number
  nextToken?: string | undefined
}

/** Statements that make what is read: all of them or none. */
export interface Seeded {
  database: 'DB' | 'ALONE'
  statements: string[]
}

type Answer = { id: string } | { data: { id: string }[]; nextToken?: string }

/** The log lines of thousands of requests would take longer than the requests. */
console.log = () => {}

/** The same D1, which keeps the statements that it is sent. A read sends no batch. */
const recorded = (d1: D1Database, sent: D1PreparedStatement[]): D1Database => {
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const kept =
      <Arguments extends unknown[], Result>(call: (...args: Arguments) => Result) =>
      (...args: Arguments): Result => {
        sent.push(statement)
        return call(...args)
      }
    return {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      first: kept(statement.first.bind(statement)),
      run: kept(statement.run.bind(statement)),
      all: kept(statement.all.bind(statement)),
      raw: kept(statement.raw.bind(statement)),
    } as D1PreparedStatement
  }
  const prepare = (query: string): D1PreparedStatement => wrap(d1.prepare(query))
  return { prepare, withSession: () => ({ prepare, getBookmark: () => null }) } as unknown as D1Database
}

const measure = async ({ database, token, path, times, walk }: Asked, env: Env, context: ExecutionContext): Promise<Measured> => {
  const call = async (at: string, DB: D1Database): Promise<Answer> => {
    const request = new Request(`http://127.0.0.1${at}`, { headers: { Authorization: `Bearer ${token}` } })
    const response = await api.fetch(request, { ...env, DB }, context)
    const text = await response.text()
    if (!response.ok) throw new Error(`GET ${at} was answered ${response.status} ${text}`)
    return JSON.parse(text) as Answer
  }
  const ids = new Set<string>()
  let at = path
  let nextToken: string | undefined
  const start = performance.now()
  for (let n = 0; n < times; n++) {
    if (walk && n > 0) at = `${path.split('?')[0]}?nextToken=${nextToken}`
    const answer = await call(at, env[database])
    for (const { id } of 'data' in answer ? answer.data : [answer]) ids.add(id)
    nextToken = 'data' in answer ? answer.nextToken : undefined
  }
  const ms = (performance.now() - start) / times
  const sent: D1PreparedStatement[] = []
  await call(at, recorded(env[database], sent))
  let rowsRead = 0
  for (const statement of sent) rowsRead += (await statement.all()).meta.rows_read
  return { ms, rowsRead, shown: ids.size, nextToken }
}

// oxlint-disable-next-line import/no-default-export
export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const sent = (await request.json()) as Asked | Seeded
    try {
      if ('path' in sent) return Response.json(await measure(sent, env, context))
      const d1 = env[sent.database]
      await d1.batch(sent.statements.map((statement) => d1.prepare(statement)))
      return new Response()
    } catch (error) {
      return new Response(String(error), { status: 500 })
    }
  },
}
