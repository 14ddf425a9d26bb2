import { drizzle } from 'drizzle-orm/d1'
import { ApiError } from '../lib/errors.ts'

/** What a request asked of D1: round trips, and the milliseconds spent waiting for them. */
export interface Usage {
  calls: number
  ms: number
}

const inner = new WeakMap<D1PreparedStatement, D1PreparedStatement>()

type Queries = Pick<D1Database, 'prepare' | 'batch'>

/** The same D1 with each round trip counted. Drizzle's own logger sees no batch, so the binding is where to count. */
const counted = (d1: Queries, usage: Usage): Queries => {
  const timed =
    <Arguments extends unknown[], Result>(call: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments): Promise<Result> => {
      const start = performance.now()
      usage.calls++
      try {
        return await call(...args)
      } finally {
        usage.ms += performance.now() - start
      }
    }
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      first: timed(statement.first.bind(statement)),
      run: timed(statement.run.bind(statement)),
      all: timed(statement.all.bind(statement)),
      raw: timed(statement.raw.bind(statement)),
    } as D1PreparedStatement
    inner.set(wrapped, statement)
    return wrapped
  }
  return {
    prepare: (query) => wrap(d1.prepare(query)),
    batch: timed((statements: D1PreparedStatement[]) => d1.batch(statements.map((statement) => inner.get(statement) ?? statement))),
  }
}

/** A place in D1's order of writes, as an answer gave it. */
const BOOKMARK = /^[0-9a-f]{8,32}(?:-[0-9a-f]{8,32}){3}$/

/** The one door to D1, which counts what passes. */
export const connect = (d1: D1Database) => {
  const usage: Usage = { calls: 0, ms: 0 }
  const open = (place: string) => {
    const session = d1.withSession(place)
    return { db: drizzle(counted(session, usage) as D1Database), bookmark: () => session.getBookmark() }
  }
  return {
    usage,
    /** Asks the primary, and sees every write. */
    primary: () => open('first-primary'),
    /** May be answered by the nearest copy, which can lag behind. */
    nearest: () => open('first-unconstrained'),
    /** Sees what an answer with this bookmark saw, wherever it is answered. */
    since: (bookmark: string) => {
      if (!BOOKMARK.test(bookmark)) throw new ApiError(400, 'X-D1-Bookmark: must be the X-D1-Bookmark of an answer, as it was given')
      return open(bookmark)
    },
  }
}
export type Database = ReturnType<typeof connect>
export type Session = ReturnType<Database['primary']>
