import { drizzle } from 'drizzle-orm/d1'
import { ApiError } from '../lib/errors.ts'

/** What a request asked of D1: round trips, the milliseconds spent waiting for them, and the rows that D1 read and wrote for it. */
export interface Usage {
  calls: number
  ms: number
  rowsRead: number
  rowsWritten: number
  /** Answers that came from a copy of the database. */
  copies: number
}

const inner = new WeakMap<D1PreparedStatement, D1PreparedStatement>()

/** What D1 threw. */
const failures = new WeakSet<Error>()

/** What D1 said when `error` is its failure, whoever wrapped it; undefined when it is another's. */
export const failureOf = (error: Error): string | undefined => {
  let [innermost, isD1] = [error, failures.has(error)]
  while (innermost.cause instanceof Error) {
    innermost = innermost.cause
    isD1 ||= failures.has(innermost)
  }
  return isD1 ? innermost.message : undefined
}

type Queries = Pick<D1Database, 'prepare' | 'batch'>

/** The same D1 with each round trip counted. Drizzle's own logger sees no batch, so the binding is where to count. */
const counted = (d1: Queries, usage: Usage): Queries => {
  const counting = async <Result extends D1Result | D1Result[]>(call: () => Promise<Result>): Promise<Result> => {
    const start = performance.now()
    usage.calls++
    try {
      const results = await call()
      for (const { meta } of Array.isArray(results) ? results : [results]) {
        usage.rowsRead += meta.rows_read
        usage.rowsWritten += meta.rows_written
        if (meta.served_by_primary === false) usage.copies++
      }
      return results
    } catch (error) {
      if (error instanceof Error) failures.add(error)
      throw error
    } finally {
      usage.ms += performance.now() - start
    }
  }
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const all = () => counting(() => statement.all())
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      run: () => counting(() => statement.run()),
      all,
      /** D1's own `raw` does not say how many rows were read. Rows are objects here on their way, so no two columns may have one name. */
      raw: async () => (await all()).results.map((row) => Object.values(row)),
    } as unknown as D1PreparedStatement
    inner.set(wrapped, statement)
    return wrapped
  }
  return {
    prepare: (query) => wrap(d1.prepare(query)),
    batch: <Row>(statements: D1PreparedStatement[]) =>
      counting(() => d1.batch<Row>(statements.map((statement) => inner.get(statement) ?? statement))),
  }
}

/** A place in D1's order of writes, as an answer gave it. */
const BOOKMARK = /^[0-9a-f]{8,32}(?:-[0-9a-f]{8,32}){3}$/

/** The one door to D1, which counts what passes. */
export const connect = (d1: D1Database) => {
  const usage: Usage = { calls: 0, ms: 0, rowsRead: 0, rowsWritten: 0, copies: 0 }
  const session = (queries: Queries, bookmark: () => string | null) => ({ db: drizzle(counted(queries, usage) as D1Database), bookmark })
  const open = (place: string) => {
    const opened = d1.withSession(place)
    return session(opened, () => opened.getBookmark())
  }
  /** A session asks the primary only first: each question has its own here, since one that asks again must not hear of a time before. */
  const openPrimary = () => {
    const opened: D1DatabaseSession[] = []
    const next = (): D1DatabaseSession => {
      const one = d1.withSession('first-primary')
      opened.push(one)
      return one
    }
    return session(
      { prepare: (query) => next().prepare(query), batch: (statements) => next().batch(statements) },
      () => opened.map((one) => one.getBookmark()).findLast((bookmark) => bookmark !== null) ?? null,
    )
  }
  return {
    usage,
    /** Asks the primary, and sees every write. */
    primary: openPrimary,
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
