import { randomInt } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { type KeptLedgers, must, pick, textOf } from './torture_events.ts'
import { DAY, FEE, HOUR, IN_ADVANCE, PAYER, START, type SeenInvoices, UNIT, holdInvoices, iso, readClock } from './torture_invoices.ts'

/** What the ids of its events begin with, since the files of the ledgers do not say whose they are. */
export const BILLED = 'billed-'

const ACCOUNTS = 12
const [SENDERS, CHANGERS, READERS, MOVERS] = [3, 3, 3, 2]
/** Where the clock ends: events are kept for longer than that. */
const MOST_DAYS = 300

export interface Request {
  method: string
  path: string
  body?: Record<string, unknown>
  headers?: Record<string, string>
  /** The statuses of refusals that may come, such as that another client or the clock was faster, or that there are too few credits. */
  refusals?: readonly number[]
}
export interface Answer {
  status: number
  body: Record<string, unknown>
}
/** Sends a request and returns its answer. Undefined if the Worker is killed in the meantime. */
export type Send = (request: Request) => Promise<Answer | undefined>

interface Shown {
  id: string
  status: string
  invoiceType: string
  sequenceId?: string
  totalAmount: number
}

const feeOf = (id: unknown, rate: number, invoiceTiming: string) => ({
  id,
  name: `fee ${String(id)}`,
  enableProration: false,
  invoiceTiming,
  rateValues: [{ currency: 'USD', rate }],
})

const pathOf = (n: number): string => `/accounts/${PAYER}${n}`

/** Bills accounts by a test clock that moves on, and checks their invoices after each kill and at the end. */
export const openBillingLoad = (send: Send, isKilled: () => boolean) => {
  const counts = { billed: 0, days: 0, changed: 0, lost: 0 }
  let named = 0
  let now = START
  let target = START
  /** Of each event that was acknowledged, where the clock was at most then. */
  const acknowledged = new Map<string, number>()
  const seen: SeenInvoices = { statuses: new Map(), frozen: new Map() }

  const make = async (path: string, body?: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const answer = await send({ method: 'POST', path, ...(body && { body }), headers: { 'Idempotency-Key': `setup-${++named}` } })
    must(answer, `POST ${path} was not answered`)
    return answer.body
  }

  /** Makes a plan whose weeks begin on a day of the week. Gives its id. */
  const makePlan = async (name: string, dayOffset: string, [meter, fee, platform]: readonly unknown[]): Promise<unknown> => {
    const { id } = await make('/price_plans', {
      name,
      pricePlanDetails: {
        supportedCurrencies: ['USD'],
        pricingCycleConfig: { interval: 'WEEKLY', startOffset: { dayOffset, monthOffset: 'NIL' }, gracePeriod: 2 },
        fixedFeeRateCards: [feeOf(fee, Number(textOf(FEE)), 'IN_ARREARS'), feeOf(platform, Number(textOf(IN_ADVANCE)), 'IN_ADVANCE')],
        usageRateCards: [
          {
            usageMeterId: meter,
            name: 'distance',
            ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
            rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: Number(UNIT) }] }],
          },
        ],
      },
    })
    await make(`/price_plans/${String(id)}/activate`, { currencies: ['USD'] })
    return id
  }

  /** Sets the clock, and creates the schema, the meter, the plans and the accounts. */
  const prepare = async (): Promise<void> => {
    await make('/test_clock', { now: iso(START) })
    await make('/event_schema', { name: 'trips', attributes: [{ name: 'distance' }], dimensions: [] })
    await make('/event_schema/trips/activate')
    const computations = [{ computation: '{"var":"attributes.distance"}', order: 1 }]
    const { id } = await make('/usage_meters', {
      name: 'distance',
      type: 'COUNTER',
      aggregation: 'SUM',
      eventSchemaName: 'trips',
      computations,
    })
    await make(`/usage_meters/${String(id)}/activate`)
    const parts = [
      id,
      (await make('/addons', { name: 'Fee', type: 'FIXED_FEE' }))['id'],
      (await make('/addons', { name: 'Platform', type: 'FIXED_FEE' }))['id'],
    ]
    const plans = [await makePlan('Mondays', '1', parts), await makePlan('Thursdays', '4', parts)]
    await make('/customers', { id: 'payers', name: 'Payers', primaryEmail: 'payers@example.com', address: {} })
    for (let n = 0; n < ACCOUNTS; n++) {
      await make('/accounts', { id: `${PAYER}${n}`, name: 'Payer', customerId: 'payers' })
      await make(`${pathOf(n)}/price_plans`, {
        pricePlanId: plans[n % 2],
        effectiveFrom: iso(START).slice(0, 10),
        effectiveUntil: '9999-01-01',
      })
    }
  }

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

  /** Sends events of the last three days, some of which come after their cycle was closed. */
  const keepSending = async (): Promise<void> => {
    for (; !isKilled(); await wait(randomInt(60))) {
      const events = Array.from({ length: randomInt(1, 10) }, () => ({
        id: `${BILLED}${++named}`,
        schemaName: 'trips',
        timestamp: iso(Math.max(START, now - randomInt(72) * HOUR)),
        accountId: `${PAYER}${randomInt(ACCOUNTS)}`,
        attributes: [{ name: 'distance', value: textOf(BigInt(randomInt(1, 10_000))) }],
        dimensions: {},
      }))
      if (await send({ method: 'POST', path: '/ingestBatch', body: { events } }))
        for (const { id } of events) acknowledged.set(id, Math.max(now, target))
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
    if (answer.status !== 200) return
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

  /** Compares the database with the events in the ledgers: after a kill, or when everything is done. */
  const hold = (database: DatabaseSync, kept: KeptLedgers, isEnd = false): void => {
    const clock = readClock(database)
    must(
      clock >= now && clock <= Math.max(now, target),
      `the clock stands at ${iso(clock)}, was at ${iso(now)}, and was moved to ${iso(target)}`,
    )
    now = clock
    const events = kept.events.filter(({ id }) => id.startsWith(BILLED))
    const there = new Set(events.map(({ id }) => id))
    for (const id of acknowledged.keys()) must(there.has(id), `${id} was acknowledged, and is not there`)
    const { billed, due } = holdInvoices(database, { ...kept, events }, seen, isEnd ? clock : undefined)
    must(due === ACCOUNTS, `of ${ACCOUNTS} accounts ${due} are due again`)
    Object.assign(counts, { billed, days: Math.round((clock - START) / DAY) })
  }

  /** Moves the clock beyond the grace of all that has begun. */
  const settle = async (): Promise<void> => {
    target = Math.max(now, target) + 10 * DAY
    await moveClock()
  }

  const work = () => [
    keepMoving(),
    ...Array.from({ length: SENDERS }, keepSending),
    ...Array.from({ length: READERS }, keepReading),
    ...Array.from({ length: CHANGERS }, (_, client) => keepChanging(client)),
  ]
  return { prepare, work, awaitMove, hold, settle, counts, acknowledged, readClock: () => now }
}
