import { randomInt } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { KeptLedgers } from './ledgers.ts'
import { openAlerts } from './torture_alerts.ts'
import { type MadeEndpoint, type Receiver, holdArrivals } from './torture_arrivals.ts'
import { type ShownAccount, openReports } from './torture_reports.ts'
import type { Request, Send } from './torture_requests.ts'
import { openSetup } from './torture_setup.ts'
import { type Event, holdDeliveries } from './torture_told.ts'
import { must, pick } from './torture_values.ts'

const [MAKERS, PATHS] = [3, ['/good', '/ill']] as const
/** A pause of a maker and of the one who asks for reports, at most, in milliseconds. */
const [MAKER_PAUSE, REPORT_PAUSE] = [400, 3000]
/** How far the time of the Worker is moved on at the end, behind all waits of what was tried in a run, and how long all may take to arrive then, in milliseconds. */
const [SHIFT, MOST] = [20 * 60_000, 120_000]
/** When nothing has come for so long, in milliseconds, nobody sends any more. */
const QUIET = 1500

type Shown = Record<string, unknown>

/** Something that was made, as it was answered. */
interface Made {
  name: string
  id: string
  shown: Shown
}

/** What the lists of the API show, each with the event that tells of its items. */
const LISTS: readonly (readonly [path: string, name: string, isTold: (item: Shown) => boolean])[] = [
  ['/customers', 'customer.created', () => true],
  ['/accounts', 'account.created', () => true],
  ['/invoices', 'invoice.generated', ({ sequenceId }) => sequenceId !== undefined],
  ['/payments', 'payment.recorded', () => true],
  ['/incidents', 'incident.generated', () => true],
  ['/reports', 'report.generated', () => true],
]

