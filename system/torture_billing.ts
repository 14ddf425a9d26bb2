import { randomInt } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { type KeptLedgers, METERED, hundredthsOf, must, pick, textOf } from './torture_events.ts'

/** The organization for billing, which has a test clock. */
export const BILLING_ORGANIZATION = 'org.billing'
/** What the ids of its events begin with, since the files of the ledgers do not say whose they are. */
export const BILLED = 'billed-'

const ACCOUNTS = 12
const [SENDERS, CHANGERS, READERS, MOVERS] = [3, 3, 3, 2]
const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.UTC(2026, 0, 1)
/** Where the clock ends: events are kept for longer than that. */
const MOST_DAYS = 300
/** What a cycle costs, whether it is whole or not, in hundredths: what is paid in advance, the fee, and a unit of usage. */
const [IN_ADVANCE, FEE, UNIT] = [900n, 3000n, 2n]

interface Request {
  method: string
  path: string
  body?: Record<string, unknown>
  headers?: Record<string, string>
  /** The statuses of refusals that may come, since another client or the clock was faster. */
  refusals?: readonly number[]
}
interface Answer {
  status: number
  body: Record<string, unknown>
}
/** Sends a request and returns its answer. Undefined if the Worker is killed in the meantime. */
type Send = (request: Request) => Promise<Answer | undefined>

interface Shown {
  id: string
  status: string
  invoiceType: string
  sequenceId?: string
  totalAmount: number
}

interface KeptInvoice {
  id: string
  account: string
  type: string
  status: string
  startAt: number
  endAt: number
  invoiceAt: number
  total: string
  sequence: number | null
  sequenceId: string | null
  rated: string
  details: string | null
}

const pathOf = (n: number): string => `/accounts/payer-${n}`
const iso = (time: number): string => new Date(time).toISOString()

