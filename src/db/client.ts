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

/** SQL, and what is bound to its parameters. */
export interface Query {
  sql: string
  params: unknown[]
}

/** A statement as drizzle builds it, or as it was prepared. */
export interface Statement {
  toSQL: () => Query
}

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

/** Counts the round trips that are made by it. Drizzle's own logger sees no batch, so the binding is where to count. */
const counter =
  (usage: Usage) =>
  async <Result extends D1Result | D1Result[]>(call: () => Promise<Result>): Promise<Result> => {
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

/** What drizzle takes for D1, with each round trip counted. */
const counted = (prepare: Queries['prepare'], counting: ReturnType<typeof counter>): D1Database => {
  const wrap = (statement: D1PreparedStatement) => {
    const all = () => counting(() => statement.all())
    return {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      run: () => counting(() => statement.run()),
      all,
      /** D1's own `raw` does not say how many rows were read. Rows are objects here on their way, so no two columns may have one name. */
      raw: async () => (await all()).results.map((row) => Object.values(row)),
    }
  }
  return { prepare: (query: string) => wrap(prepare(query)) } as unknown as D1Database
}

/** A place in D1's order of writes, as an answer gave it. */
const BOOKMARK = /^[0-9a-f]{8,32}(?:-[0-9a-f]{8,32}){3}$/

const bound = (queries: Queries, { sql, params }: Query): D1PreparedStatement => queries.prepare(sql).bind(...params)

/** The one door to D1, which counts what passes. */
export const connect = (d1: D1Database) => {
  const usage: Usage = { calls: 0, ms: 0, rowsRead: 0, rowsWritten: 0, copies: 0 }
  const counting = counter(usage)
  const session = (queries: () => Queries, bookmark: () => string | null) => {
    let db: ReturnType<typeof drizzle> | undefined
    return {
      /** For statements that are built for one request, and asked one by one. */
      get db() {
        return (db ??= drizzle(counted((query) => queries().prepare(query), counting)))
      },
      /** The rows that a query gives, as D1 gives them: by the names of its columns. */
      rows: async <Row>(statement: Statement): Promise<Row[]> =>
        (await counting(() => bound(queries(), statement.toSQL()).all<Row>())).results,
      /** Runs statements in one transaction, and gives the rows of each as D1 gives them. */
      batch: <Row>(statements: readonly Statement[]): Promise<D1Result<Row>[]> => {
        const one = queries()
        return counting(() => one.batch<Row>(statements.map((statement) => bound(one, statement.toSQL()))))
      },
      bookmark,
    }
  }
  const open = (place: string) => {
    const opened = d1.withSession(place)
    return session(
      () => opened,
      () => opened.getBookmark(),
    )
  }
  /** A session asks the primary only first: each question has its own here, since one that asks again must not hear of a time before. */
  const openPrimary = () => {
    const opened: D1DatabaseSession[] = []
    return session(
      () => {
        const one = d1.withSession('first-primary')
        opened.push(one)
        return one
      },
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
      if (!BOOKMARK.test(bookmark)) throw new ApiError('INVALID', 'X-D1-Bookmark: must be the X-D1-Bookmark of an answer, as it was given')
      return open(bookmark)
    },
  }
}
export type Database = ReturnType<typeof connect>
export type Session = ReturnType<Database['primary']>
