import { newReference, slotOf } from '../src/ledger/client.ts'

/** A statement, as it is sent to D1. */
interface Query {
  sql: string
  params: unknown[]
}
type Kind = 'EventLedger' | 'AccountLedger'

/** A call of a request: to D1, with one statement or a batch, or to a ledger, with each argument as JSON. */
type Call = { queries: Query[]; isBatch: boolean } | { kind: Kind; name: string; method: string; args: (string | undefined)[] }

/** What a request did: its calls, those that it made at once together, and what it answered. */
interface Recording {
  stages: Call[][]
  /** The id of the event that it sent, its reference and the ledger of it, for each of which there is another one each time. */
  event?: { id: string; time: number; reference: string; ledger: string }
  status: number
  body: string
}

type Serve = (request: Request, env: { DB: D1Database }, context: ExecutionContext) => Response | Promise<Response>
type Namespaces = Record<Kind, DurableObjectNamespace>
type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>

const ledgersOf = (context: ExecutionContext): Namespaces => context.exports as unknown as Namespaces

/** Notes calls. One that begins while another is under way stands beside it. */
const noteCalls = () => {
  const stages: Call[][] = []
  let underWay = 0
  const note = async <Result>(call: Call, run: () => Promise<Result>): Promise<Result> => {
    if (!underWay) stages.push([])
    stages.at(-1)?.push(call)
    underWay++
    try {
      return await run()
    } finally {
      underWay--
    }
  }
  return { stages, note }
}
type Note = ReturnType<typeof noteCalls>['note']

const queriesOf = new WeakMap<object, { query: Query; statement: D1PreparedStatement }>()

const watchStatement = (query: Query, statement: D1PreparedStatement, note: Note): D1PreparedStatement => {
  const call = { queries: [query], isBatch: false }
  const watched = {
    bind: (...params: unknown[]) => watchStatement({ ...query, params }, statement.bind(...params), note),
    all: () => note(call, () => statement.all()),
    run: () => note(call, () => statement.run()),
  } as unknown as D1PreparedStatement
  queriesOf.set(watched, { query, statement })
  return watched
}

const watchDatabase = (database: D1Database, note: Note): D1Database => {
  const watch = (queries: Pick<D1Database, 'prepare' | 'batch'>) => ({
    prepare: (sql: string) => watchStatement({ sql, params: [] }, queries.prepare(sql), note),
    batch: (statements: D1PreparedStatement[]) => {
      const found = statements.flatMap((statement) => queriesOf.get(statement) ?? [])
      return note({ queries: found.map(({ query }) => query), isBatch: true }, () => queries.batch(found.map(({ statement }) => statement)))
    },
  })
  const withSession = (place: string) => {
    const session = database.withSession(place)
    return { ...watch(session), getBookmark: () => session.getBookmark() }
  }
  return { ...watch(database), withSession } as unknown as D1Database
}

const watchLedgers = (namespace: DurableObjectNamespace, kind: Kind, note: Note) => ({
  getByName: (name: string) =>
    new Proxy(
      {},
      {
        get:
          (_, method: string) =>
          (...args: unknown[]) =>
            note({ kind, name, method, args: args.map((arg) => JSON.stringify(arg)) }, () => {
              const ledger = namespace.getByName(name) as unknown as Methods
              return ledger[method]?.(...args) ?? Promise.reject(new Error(`a ledger has no ${method}`))
            }),
      },
    ),
})

/** Serves a request, and notes what it calls until it is answered. */
export const recordRequest = async (
  serve: Serve,
  request: Request,
  env: { DB: D1Database },
  context: ExecutionContext,
): Promise<Recording> => {
  const { stages, note } = noteCalls()
  const ledgers = ledgersOf(context)
  const watched = {
    waitUntil: (promise: Promise<unknown>) => context.waitUntil(promise),
    passThroughOnException: () => undefined,
    exports: {
      ...context.exports,
      EventLedger: watchLedgers(ledgers.EventLedger, 'EventLedger', note),
      AccountLedger: watchLedgers(ledgers.AccountLedger, 'AccountLedger', note),
    },
  } as unknown as ExecutionContext
  const sent: { event?: { id: string; timestamp: string } } = request.method === 'POST' ? await request.clone().json() : {}
  const response = await serve(request, { ...env, DB: watchDatabase(env.DB, note) }, watched)
  const recording = { stages: structuredClone(stages), status: response.status, body: await response.text() }
  if (!response.ok) throw new Error(`a request to record was answered ${recording.status} ${recording.body}`)
  if (!sent.event) return recording
  const first = stages.flat().find((call) => 'kind' in call && call.kind === 'EventLedger')
  const [reference] = /event\.[0-9A-Za-z]{11}\.[0-9A-Za-z]{5}/.exec(JSON.stringify(first)) ?? []
  if (!first || !('name' in first) || reference === undefined) throw new Error('an event was sent to no ledger')
  return { ...recording, event: { id: sent.event.id, time: Date.parse(sent.event.timestamp), reference, ledger: first.name } }
}

/** What stands in a recording, and what takes its place. */
type Replacement = readonly [from: string, to: string]

const replaceIn = (text: string, replacements: readonly Replacement[]): string =>
  replacements.reduce((value, [from, to]) => value.replaceAll(from, to), text)

/** Names another event than the recorded one, of which the ledger is another one too. */
const nameEvent = ({ id, time, reference, ledger }: NonNullable<Recording['event']>, ledgers: number): Replacement[] => {
  const other = crypto.randomUUID()
  const name = ledger.replace(/\d+$/, String(slotOf(other) % ledgers))
  return [
    [id, other],
    [reference, newReference(other, time)],
    [ledger, name],
  ]
}

/** How many event ledgers an organization has. */
const LEDGERS = 4

/** Makes the same calls again, those of an event with an id that is new, and answers the same. */
export const replay = async (
  { stages, event, status, body }: Recording,
  database: D1Database,
  context: ExecutionContext,
): Promise<Response> => {
  const replacements = event ? nameEvent(event, LEDGERS) : []
  const ledgers = ledgersOf(context)
  const session = database.withSession('first-unconstrained')
  const make = (call: Call): Promise<unknown> => {
    if ('queries' in call) {
      const statements = call.queries.map(({ sql, params }) => session.prepare(sql).bind(...params))
      return call.isBatch ? session.batch(statements) : (statements[0]?.all() ?? Promise.resolve())
    }
    const ledger = ledgers[call.kind].getByName(replaceIn(call.name, replacements)) as unknown as Methods
    const args = call.args.map((arg) => (arg === undefined ? undefined : (JSON.parse(replaceIn(arg, replacements)) as unknown)))
    return ledger[call.method]?.(...args) ?? Promise.resolve()
  }
  for (const stage of stages) await Promise.all(stage.map(make))
  return new Response(body, { status, headers: { 'Content-Type': 'application/json' } })
}