/** Bills accounts by a test clock that moves on, and checks their invoices after each kill and at the end. */
export const openBillingLoad = (send: Send, isKilled: () => boolean) => {
  const counts = { billed: 0, days: 0, changed: 0, lost: 0 }
  let named = 0
  let now = START
  let target = START
  /** The statuses that an invoice may have by the answers to the changes of its status, or because one of these was lost. */
  const known = new Map<string, Set<string>>()
  const acknowledged = new Set<string>()
  /** What an invoice that fell due was shown as: this never changes. */
  const frozen = new Map<string, string>()

  const make = async (path: string, body?: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const answer = await send({ method: 'POST', path, ...(body && { body }), headers: { 'Idempotency-Key': `setup-${++named}` } })
    must(answer, `POST ${path} was not answered`)
    return answer.body
  }

  /** Makes a plan whose weeks begin on a day of the week. Gives its id. */
  const makePlan = async (name: string, dayOffset: string, [meter, fee, platform]: readonly unknown[]): Promise<unknown> => {
    const feeOf = (id: unknown, rate: number, invoiceTiming: string) => ({
      id,
      name: `fee ${String(id)}`,
      enableProration: false,
      invoiceTiming,
      rateValues: [{ currency: 'USD', rate }],
    })
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
      await make('/accounts', { id: `payer-${n}`, name: 'Payer', customerId: 'payers' })
      await make(`${pathOf(n)}/price_plans`, {
        pricePlanId: plans[n % 2],
        effectiveFrom: iso(START).slice(0, 10),
        effectiveUntil: '9999-01-01',
      })
    }
  }

  /** Moves the clock to the target, however many requests that takes. Several move it at the same time. */
  const moveClock = async (): Promise<void> => {
    while (now < target) {
      const answer = await send({ method: 'POST', path: '/test_clock', body: { now: iso(target) } })
      if (!answer) return
      now = Math.max(now, Date.parse(String(answer.body['now'])))
    }
  }

  const keepMoving = async (): Promise<void> => {
    for (; !isKilled(); await wait(randomInt(150))) {
      if (target < START + MOST_DAYS * DAY) target = now + DAY
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
        accountId: `payer-${randomInt(ACCOUNTS)}`,
        attributes: [{ name: 'distance', value: textOf(BigInt(randomInt(1, 10_000))) }],
        dimensions: {},
      }))
      if (await send({ method: 'POST', path: '/ingestBatch', body: { events } })) for (const { id } of events) acknowledged.add(id)
    }
  }

  const note = ({ id, sequenceId, totalAmount }: Shown): void => {
    if (sequenceId === undefined) return
    const shown = `${sequenceId} ${totalAmount}`
    const before = frozen.get(id) ?? shown
    must(before === shown, `invoice ${id} was ${before}, and is ${shown}`)
    frozen.set(id, shown)
  }

  const listInvoices = async (n: number): Promise<Shown[] | undefined> => {
    const list = await send({ method: 'GET', path: `/invoices?owner_id=payer-${n}&pageSize=20` })
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
    const may = known.get(id) ?? new Set([before])
    known.set(id, new Set([...may, before, status]))
    const answer = await send({ method: 'PATCH', path: `/invoices/${id}`, body: { status }, refusals: [400, 409] })
    if (!answer) {
      counts.lost++
      return
    }
    if (answer.status !== 200) return
    const shown = answer.body as unknown as Shown
    must(shown.status === status, `invoice ${id}, which was ${before}, was made ${status}, and is ${shown.status}`)
    note(shown)
    known.set(id, new Set([status]))
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

  const readInvoices = (database: DatabaseSync): KeptInvoice[] =>
    database
      .prepare(
        `SELECT id, account_id AS account, invoice_type AS type, status, start_at AS startAt, end_at AS endAt, invoice_at AS invoiceAt, total,
          sequence, sequence_id AS sequenceId, rated, details
         FROM invoices WHERE organization_id = '${BILLING_ORGANIZATION}' ORDER BY account_id, invoice_type, start_at`,
      )
      .all() as unknown as KeptInvoice[]

  /** What the events that are counted in a cycle come to, with the fee. */
  const totalOf = (
    { account, startAt, endAt }: KeptInvoice,
    units: ReadonlyMap<string, readonly [time: number, hundredths: bigint][]>,
  ): bigint =>
    (units.get(account) ?? []).reduce((sum, [time, hundredths]) => (time >= startAt && time < endAt ? sum + UNIT * hundredths : sum), FEE)

  const holdInvoice = (invoice: KeptInvoice, right: bigint): void => {
    const { id, account, type, status, total, sequence, sequenceId, rated, details } = invoice
    const what = `${type} ${id} of ${account} from ${iso(invoice.startAt)}, which is ${status}`
    const hasNumber = sequence !== null && sequenceId !== null && details !== null
    must(hasNumber || (sequence === null && sequenceId === null), `${what}, is half due`)
    must(hasNumber === (status !== 'DRAFT') || status === 'VOID', `${what}, has ${hasNumber ? 'a' : 'no'} number`)
    must(status !== 'GONE', `${what}, has a cycle`)
    if (hasNumber) {
      must(hundredthsOf(total) === right, `${what}, comes to ${total}, and its events to ${textOf(right)}`)
      const { root } = JSON.parse(rated) as { root: { value: string } }
      must(root.value === total, `${what}, comes to ${total}, and its lines to ${root.value}`)
      const shown = frozen.get(id)
      must(
        shown === undefined || shown === `${sequenceId} ${Number(total)}`,
        `${what}, was shown as ${shown}, and is ${sequenceId} ${total}`,
      )
    }
    const may = known.get(id)
    must(!may || may.has(status) || may.has('DRAFT'), `${what}, was made ${[...(may ?? [])].join(' or ')}`)
  }

  /** The cycles of each account follow each other, with one invoice of each type, and the last ones begin when the clock says. */
  const holdCycles = (invoices: readonly KeptInvoice[], clock: number, isEnd: boolean): void => {
    for (const [whose, its] of Map.groupBy(invoices, ({ account, type }) => `${type} of ${account}`)) {
      for (const [at, { startAt }] of its.entries()) {
        const right = its[at - 1]?.endAt ?? START
        must(startAt === right, `after ${iso(right)} the next ${whose} begins at ${iso(startAt)}`)
      }
      const last = its.at(-1)
      must(!isEnd || (last && last.startAt <= clock && last.endAt > clock), `the last ${whose} ends at ${iso(last?.endAt ?? 0)}`)
    }
    const late = invoices.filter(({ status, invoiceAt }) => isEnd && status === 'DRAFT' && invoiceAt <= clock)
    must(!late.length, `${late.length} invoices did not fall due, the first of them ${late[0]?.id} at ${iso(late[0]?.invoiceAt ?? 0)}`)
  }

  /** Each invoice has the status that the audit log tells, step by step. */
  const holdLog = (database: DatabaseSync, invoices: readonly KeptInvoice[]): void => {
    const rows = database
      .prepare(
        `SELECT resource_id AS id, changes ->> '$.status[0]' AS before, changes ->> '$.status[1]' AS after FROM audit_log
         WHERE organization_id = '${BILLING_ORGANIZATION}' AND resource_type = 'INVOICE' AND changes -> '$.status' IS NOT NULL ORDER BY sequence`,
      )
      .all() as { id: string; before: string | null; after: string }[]
    const told = new Map<string, string>()
    for (const { id, before, after } of rows) {
      must((told.get(id) ?? null) === before, `the audit log says that invoice ${id} was ${told.get(id)}, and then that it was ${before}`)
      told.set(id, after)
    }
    for (const { id, status } of invoices) must(told.get(id) === status, `invoice ${id} is ${status}, and by the audit log ${told.get(id)}`)
    must(told.size === invoices.length, `the audit log knows ${told.size} invoices, and there are ${invoices.length}`)
  }

  /** Compares the database with the events in the ledgers: after a kill, or when everything is done. */
  const hold = (database: DatabaseSync, { events, rules }: KeptLedgers, isEnd = false): void => {
    const one = <Row>(query: string): Row => database.prepare(query).get() as Row
    const { clock } = one<{ clock: number }>(`SELECT clock_at AS clock FROM organizations WHERE id = '${BILLING_ORGANIZATION}'`)
    must(
      clock >= now && clock <= Math.max(now, target),
      `the clock stands at ${iso(clock)}, was at ${iso(now)}, and was moved to ${iso(target)}`,
    )
    const counted = events
      .filter(({ id, status }) => id.startsWith(BILLED) && status === METERED)
      .map(({ account, time, units, rules: name }): [string, [number, bigint]] => {
        must(rules.has(name ?? ''), 'an event has no rules')
        const [unit = '0'] = JSON.parse(units ?? '[]') as string[]
        return [account.slice(1), [time, hundredthsOf(unit)]]
      })
    const units = new Map(
      Map.groupBy(counted, ([account]) => account)
        .entries()
        .map(([account, its]) => [account, its.map(([, unit]) => unit)]),
    )
    const invoices = readInvoices(database)
    for (const invoice of invoices) holdInvoice(invoice, invoice.type === 'STANDARD' ? totalOf(invoice, units) : IN_ADVANCE)
    holdCycles(invoices, clock, isEnd)
    holdLog(database, invoices)
    const numbers = invoices.flatMap(({ sequence }) => sequence ?? []).toSorted((a, b) => a - b)
    const gap = numbers.findIndex((number, at) => number !== at + 1)
    must(gap < 0, `after ${gap} invoices comes the number ${numbers[gap]}`)
    const { last } = one<{ last: number }>(
      `SELECT max(last) AS last FROM invoice_counters WHERE organization_id = '${BILLING_ORGANIZATION}'`,
    )
    must(last === numbers.length, `${numbers.length} invoices have a number, and the last that was given is ${last}`)
    const { due } = one<{ due: number }>(
      `SELECT count(*) AS due FROM due WHERE organization_id = '${BILLING_ORGANIZATION}' AND kind = 'BILLING' AND subject LIKE 'payer-%'`,
    )
    must(due === ACCOUNTS, `of ${ACCOUNTS} accounts ${due} are due again`)
    const there = new Set(events.map(({ id }) => id))
    for (const id of acknowledged) must(there.has(id), `${id} was acknowledged, and is not there`)
    now = clock
    Object.assign(counts, { billed: numbers.length, days: Math.round((clock - START) / DAY) })
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
  return { prepare, work, hold, settle, counts }
}
