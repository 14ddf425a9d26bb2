import { randomInt } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { type KeptEvent, type KeptLedgers, STATUS } from './ledgers.ts'
import { makeBillingCatalogue } from './torture_billing_catalogue.ts'
import { PAYER, START, type SeenInvoices, holdInvoices, readClock } from './torture_invoices.ts'
import type { Send } from './torture_requests.ts'
import { DAY, HOUR, hundredthsOf, iso, must, pick, textOf } from './torture_values.ts'

/** What the ids of its events begin with, since the files of the ledgers do not say whose they are. */
export const BILLED = 'billed-'

const ACCOUNTS = 12
const [SENDERS, CHANGERS, READERS, MOVERS] = [3, 3, 3, 2]
/** Where the clock ends: events are kept for longer than that. */
const MOST_DAYS = 300

/** An event as it was sent. */
interface Sent {
  account: string
  time: number
  hundredths: bigint
}

/** An invoice as the API shows it. */
interface Shown {
  id: string
  status: string
  invoiceType: string
  sequenceId?: string
  totalAmount: number
}

/** Bills accounts by a test clock that moves on, and checks their invoices after each kill and at the end. */
export const openBillingLoad = (send: Send, isKilled: () => boolean) => {
  const counts = { billed: 0, days: 0, changed: 0, lost: 0 }
  let named = 0
  let now = START
  let target = START
  /** Where the clock may stand at most. */
  const latest = (): number => Math.max(now, target)
  const sent = new Map<string, Sent>()
  /** Of each event that was acknowledged, where the clock was at most then. */
  const acknowledged = new Map<string, number>()
  const seen: SeenInvoices = { statuses: new Map(), frozen: new Map() }

  const prepare = (): Promise<void> => makeBillingCatalogue(send, ACCOUNTS)

  let move = Promise.withResolvers<undefined>()
  /** Resolves when the clock begins to move the next time, so that the Worker can be killed in the middle of it. */
  const awaitMove = (): Promise<undefined> => move.promise

  /** Moves the clock to the target, however many requests that takes. Several move it at the same time. */
  const moveClock = async (): Promise<void> => {
    while (now < target) {
      move.resolve(undefined)
      move = Promise.withResolvers<undefined>()
      const answer = await send({ method: 'POST', path: '/test_clock', body: { now: iso(target) } })
      if (!answer) return
      now = Math.max(now, Date.parse(String(answer.body['now'])))
    }
  }

  const keepMoving = async (): Promise<void> => {
    for (; !isKilled(); await wait(randomInt(150))) {
      if (target < START + MOST_DAYS * DAY) target = now + randomInt(1, 6) * DAY
      await Promise.all(Array.from({ length: MOVERS }, moveClock))
    }
  }

  const makeEvent = () => {
    const id = `${BILLED}${++named}`
    const time = Math.max(START, now - randomInt(72) * HOUR)
    const event = { account: `${PAYER}${randomInt(ACCOUNTS)}`, time, hundredths: BigInt(randomInt(1, 10_000)) }
    sent.set(id, event)
    return {
      id,
      schemaName: 'trips',
      timestamp: iso(event.time),
      accountId: event.account,
      attributes: [{ name: 'distance', value: textOf(event.hundredths) }],
      dimensions: {},
    }
  }

  /** Sends events of the last three days, some of which come after their cycle was closed. */
  const keepSending = async (): Promise<void> => {
    for (; !isKilled(); await wait(randomInt(60))) {
      const events = Array.from({ length: randomInt(1, 10) }, makeEvent)
      if (await send({ method: 'POST', path: '/ingestBatch', body: { events } }))
        for (const { id } of events) acknowledged.set(id, latest())
    }
  }

  const note = ({ id, sequenceId, totalAmount }: Shown): void => {
    if (sequenceId === undefined) return
    const shown = `${sequenceId} ${totalAmount}`
    const before = seen.frozen.get(id) ?? shown
    must(before === shown, `invoice ${id} was ${before}, and is ${shown}`)
    seen.frozen.set(id, shown)
  }

  const listInvoices = async (n: number): Promise<Shown[] | undefined> => {
    const list = await send({ method: 'GET', path: `/invoices?owner_id=${PAYER}${n}&pageSize=20` })
    return list?.body['data'] as Shown[] | undefined
  }

  const keepReading = async (): Promise<void> => {
    for (; !isKilled(); await wait(randomInt(60))) {
      const one = pick((await listInvoices(randomInt(ACCOUNTS))) ?? [])
      const answer = one && (await send({ method: 'GET', path: `/invoices/${one.id}` }))
      if (answer) note(answer.body as unknown as Shown)
    }
  }

  const NEXT: Readonly<Record<string, readonly string[]>> = {
    DRAFT: ['DUE', 'DUE', 'VOID'],
    DUE: ['PAID', 'UN_COLLECTIBLE', 'VOID'],
    UN_COLLECTIBLE: ['PAID', 'VOID'],
  }

  const changeStatus = async ({ id, status: before }: Shown): Promise<void> => {
    const status = pick(NEXT[before] ?? [])
    if (status === undefined) return
    const may = seen.statuses.get(id) ?? new Set([before])
    seen.statuses.set(id, new Set([...may, before, status]))
    const answer = await send({ method: 'PATCH', path: `/invoices/${id}`, body: { status }, refusals: [400, 409] })
    if (!answer) {
      counts.lost++
      return
    }
    if (answer.status !== 200) {
      seen.statuses.set(id, new Set([...may, before]))
      return
    }
    const shown = answer.body as unknown as Shown
    must(shown.status === status, `invoice ${id}, which was ${before}, was made ${status}, and is ${shown.status}`)
    note(shown)
    seen.statuses.set(id, new Set([status]))
    counts.changed++
  }

  /** Changes the status of invoices of some accounts, which no other client changes. */
  const keepChanging = async (client: number): Promise<void> => {
    for (; !isKilled(); await wait(randomInt(120))) {
      const n = client + CHANGERS * randomInt(ACCOUNTS / CHANGERS)
      const invoices = ((await listInvoices(n)) ?? []).filter(({ status, invoiceType }) => status !== 'DRAFT' || invoiceType === 'STANDARD')
      const one = pick(invoices.filter(({ status }) => status in NEXT))
      if (one && !isKilled()) await changeStatus(one)
    }
  }

  /** Each event is there as it was sent, and counted as that unless it came too late. */
  const holdEvents = (events: readonly KeptEvent[], past: readonly KeptEvent[]): void => {
    const there = new Set(events.map(({ id }) => id))
    for (const id of acknowledged.keys()) must(there.has(id), `${id} was acknowledged, and is not there`)
    for (const { id, account, time, status, units } of events) {
      const event = sent.get(id)
      must(event, `there is an event that nobody sent: ${id}`)
      must(
        account === `=${event.account}` && time === event.time,
        `${id} of ${event.account} is there as one of ${account} at ${iso(time)}`,
      )
      if (status === STATUS.PAST_GRACE) continue
      must(status === STATUS.METERED, `${id} of ${event.account} has the status ${status}`)
      const [unit = ''] = JSON.parse(units ?? '[]') as string[]
      must(hundredthsOf(unit) === event.hundredths, `${id} of ${textOf(event.hundredths)} is counted as ${unit}`)
    }
    must(!past.length, `${past[0]?.id} was sent once, and has another event of the status ${past[0]?.status}`)
  }

  /** Compares the database with the events in the ledgers: after a kill, or when everything is done. */
  const hold = (database: DatabaseSync, kept: KeptLedgers, isEnd = false): void => {
    const clock = readClock(database)
    must(clock >= now && clock <= latest(), `the clock stands at ${iso(clock)}, was at ${iso(now)}, and was moved to ${iso(target)}`)
    now = clock
    const [events, past] = [kept.events, kept.past].map((its) => its.filter(({ id }) => id.startsWith(BILLED))) as [
      KeptEvent[],
      KeptEvent[],
    ]
    holdEvents(events, past)
    const { billed } = holdInvoices(database, { ...kept, events }, seen, ACCOUNTS, latest(), isEnd)
    Object.assign(counts, { billed, days: Math.round((clock - START) / DAY) })
  }

  /** Moves the clock beyond the grace of all that has begun. */
  const settle = async (): Promise<void> => {
    target = latest() + 10 * DAY
    await moveClock()
  }

  const work = () => [
    keepMoving(),
    ...Array.from({ length: SENDERS }, keepSending),
    ...Array.from({ length: READERS }, keepReading),
    ...Array.from({ length: CHANGERS }, (_, client) => keepChanging(client)),
  ]
  return { prepare, work, awaitMove, hold, settle, counts, acknowledged, readClock: () => now, latest }
}
