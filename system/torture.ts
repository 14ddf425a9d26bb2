import { createHash, randomBytes, randomInt } from 'node:crypto'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fail } from '../scripts/wrangler.ts'
import { type KeptEvent, readCredits } from './ledgers.ts'
import { openReceiver } from './torture_arrivals.ts'
import { BILLED, openBillingLoad } from './torture_billing.ts'
import { holdAllChains } from './torture_chains.ts'
import { EVENTS_ORGANIZATION, LICENSE, isSettled, openEventLoad } from './torture_events.ts'
import { FEATURES_ORGANIZATION, USED, openFeatureLoad } from './torture_features.ts'
import { BILLING_ORGANIZATION } from './torture_invoices.ts'
import { holdResources } from './torture_log.ts'
import { openMoneyLoad } from './torture_money.ts'
import { MONEY } from './torture_money_model.ts'
import { send, sendCounts } from './torture_requests.ts'
import { clients, counts, recover, work } from './torture_resources.ts'
import { build, databases, directory, keepSealing, openIn, seal, serve, server, state } from './torture_server.ts'
import { must } from './torture_values.ts'
import { verifyInvoices } from './torture_verifications.ts'
import { openWebhookLoad } from './torture_webhooks.ts'

const KILLS = 10
/** In milliseconds: what a run takes beside its seconds at most, the work before a kill at least, and how soon the events that waited are processed. */
const [MORE, LEAST_WORK, SETTLED] = [300_000, 1000, 60_000]
/** The kill comes this long after the test clock began to move, at most, in milliseconds: then invoices are being made. */
const LONGEST_MOVE = 300
/** What is left to the end of a run, in milliseconds. It takes longer where an event was in progress at the last kill: that is taken up after 20 seconds. */
const LAST = 10_000

const started = Date.now()
const [option = '--seconds', value = '150', ...others] = process.argv.slice(2)
const seconds = Number(value)
if (option !== '--seconds' || others.length || !(seconds >= 45 && seconds <= 180))
  fail('Usage: npm run torture -- [--seconds 150], which may be 45 to 180')

/** Copies of the files that a kill left. */
const [copy, ledgers] = [join(directory, 'copy'), join(directory, 'ledgers')] as const

/** The senders of events, which use an organization of their own. */
const sender = { token: randomBytes(32).toString('base64url') }
const load = openEventLoad(
  (request) => send(sender, request),
  () => server.killed,
)

/** The clients of billing, which have an organization of their own with a test clock. */
const biller = { token: randomBytes(32).toString('base64url') }
const billing = openBillingLoad(
  (request) => send(biller, request),
  () => server.killed,
)

/** The buyers, whose money moves in the organization of billing. */
const buyer = { token: randomBytes(32).toString('base64url') }
const money = openMoneyLoad(
  (request) => send(buyer, request),
  () => server.killed,
  billing,
)

/** The ones who want webhooks, alerts and reports, in the organization of billing, and the receiver of the webhooks. */
const listener = { token: randomBytes(32).toString('base64url') }
const receiver = await openReceiver()
const webhooks = openWebhookLoad(
  (request) => send(listener, request),
  () => server.killed,
  receiver,
)

/** The users of features, which have an organization of their own. */
const user = { token: randomBytes(32).toString('base64url') }
const features = openFeatureLoad(
  (request) => send(user, request),
  () => server.killed,
)
const isBilled = (id: string): boolean => id.startsWith(BILLED) || id.startsWith(MONEY)
const isOfOtherLoad = (id: string): boolean => isBilled(id) || id.startsWith(USED)

const sealing = { sealed: 0, unsealed: 0 }

/** Looks into the files that a kill left, of which it takes a copy at once, since only the server is to mend them. */
const inspect = async (isEnd = false): Promise<void> => {
  rmSync(copy, { recursive: true, force: true })
  cpSync(databases, copy, { recursive: true })
  const keptEvents = load.hold(state, ledgers, isOfOtherLoad, isEnd)
  features.hold(readCredits(state, ledgers), keptEvents, isEnd)
  const database = openIn(copy)
  const all = <Row>(query: string) => database.prepare(query).all() as Row[]
  const damage = [...all('PRAGMA integrity_check'), ...all('PRAGMA foreign_key_check')]
  must(JSON.stringify(damage) === '[{"integrity_check":"ok"}]', `the database is damaged: ${JSON.stringify(damage.slice(0, 3))}`)
  billing.hold(database, keptEvents, isEnd)
  money.hold(database, keptEvents, isEnd)
  const [events, past] = [keptEvents.events, keptEvents.past].map((its) => its.filter(({ id }) => isBilled(id))) as [
    KeptEvent[],
    KeptEvent[],
  ]
  const billed = { ...keptEvents, events, past }
  webhooks.hold(database, billed, billing.acknowledged, isEnd ? billing.readClock() : undefined)
  Object.assign(sealing, await holdResources(database))
  if (isEnd) sealing.sealed = await holdAllChains(database)
  database.close()
}

