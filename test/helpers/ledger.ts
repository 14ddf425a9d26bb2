import { runInDurableObject } from 'cloudflare:test'
import { exports } from 'cloudflare:workers'
import type { AccountLedger } from '../../src/ledger/account_ledger.ts'
import {
  type Batch,
  type EventLedger,
  type EventRow,
  type Act,
  type LicenseAct,
  type RecordHead,
  type RuleSet,
  type Settlement,
  accountKey,
  codeOf,
  newReference,
  totalsOf,
} from '../../src/ledger/client.ts'

type Ledgers = { EventLedger: DurableObjectNamespace<EventLedger>; AccountLedger: DurableObjectNamespace<AccountLedger> }
const ledgers = exports as unknown as Ledgers

let opened = 0

/** The name of a ledger that no other test has. */
export const newName = (): string => `ledger-${++opened}-${crypto.randomUUID()}`

export const eventLedger = (name = newName()) => ledgers.EventLedger.getByName(name)
export const accountLedger = (name = newName()) => ledgers.AccountLedger.getByName(name)

type ActLedger = Pick<AccountLedger, 'applyActs' | 'revertActs'> | ReturnType<typeof accountLedger>

/** Asks a ledger to add a name to a licence, or to remove it. */
export const applyLicense = async (ledger: ActLedger, act: LicenseAct): Promise<'DONE' | 'ABSENT'> =>
  (await ledger.applyActs([act], act.time))[0] as 'DONE' | 'ABSENT'

export const revertLicense = async (ledger: ActLedger, reference: string): Promise<void> => {
  await ledger.revertActs([{ reference, isFeature: false }], 0)
}

/** The end of all times. */
export const END = Date.UTC(9999, 0, 1)

/** 2026-03-10T10:00:00Z, the hour in which events are unless they say otherwise. */
export const HOUR_OF_TESTS = Date.UTC(2026, 2, 10, 10)

export const METERED = codeOf('INGESTION_COMPLETED_EVENT_METERED')
export const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')
export const DUPLICATE = codeOf('INGESTION_FAILED_DUPLICATE_EVENT')
export const NOT_FOUND = codeOf('INGESTION_FAILED_ACCOUNT_NOT_FOUND')
export const PAST_GRACE = codeOf('INGESTION_FAILED_PAST_GRACE_PERIOD')
export const REVERTED = codeOf('REVERTED')

export interface TestEvent {
  id: string
  reference?: string
  time?: number
  /** The key of its account. */
  account?: string
  schema?: string
  status?: number
  /** The units by the ids of the meters that count it. */
  units?: Record<string, string>
  payload?: object | null
  more?: EventRow[9]
  request?: string
  act?: Act
}

/** The rule set of some meters, and its name. */
export const rulesOf = (schema: string, meters: readonly string[]): { name: string; set: RuleSet } => ({
  name: `${schema} ${meters.join(' ')}`,
  set: { schema: [schema, 1], meters: meters.map((meter) => [meter, 1, `Meter ${meter}`]) },
})

const rowOf = (event: TestEvent): EventRow => {
  const { id, time = HOUR_OF_TESTS, account = accountKey('acme'), schema = 'calls', status = METERED } = event
  const meters = event.units && Object.keys(event.units)
  return [
    id,
    event.reference ?? newReference(id, time),
    time,
    account,
    schema,
    status,
    meters ? rulesOf(schema, meters).name : null,
    event.units ? Object.values(event.units) : null,
    event.payload === undefined ? { id, schemaName: schema } : event.payload,
    event.more ?? null,
    event.request ?? null,
  ]
}

/** What a Worker asks a ledger to record. The references of events stay the same when it is asked again. */
export const batchOf = (events: readonly TestEvent[], head: Partial<RecordHead> = {}, more: Partial<Batch> = {}): Batch => {
  const rows = events.map(rowOf)
  const ruleSets: Record<string, RuleSet> = {}
  for (const { schema = 'calls', units } of events)
    if (units) ruleSets[rulesOf(schema, Object.keys(units)).name] = rulesOf(schema, Object.keys(units)).set
  const known = [...new Set(rows.map(([, , , account]) => account))].filter((account) => account.startsWith('='))
  const acts = events.flatMap(({ act }, index) => (act ? [[rows[index]?.[1] ?? '', act] as const] : []))
  return {
    head: {
      version: 1,
      accounts: Object.fromEntries(known.map((account) => [account, 1])),
      customers: Object.fromEntries(known.map((account) => [account, `customer of ${account.slice(1)}`])),
      ruleSets,
      createdAt: HOUR_OF_TESTS,
      source: 0,
      count: rows.length,
      ...head,
    },
    rows: [JSON.stringify(rows)],
    totals: JSON.stringify(totalsOf(rows, ruleSets)),
    ids: JSON.stringify(rows.map(([id]) => id)),
    first: Math.min(...rows.map(([, , time]) => time)),
    hasRepeats: rows.some(([, , , , , status]) => status === DUPLICATE),
    ...(acts.length && { acts: Object.fromEntries(acts) }),
    ...more,
  }
}

