import { drizzle } from 'drizzle-orm/d1'

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

/** The one door to D1. `db` asks the primary; `replica()` may be answered by the nearest copy, which can lag behind. */
export const connect = (d1: D1Database) => {
  const usage: Usage = { calls: 0, ms: 0 }
  return {
    db: drizzle(counted(d1, usage) as D1Database),
    replica: () => drizzle(counted(d1.withSession('first-unconstrained'), usage) as D1Database),
    usage,
  }
}
export type Database = ReturnType<typeof connect>