/** Makes the organizations, with a token for each client. */
const prepare = async (): Promise<void> => {
  await build()
  const database = openIn(databases)
  database.exec(`INSERT INTO organizations (id, name, created_at) VALUES ('org.torture', 'Torture', ${started})`)
  database.exec(`INSERT INTO organizations (id, name, created_at) VALUES ('${EVENTS_ORGANIZATION}', 'Events', ${started})`)
  database.exec(`INSERT INTO organizations (id, name, created_at) VALUES ('${BILLING_ORGANIZATION}', 'Billing', ${started})`)
  database.exec(`INSERT INTO organizations (id, name, created_at) VALUES ('${FEATURES_ORGANIZATION}', 'Features', ${started})`)
  database.exec(`INSERT INTO named_licenses VALUES ('${EVENTS_ORGANIZATION}', '${LICENSE}')`)
  const insert = database.prepare(
    `INSERT INTO tokens (id, organization_id, name, hash, created_at) VALUES (?, ?, 'Torture', ?, ${started})`,
  )
  const add = (id: string, organizationId: string, token: string): unknown =>
    insert.run(id, organizationId, createHash('sha256').update(token).digest('hex'))
  for (const { number, token } of clients) add(`token.${number}`, 'org.torture', token)
  add('token.events', EVENTS_ORGANIZATION, sender.token)
  add('token.billing', BILLING_ORGANIZATION, biller.token)
  add('token.money', BILLING_ORGANIZATION, buyer.token)
  add('token.listener', BILLING_ORGANIZATION, listener.token)
  add('token.features', FEATURES_ORGANIZATION, user.token)
  database.close()
}

const figure = (count: number): string => count.toLocaleString('en')
const since = (from: number): string => `${((Date.now() - from) / 1000).toFixed(1)} s`

/** Runs the cron until everything that the kills interrupted is settled. Returns how long it took, in milliseconds. */
const settleEvents = async (): Promise<number> => {
  await Promise.all([load.settle(), features.settle()])
  const from = Date.now()
  for (; !isSettled(state, ledgers); await wait(1000)) {
    must(Date.now() - from < SETTLED, `events still wait or are in progress after ${SETTLED / 1000} s`)
    await seal()
  }
  return Date.now() - from
}

/** Holds that there was something to hold: where nothing happens, nothing is lost. */
const holdHappened = (): void => {
  const { acknowledged, lost } = counts
  const [events, bills, moves, uses, tells] = [load.counts, billing.counts, money.counts, features.counts, webhooks.counts]
  const happened = {
    'writes acknowledged': acknowledged,
    'answers lost': lost,
    'answers given again': sendCounts.replayed,
    'events acknowledged': events.acknowledged,
    'events sent again': events.lost,
    'repeats kept': events.kept,
    'accounts made after their events': events.waited,
    'invoices that fell due': bills.billed,
    'invoices with another status': bills.changed,
    'acts of buyers': moves.done,
    'credits that void invoices gave back': moves.returned,
    'events passed': uses.passed,
    'events refused': uses.refused,
    'takes of credits': uses.takes,
    'credits given back': uses.back,
    'events told': tells.told,
    incidents: tells.incidents,
    'reports with rows': tells.rows,
    'rows sealed': sealing.sealed,
  }
  const missing = Object.entries(happened).flatMap(([what, count]) => (count > 0 ? [] : [what]))
  must(!missing.length, `there were none of these: ${missing.join(', ')}`)
}

