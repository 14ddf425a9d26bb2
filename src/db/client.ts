import { drizzle } from 'drizzle-orm/d1'
import { ApiError } from '../lib/errors.ts'

/** The use of D1 by a request: round trips, the milliseconds spent waiting for them, and the rows that D1 read and wrote. */
export interface Usage {
  calls: number
  ms: number
  rowsRead: number
  rowsWritten: number
  /** The number of answers from a copy of the database. */
  copies: number
}

/** SQL and its parameters. */
export interface Query {
  sql: string
  params: unknown[]
}

/** A statement that drizzle built or that was prepared. */
export interface Statement {
  toSQL: () => Query
}

/** The errors that D1 has thrown. */
const failures = new WeakSet<Error>()

/** The message of D1 if `error` comes from D1, even if it was wrapped. Undefined otherwise. */
export const failureOf = (error: Error): string | undefined => {
  let [innermost, isD1] = [error, failures.has(error)]
  while (innermost.cause instanceof Error) {
    innermost = innermost.cause
    isD1 ||= failures.has(innermost)
  }
  return isD1 ? innermost.message : undefined
}

/** The messages of D1 when it is overloaded, restarting or unreachable. */
const PASSING = /overloaded|Network connection lost|reset because|to be reset|transient issue|SQLITE_BUSY|internal error|fetch failed/i

/** What of the message of D1 says that an error passes by itself. Undefined for any other error. It contains no value of a row. */
export const passingOf = (error: Error): string | undefined => PASSING.exec(failureOf(error) ?? '')?.[0]

/** Whether an error comes from D1 and passes by itself. */
export const isPassing = (error: Error): boolean => passingOf(error) !== undefined

type Queries = Pick<D1Database, 'prepare' | 'batch'>

/** Counts round trips. Drizzle's logger does not see batches, so they are counted at the binding. */
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

/** A D1 binding for drizzle that counts each round trip. */
const countRoundTrips = (prepare: Queries['prepare'], counting: ReturnType<typeof counter>): D1Database => {
  const wrap = (statement: D1PreparedStatement) => {
    const all = () => counting(() => statement.all())
    return {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      run: () => counting(() => statement.run()),
      all,
      /** Runs a statement through `all`, since D1's `raw` does not count rows. Two columns must not have the same name. */
      raw: async () => (await all()).results.map((row) => Object.values(row)),
    }
  }
  return { prepare: (query: string) => wrap(prepare(query)) } as unknown as D1Database
}

/** A position in D1's order of writes, from an earlier answer. */
const BOOKMARK = /^[0-9a-f]{8,32}(?:-[0-9a-f]{8,32}){3}$/

const bindParameters = (queries: Queries, { sql, params }: Query): D1PreparedStatement => queries.prepare(sql).bind(...params)

/** Opens D1. All access goes through it, so that it can count. */
export const connect = (d1: D1Database) => {
  const usage: Usage = { calls: 0, ms: 0, rowsRead: 0, rowsWritten: 0, copies: 0 }
  const counting = counter(usage)
  const session = (queries: () => Queries, bookmark: () => string | null) => {
    let db: ReturnType<typeof drizzle> | undefined
    return {
      /** For statements that are built for a single request and run one by one. */
      get db() {
        return (db ??= drizzle(countRoundTrips((query) => queries().prepare(query), counting)))
      },
      /** Returns the rows of a query, with the names of its columns. */
      rows: async <Row>(statement: Statement): Promise<Row[]> =>
        (await counting(() => bindParameters(queries(), statement.toSQL()).all<Row>())).results,
      /** Runs statements in one transaction, and returns the results of each. */
      batch: <Row>(statements: readonly Statement[]): Promise<D1Result<Row>[]> => {
        const one = queries()
        return counting(() => one.batch<Row>(statements.map((statement) => bindParameters(one, statement.toSQL()))))
      },
      bookmark,
      /** The number of round trips of all sessions of the request so far. */
      calls: () => usage.calls,
    }
  }
  const open = (place: string) => {
    const opened = d1.withSession(place)
    return session(
      () => opened,
      () => opened.getBookmark(),
    )
  }
  /** Opens a new session for each question: only the first query of a session goes to the primary, and a later one could see an older state. */
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
    /** Uses the primary, and sees every write. */
    primary: openPrimary,
    /** Uses the nearest copy, which can lag behind. */
    nearest: () => open('first-unconstrained'),
    /** Uses any copy that has at least the state of this bookmark. */
    since: (bookmark: string) => {
      if (!BOOKMARK.test(bookmark)) throw new ApiError('INVALID', 'X-D1-Bookmark: must be the X-D1-Bookmark of an answer, as it was given')
      return open(bookmark)
    },
  }
}
export type Database = ReturnType<typeof connect>
export type Session = ReturnType<Database['primary']>