/** Sends webhooks to a receiver that is often ill, opens alerts and asks for reports while the Worker is killed, and checks what came of it. */
export const openWebhookLoad = (send: Send, isKilled: () => boolean, receiver: Receiver) => {
  const counts = { told: 0, tries: 0, made: 0, incidents: 0, reports: 0, rows: 0 }
  const makers = Array.from({ length: MAKERS }, (): { lost?: Request | undefined } => ({}))
  const made: Made[] = []
  const listed = new Map<string, Shown[]>()
  const endpoints: MadeEndpoint[] = []
  let shiftedAt = Infinity
  let named = 0
  const idsOf = (name: string): string[] => made.filter((one) => one.name === name).map(({ id }) => id)
  const alerts = openAlerts(send)
  const reports = openReports(send, isKilled, () => idsOf('account.created'))

  /** Makes the endpoints, before anything else is made. */
  const prepare = async (): Promise<void> => {
    const setUp = openSetup(send, 'webhooks')
    for (const to of PATHS) {
      const { id, secret } = await setUp('/webhook_endpoints', { url: receiver.url + to })
      endpoints.push({ to, id: String(id), secret: String(secret) })
    }
  }

  const choose = (): Request => {
    const id = `told-${++named}`
    const headers = { 'Idempotency-Key': id }
    const customer = pick(idsOf('customer.created'))
    if (customer !== undefined && randomInt(2))
      return { method: 'POST', path: '/accounts', body: { id, name: `Account ${named}`, customerId: customer }, headers }
    const body = {
      id,
      name: `Customer ${named}`,
      primaryEmail: 'told@example.com',
      address: {},
      account: { id: `${id}-first`, name: 'First' },
    }
    return { method: 'POST', path: '/customers', body, headers }
  }

  const make = async (maker: (typeof makers)[number]): Promise<void> => {
    const request = (maker.lost ??= choose())
    const answer = await send(request)
    if (!answer) return
    maker.lost = undefined
    const { account, ...shown } = answer.body as Shown & { account?: Shown }
    const name = request.path === '/customers' ? 'customer.created' : 'account.created'
    made.push({ name, id: String(shown['id']), shown })
    if (account) made.push({ name: 'account.created', id: String(account['id']), shown: account })
  }

  const keepMaking = async (maker: (typeof makers)[number]): Promise<void> => {
    for (; !isKilled(); await wait(randomInt(MAKER_PAUSE))) await make(maker)
  }

  const keepAsking = async (): Promise<void> => {
    for (; !isKilled(); await wait(randomInt(REPORT_PAUSE))) await reports.askNext()
  }

  /** `clock` is where the clock of the organization stands when all clients begin. */
  const work = (clock: number) => {
    reports.noteClock(clock)
    return [...makers.map(keepMaking), keepAsking()]
  }

  const isPending = async ({ id }: MadeEndpoint): Promise<boolean> => {
    const answer = await send({ method: 'GET', path: `/webhook_endpoints/${id}/deliveries?status=PENDING&pageSize=1` })
    return ((answer?.body['data'] ?? []) as unknown[]).length > 0
  }

  /** The last delivery that was made for the first endpoint, which is told what the others are told. */
  const readNewest = async (): Promise<unknown> => {
    const answer = await send({ method: 'GET', path: `/webhook_endpoints/${endpoints[0]?.id}/deliveries?pageSize=1` })
    return ((answer?.body['data'] ?? []) as Shown[])[0]?.['id']
  }

  const becomeQuiet = async (): Promise<void> => {
    await receiver.catchUp()
    while (Date.now() - (receiver.list().at(-1)?.at ?? 0) < QUIET) await wait(100)
  }

  const readList = async (path: string): Promise<Shown[]> => {
    const items: Shown[] = []
    for (let query: string | undefined = 'pageSize=50'; query !== undefined;) {
      const { data, nextToken } = ((await send({ method: 'GET', path: `${path}?${query}` }))?.body ?? {}) as {
        data: Shown[]
        nextToken?: string
      }
      items.push(...data)
      query = nextToken === undefined ? undefined : `nextToken=${encodeURIComponent(nextToken)}`
    }
    return items
  }

  /**
   * Sends again what was lost, and runs the cron until all reports are made and all deliveries have arrived. For that the receiver becomes well,
   * and when all is told of which there is to tell, the cron is told a time behind all waits: what is made then would wait for the objects that
   * send, whose time is not moved on.
   */
  const settle = async (runCron: (at?: number) => Promise<void>): Promise<void> => {
    const from = Date.now()
    const goOn = (what: string): void => must(Date.now() - from < MOST, `${what} after ${MOST / 1000} s`)
    for (const maker of makers) if (maker.lost) await make(maker)
    while (await reports.read()) {
      goOn('there are reports that were not made')
      await runCron()
    }
    receiver.heal()
    let [before, newest]: unknown[] = []
    do {
      goOn('there are changes that are not told')
      await runCron()
      ;[before, newest] = [newest, await readNewest()]
    } while (newest !== before)
    await becomeQuiet()
    shiftedAt = Date.now()
    do {
      goOn('there are deliveries that are PENDING')
      await runCron(Date.now() + SHIFT)
    } while ((await Promise.all(endpoints.map(isPending))).some(Boolean))
    for (const [path] of LISTS) listed.set(path, await readList(path))
    await becomeQuiet()
  }

  const holdLists = (told: readonly Event[], bodies: ReadonlyMap<string, string>): void => {
    const data = new Map(
      [...bodies.values()]
        .map((body) => JSON.parse(body) as { type: string; data: Shown })
        .map((one) => [`${one.type} ${String(one.data['id'])}`, one.data]),
    )
    for (const { name, id, shown } of made) {
      const its = data.get(`${name} ${id}`)
      must(its, `${name} of ${id} was answered, and is not told`)
      const odd = Object.keys(shown).find((field) => field in its && !isDeepStrictEqual(shown[field], its[field]))
      must(odd === undefined, `${name} of ${id} tells ${odd} as ${JSON.stringify(its[odd ?? ''])}`)
    }
    for (const [path, name, isTold] of LISTS) {
      const right = (listed.get(path) ?? []).filter(isTold).map(({ id }) => String(id))
      const said = told.filter((one) => one.name === name).map(({ id }) => id)
      must(right.toSorted().join() === said.toSorted().join(), `${path} lists ${right.length}, and ${said.length} events tell ${name}`)
    }
  }

  /**
   * Compares the database with what arrived, the events and the answers: after a kill, or at the end. `clock` is given at the end.
   * `acknowledged` says of events of usage where the clock was at most when they were answered.
   */
  const hold = (database: DatabaseSync, kept: KeptLedgers, acknowledged: ReadonlyMap<string, number>, clock?: number): void => {
    const isEnd = clock !== undefined
    const arrived = new Map(endpoints.map((endpoint) => [endpoint.to, holdArrivals(receiver, endpoint, shiftedAt)]))
    const { told, bodies } = holdDeliveries(database, endpoints, arrived, isEnd)
    counts.incidents = alerts.hold(database, kept, acknowledged, clock)
    Object.assign(counts, { told: told.length, tries: receiver.list().length, made: made.length })
    if (!isEnd) return
    holdLists(told, bodies)
    const accounts = (listed.get('/accounts') ?? []) as unknown as ShownAccount[]
    Object.assign(counts, reports.hold(database, kept, new Map(accounts.map((account) => [account.id, account]))))
  }

  return { prepare, prepareAlerts: alerts.prepare, work, settle, hold, counts }
}