const torture = async (): Promise<void> => {
  await prepare()
  await serve()
  const prepareBilling = async (): Promise<void> => {
    await webhooks.prepare()
    await billing.prepare()
    await money.prepare()
    await webhooks.prepareAlerts()
  }
  await Promise.all([load.prepare(), prepareBilling(), features.prepare()])
  let pause = 3000
  for (let kill = 1; kill <= KILLS; kill++) {
    const left = started + 1000 * seconds - LAST - Date.now() - pause
    const time = (left / (KILLS - kill + 1) - pause) * (0.5 + Math.random())
    const loads = [...load.work(), ...webhooks.work(billing.readClock()), ...billing.work(), ...money.work(), ...features.work()]
    const working = Promise.all([...clients.map(work), ...loads, keepSealing()])
    await Promise.race([working, wait(Math.max(LEAST_WORK, time))])
    await Promise.race([working, billing.awaitMove(), wait(LEAST_WORK)])
    await wait(randomInt(LONGEST_MOVE))
    const at = Date.now()
    server.kill()
    await Promise.all([working, server.ended])
    await receiver.noteKill(at)
    await Promise.all([inspect(), serve()])
    const { acknowledged, lost, made } = counts
    const { sealed, unsealed } = sealing
    await Promise.all([recover(), money.recover()])
    pause = Date.now() - at
    const answers = `${counts.lost - lost} answers lost to writes, ${counts.made - made} of which were made`
    const rows = `${figure(sealed)} rows of the audit log sealed, ${figure(unsealed)} not`
    console.log(`Kill ${kill}: ${figure(acknowledged)} writes acknowledged so far, ${answers}; ${rows}; all is right after ${since(at)}`)
  }
  const [settled] = await Promise.all([settleEvents(), billing.settle()])
  const from = Date.now()
  await webhooks.settle(seal)
  console.log(`Webhooks: all reports are made and all deliveries have arrived after ${since(from)}, the time of the cron being moved on`)
  await seal()
  const verified = await verifyInvoices(server.url, biller.token)
  server.kill()
  await server.ended
  await inspect(true)
  const { billed } = billing.counts
  must(verified.count === billed, `${billed} invoices fell due, and ${verified.count} were reckoned again: ${verified.said}`)
  holdHappened()
  console.log(`Billing: ${verified.said}`)
  console.log(`Events: all that waited or were in progress are settled after ${(settled / 1000).toFixed(1)} s`)
}

let wrong: string | undefined
process.on('exit', () => {
  server.kill()
  receiver.stop()
  if (!wrong) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})
const stop = (why: string): never => fail(`Torture: ${why}`)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop('it was stopped'))
/** npm does not tell its scripts when it is stopped. */
const parent = process.ppid
setInterval(() => process.ppid !== parent && stop('it was left alone'), 500).unref()
setTimeout(() => stop(`it took ${MORE / 1000} s more than it was given`), MORE + 1000 * seconds).unref()

try {
  await torture()
} catch (error) {
  wrong = error instanceof Error ? error.message : String(error)
}
receiver.stop()
if (wrong) stop(`${wrong}. The database is left in ${directory}`)
const [{ requests, slowed, replayed }, { acknowledged, lost, made }] = [sendCounts, counts]
const [events, bills, moves, uses, tells] = [load.counts, billing.counts, money.counts, features.counts, webhooks.counts]
console.log(`Torture: in ${KILLS} kills nothing was lost, halved or made twice.
${figure(requests)} requests, ${figure(slowed)} of them slowed down; ${figure(acknowledged)} writes acknowledged; ${figure(lost)} answers lost to writes, ${figure(made)} of which were made;
${figure(events.acknowledged)} events acknowledged in ${figure(events.ingested)} requests, ${figure(events.lost)} of which were sent again after a kill; ${figure(events.kept)} repeats kept; ${figure(events.waited)} accounts made after their events;
${figure(bills.billed)} invoices fell due in ${bills.days} days of a test clock; ${figure(bills.changed)} were given another status, and ${figure(bills.lost)} answers to that were lost;
${figure(moves.done)} acts of buyers done, ${figure(moves.refused)} refused; ${figure(moves.lost)} sent again after a kill, of which ${figure(moves.made)} had been made; ${money.countKinds()}; ${figure(moves.corrected)} events reverted; ${figure(moves.returned)} credits got back what void invoices had taken;
${figure(uses.passed)} events passed that need credits of a feature, and ${figure(uses.refused)} were refused; ${figure(uses.lost)} requests of that kind were sent again after a kill; ${figure(uses.takes)} takes of the credits of ${uses.accounts} accounts, ${figure(uses.back)} of which gave back;
${figure(tells.told)} events told to two endpoints, in ${figure(tells.tries)} tries; ${figure(tells.made)} customers and accounts made; ${tells.incidents} incidents; ${tells.reports} reports with ${figure(tells.rows)} rows;
${figure(replayed)} answers given again; ${figure(sealing.sealed)} rows of the audit logs of all organizations sealed, and as they were; it took ${since(started)}`)
