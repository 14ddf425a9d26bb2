import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { findMedian } from '../scripts/median.ts'
import { fail } from '../scripts/wrangler.ts'
import { describeMachine, startBenchmark } from './benchmark.ts'
import { AT_ONCE, DUE, END, type Organization, START, customerOf, forEach, serveAccounts } from './billed_accounts.ts'

const { values } = parseArgs({ options: { accounts: { type: 'string' }, events: { type: 'string' }, draft: { type: 'string' } } })

const ROUNDS = 4
/** Requests to create customers in a round. */
const CUSTOMERS = 500
/**
 * Accounts that fall due together, each with a plan of 5 cards, and the events of each in the cycle. Up to 200, what they earn is not kept for
 * metrics, which the same runs of the cron would do.
 */
const LOADS = values.accounts
  ? [{ accounts: Number(values.accounts), events: Number(values.events ?? 10) }]
  : [
      { accounts: 100, events: 1000 },
      { accounts: 100, events: 10 },
      { accounts: 200, events: 10 },
    ]
/** The events of the two accounts whose DRAFTs are read. */
const DRAFTS = [1000, Number(values.draft ?? 1_000_000)] as const
const READS = 31
/** In milliseconds: no round begins later than the first, and nothing takes longer than the second. */
const [TIME, LONGEST] = [180_000, values.accounts ? 3_000_000 : 1_200_000]
/** How many accounts are billed while a customer is created: at least, and the mark. */
const [GOAL, MARK] = [1, 2]
/** How much longer it may take for an account of many events than for one of few, and to read their DRAFTs. */
const MOST = 1.5
/** A ledger folds its journal 5 seconds after it began. */
const UNTIL_FOLDED = 6500

const started = Date.now()
const directory = startBenchmark('Bench of billing', LONGEST)
const { server, url, DB, runCron, ask, makeOrganization, makeAccounts, sendEvents } = await serveAccounts(directory)

const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0)

interface Billed {
  accounts: number
  events: number
  /** The seconds of each run of the cron in which cycles begin, what was earned is reckoned for metrics, and invoices fall due. */
  begun: number[]
  earned: number[]
  due: number[]
}

/** Bills new accounts: their next cycle begins with its DRAFT and its advance invoice, and the invoice of the one before falls due. */
const bill = async (accounts: number, events: number): Promise<Billed> => {
  const organization = await makeOrganization()
  /** What is done once a minute beside this, for what was written before, is done before it is timed. */
  await runCron(DUE)
  await makeAccounts(organization, accounts, events)
  await wait(UNTIL_FOLDED)
  await runCron(END - 1, organization.id)
  const begun = await runCron(END, organization.id)
  const earned = await runCron(DUE - 1, organization.id)
  const due = await runCron(DUE, organization.id)
  await holdBills(organization, accounts)
  server.clearLogs()
  return { accounts, events, begun, earned, due }
}

/** Fails unless each account has its three invoices, with numbers without gaps. */
const holdBills = async ({ id }: Organization, accounts: number): Promise<void> => {
  const counted = await DB.prepare(
    `SELECT count(*) AS n, count(DISTINCT account_id) AS accounts, max(sequence) AS last FROM invoices
     WHERE organization_id = ? AND status = 'DUE' AND CASE invoice_type WHEN 'STANDARD' THEN start_at = ? ELSE true END AND total > '0'`,
  )
    .bind(id, START)
    .first<{ n: number; accounts: number; last: number }>()
  const isRight = counted?.n === 3 * accounts && counted.accounts === accounts && counted.last === 3 * accounts
  if (!isRight) throw new Error(`${accounts} accounts have ${JSON.stringify(counted)}`)
}

const buyers = await makeOrganization()
let bought = 0
/** Customers created a second, each with an account and an alias under a key. */
const createCustomers = async (): Promise<number> => {
  const start = performance.now()
  const headers = { Authorization: `Bearer ${buyers.token}`, 'Content-Type': 'application/json' }
  await forEach(CUSTOMERS, async () => {
    const n = ++bought
    const body = JSON.stringify(customerOf(n))
    const response = await fetch(`${url.origin}/customers`, {
      method: 'POST',
      headers: { ...headers, 'Idempotency-Key': `key-${n}` },
      body,
    })
    await response.text()
    if (response.status !== 201) throw new Error(`POST /customers was answered ${response.status}`)
  })
  return CUSTOMERS / ((performance.now() - start) / 1000)
}

interface Round {
  customers: number
  billed: Billed[]
}

const rounds: Round[] = []
const measureRound = async (): Promise<Round> => {
  const billed: Billed[] = []
  const customers: number[] = []
  for (const { accounts, events } of LOADS) {
    customers.push(await createCustomers())
    billed.push(await bill(accounts, events))
  }
  return { customers: findMedian(customers), billed }
}