/** The repeats that a ledger tells of; throws when it refused. */
export const repeatsIn = (answer: { repeats: string[][] } | { stale: unknown }): string[][] => {
  if ('stale' in answer) throw new Error(`refused: ${JSON.stringify(answer.stale)}`)
  return answer.repeats
}

/** A statement that a ledger ran: its SQL, the bytes of the largest text bound to it, and the rows that it read and wrote. */
export interface Statement {
  query: string
  largest: number
  rowsRead: number
  rowsWritten: number
}

const encoder = new TextEncoder()

/** The statements that a ledger runs while it is asked something. */
export const watchSql = <Ledger extends EventLedger | AccountLedger>(
  ledger: DurableObjectStub<Ledger>,
  ask: (instance: Ledger) => unknown,
): Promise<Statement[]> =>
  runInDurableObject(ledger, async (instance: Ledger, { storage: { sql } }) => {
    const ran: { query: string; bound: unknown[]; cursor: SqlStorageCursor<Record<string, SqlStorageValue>> }[] = []
    const exec = sql.exec.bind(sql)
    sql.exec = ((query: string, ...bound: unknown[]) => {
      const cursor = exec(query, ...bound)
      ran.push({ query, bound, cursor })
      return cursor
    }) as typeof sql.exec
    try {
      await ask(instance)
    } finally {
      sql.exec = exec
    }
    return ran.map(({ query, bound, cursor: { rowsRead, rowsWritten } }) => ({
      query,
      largest: Math.max(0, ...bound.map((one) => (typeof one === 'string' ? encoder.encode(one).length : 0))),
      rowsRead,
      rowsWritten,
    }))
  })

/** Makes everything due that a ledger is to do elsewhere, and runs its alarm. */
export const runDueWork = async (ledger: DurableObjectStub<EventLedger>): Promise<void> => {
  await runInDurableObject(ledger, (_, { storage: { sql } }) => {
    for (const table of ['progress', 'carry']) sql.exec(`UPDATE ${table} SET due_at = 1`)
  })
  await runInDurableObject(ledger, (instance) => instance.alarm())
}

/** What settlements rest on that nothing has changed. */
export const HEAD = { version: 1, accounts: {} }

/** An event is metered for acme, unless something else is said. */
export const settlementOf = (event: { id: string; reference: string; status: number }, more: Partial<Settlement> = {}): Settlement => ({
  id: event.id,
  reference: event.reference,
  from: event.status,
  status: METERED,
  account: '=acme',
  customer: 'customer of acme',
  rules: rulesOf('calls', ['m']),
  units: ['3'],
  more: null,
  ...more,
})

export const waitingEvent = (id: string, name: string, more: Partial<TestEvent> = {}): TestEvent => ({
  id,
  account: `?${name}`,
  status: NOT_FOUND,
  ...more,
})

/** The id of an event and the reference of the one that has it, which is none that repeated it. */
export const keyOf = async (ledger: DurableObjectStub<EventLedger>, id: string): Promise<[string, string]> => {
  const events = await ledger.listEvents({ ids: [id], limit: 10 })
  return [id, events.find(({ status }) => status !== DUPLICATE)?.reference ?? '']
}

/** All sums of a ledger, by account and series: the units and the number of events. */
export const sumsOf = async (ledger: DurableObjectStub<EventLedger>) =>
  Object.fromEntries(
    (await Promise.all((['e', 'm'] as const).map((kind) => ledger.readSums({ from: 0, until: END, period: 'ALL', kind, byAccount: true }))))
      .flat()
      .map(([, account, series, units, count]) => [`${account} ${series}`, `${units}/${count}`]),
  )