/** The milliseconds of reading the DRAFT of an account with few and with many events, in turn. */
const readDrafts = async (): Promise<number[]> => {
  const organization = await makeOrganization()
  await makeAccounts(organization, DRAFTS.length, 1)
  for (const [n, events] of DRAFTS.entries()) await sendEvents(organization, [`account-${n}`], events)
  await wait(UNTIL_FOLDED)
  const ids = await Promise.all(
    DRAFTS.map(async (_, n) => {
      const { data } = await ask(organization.token, `/invoices?owner_id=account-${n}&status=DRAFT`, undefined, 'GET')
      return (data as { id: string }[])[0]?.id ?? fail(`account-${n} has no DRAFT`)
    }),
  )
  const times = ids.map((): number[] => [])
  for (let read = 0; read < READS; read++)
    for (const [n, id] of ids.entries()) {
      const start = performance.now()
      await ask(organization.token, `/invoices/${id}`, undefined, 'GET')
      times[n]?.push(performance.now() - start)
    }
  return times.map(findMedian)
}

const saySeconds = (runs: readonly number[] = []): string => runs.map((seconds) => seconds.toFixed(1)).join(', ')
const say = (count: number): string => count.toLocaleString('en')

let drafts: number[] = []
const measure = async (): Promise<void> => {
  if (values.accounts) rounds.push(await measureRound())
  else {
    await createCustomers()
    while (rounds.length < ROUNDS && (!rounds.length || Date.now() - started < TIME)) rounds.push(await measureRound())
    drafts = await readDrafts()
  }
}

let wrong: string | undefined
try {
  await measure()
} catch (error) {
  wrong = error instanceof Error ? error.message : String(error)
}
await server.close()
if (wrong) fail(`Bench of billing: ${wrong}`)

console.log(`${describeMachine()}; medians of ${rounds.length} rounds, plans of 5 cards, 4 ledgers\n`)
const customers = findMedian(rounds.map((round) => round.customers))
console.log(`POST /customers, ${AT_ONCE} at a time: ${customers.toFixed(0)} a second\n`)
const line = (...columns: string[]): void =>
  console.log(columns.map((column, index) => (index ? column.padStart(index === 1 ? 12 : 10) : column.padEnd(34))).join(' '))
line('', 'accounts/s', 'ratio', 'ms each', 'runs')
const each: number[] = []
const ratios: number[] = []
for (const [at, { accounts, events }] of LOADS.entries()) {
  const medianOf = (kind: 'begun' | 'due', what: (runs: readonly number[], round: Round) => number): number =>
    findMedian(rounds.map((round) => what(round.billed[at]?.[kind] ?? fail('a round has no runs'), round)))
  console.log(`${say(accounts)} accounts of ${say(events)} events`)
  for (const kind of ['begun', 'due'] as const) {
    const ms = medianOf(kind, (runs) => (1000 * sum(runs)) / accounts)
    const ratio = medianOf(kind, (runs, { customers: created }) => accounts / sum(runs) / created)
    const count = medianOf(kind, ({ length }) => length)
    line(kind === 'due' ? '  invoices fall due' : '  cycles begin', (1000 / ms).toFixed(0), ratio.toFixed(2), ms.toFixed(2), String(count))
    if (kind === 'begun') continue
    each.push(ms)
    ratios.push(ratio)
  }
}
console.log('\nratio: accounts a second to POST /customers a second, of each round; its median')
if (values.accounts) {
  const { begun, earned, due } = rounds[0]?.billed[0] ?? fail('nothing was billed')
  console.log(`Runs of the cron, in seconds: cycles begin in ${saySeconds(begun)}; invoices fall due in ${saySeconds(due)};
in between, what the accounts have earned is reckoned for metrics in ${saySeconds(earned)}`)
  process.exit(0)
}
const [many = 0, few = 0, more = 0] = each
const [least = 0, most = 0] = drafts
console.log(`
An invoice of ${say(LOADS[0]?.events ?? 0)} events takes ${(many / few).toFixed(2)} times as long as one of ${say(LOADS[1]?.events ?? 0)}, and one of ${say(LOADS[2]?.accounts ?? 0)} accounts ${(more / few).toFixed(2)} times as long as one of ${say(LOADS[1]?.accounts ?? 0)}
GET /invoices/{id} of a DRAFT of ${say(DRAFTS[0])} events: ${least.toFixed(1)} ms, of ${say(DRAFTS[1])}: ${most.toFixed(1)} ms, ${(most / least).toFixed(2)} times as long`)
const missed = [
  ...((ratios[0] ?? 0) < GOAL ? [`fewer than ${GOAL} account billed for a customer that is created`] : []),
  ...(many / few > MOST || more / few > MOST ? ['an invoice costs more with more events or accounts'] : []),
  ...(most / least > MOST ? ['a DRAFT of more events is read more slowly'] : []),
]
const isBusy = rounds.length < ROUNDS
if (isBusy)
  console.log(`! The machine was busy: there was time for ${rounds.length} of ${ROUNDS} rounds. Run it again when nothing else runs.`)
const verdict = missed.length
  ? `Under a goal: ${missed.join('; ')}`
  : `Each goal is met, the mark of ${MARK} of them ${(ratios[0] ?? 0) < MARK ? 'is not' : 'too'}`
console.log(`\n${verdict}; it took ${((Date.now() - started) / 1000).toFixed(0)} s`)
process.exit(missed.length && !isBusy ? 1 : 0)
