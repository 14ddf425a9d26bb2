import type { DatabaseSync } from 'node:sqlite'
import { type KeptLedgers, STATUS } from './ledgers.ts'
import { BILLING_ORGANIZATION, START } from './torture_invoices.ts'
import type { Send } from './torture_requests.ts'
import { openSetup } from './torture_setup.ts'
import { HOUR, hundredthsOf, iso, must, textOf } from './torture_values.ts'

/** How many invoices an incident names at most. */
const MOST_NAMED = 20

/** The alerts of usage: an account, what is worth an incident in hundredths, and how often that is checked, in milliseconds. */
const WATCHED: readonly (readonly [account: string, hundredths: bigint, interval: number])[] = [
  ['payer-0', 20_000n, HOUR / 2],
  ['payer-1', 60_000n, HOUR / 2],
  ['payer-2', 150_000n, 6 * HOUR],
]

interface KeptIncident {
  id: string
  alert: string
  status: string
  validUntil: number | null
  checked: number
  created: number
  updated: number
  observed: string
  invoices: string | null
}

interface KeptInvoice {
  id: string
  account: string
  type: string
  startAt: number
  endAt: number
  invoiceAt: number
  sequence: number | null
  /** Whether it fell due by time with something to pay, and whether it was ever VOID. */
  isByTime: 0 | 1
  wasVoid: 0 | 1
}

const of = `organization_id = '${BILLING_ORGANIZATION}'`

const readIncidents = (database: DatabaseSync): KeptIncident[] =>
  database
    .prepare(
      `SELECT id, alert_id AS alert, status, valid_until AS validUntil, last_checked_at AS checked, created_at AS created,
        updated_at AS updated, report ->> '$.observed' AS observed, report -> '$.invoiceIds' AS invoices
       FROM incidents WHERE ${of} ORDER BY alert_id, created_at, id`,
    )
    .all() as unknown as KeptIncident[]

/** The condition that the audit log has a row of an invoice. */
const isLogged = (condition: string): string =>
  `EXISTS (SELECT 1 FROM audit_log WHERE organization_id = its.organization_id AND resource_type = 'INVOICE' AND resource_id = its.id AND ${condition})`

const readInvoices = (database: DatabaseSync): KeptInvoice[] =>
  database
    .prepare(
      `SELECT id, account_id AS account, invoice_type AS type, start_at AS startAt, end_at AS endAt, invoice_at AS invoiceAt, sequence,
        NOT ${isLogged("changes ->> '$.status[0]' = 'DRAFT' AND operation_id LIKE 'update%'")}
          AND invoice_type NOT IN ('CUSTOM', 'ADHOC_ADVANCED') AND CAST(total AS REAL) > 0 AS isByTime,
        ${isLogged("changes ->> '$.status[1]' = 'VOID'")} AS wasVoid
       FROM invoices AS its WHERE ${of}`,
    )
    .all() as unknown as KeptInvoice[]

/** Of one alert, incidents follow each other: each has ended before the next one begins. */
const holdOneAfterAnother = (incidents: readonly KeptIncident[], clock: number | undefined): void => {
  for (const [alert, its] of Map.groupBy(incidents, (incident) => incident.alert)) {
    const open = its.filter(({ status }) => status === 'OPEN')
    must(open.length < 2, `${alert} has ${open.length} open incidents`)
    for (const [at, { id, status, validUntil, checked, created, updated }] of its.entries()) {
      const next = its[at + 1]
      must(!next || (status === 'CLOSED' && updated <= next.created), `${id} of ${alert} is ${status} when ${next?.id} begins`)
      must(checked >= created && (validUntil === null || checked < validUntil), `${id} of ${alert} was checked last at ${iso(checked)}`)
      const isLate = clock !== undefined && status === 'OPEN' && validUntil !== null && validUntil <= clock
      must(!isLate, `${id} of ${alert} has ended, and is open`)
    }
  }
}

/** The usage of an account: the events that count, and of each from when on it was surely there. */
type Usage = readonly { time: number; hundredths: bigint; sureAt: number }[]

const usageOf = ({ events }: KeptLedgers, account: string, acknowledged: ReadonlyMap<string, number>): Usage =>
  events
    .filter((event) => event.status === STATUS.METERED && event.account === `=${account}` && acknowledged.has(event.id))
    .map(({ id, time, units }) => {
      const [unit = '0'] = JSON.parse(units ?? '[]') as string[]
      return { time, hundredths: hundredthsOf(unit), sureAt: acknowledged.get(id) ?? Infinity }
    })

const sumOf = (usage: Usage): bigint => usage.reduce((sum, { hundredths }) => sum + hundredths, 0n)

/** Opens alerts, and holds their incidents against the events, the cycles and the invoices. */
export const openAlerts = (send: Send) => {
  const usageAlerts: { id: string; account: string; hundredths: bigint; interval: number }[] = []
  let dueAlert = ''
  const setUp = openSetup(send, 'alerts')

  const make = async (body: Record<string, unknown>): Promise<string> =>
    String((await setUp('/alerts', { ...body, status: 'ACTIVE' }))['id'])

  const prepare = async (): Promise<void> => {
    const meters = await send({ method: 'GET', path: '/usage_meters?pageSize=20' })
    const [{ id: meter } = { id: '' }] = (meters?.body['data'] ?? []) as { id: string }[]
    for (const [account, hundredths, interval] of WATCHED) {
      const id = await make({
        alertTemplateId: 'usage-threshold-account',
        interval: interval / 60_000,
        entityDetails: { usageMeter: { id: meter } },
        ownerDetails: { account: { id: account } },
        parameters: { threshold: { value: Number(textOf(hundredths)) } },
      })
      usageAlerts.push({ id, account, hundredths, interval })
    }
    dueAlert = await make({ alertTemplateId: 'invoice-due-organization', interval: 30 })
  }

  /** Each cycle whose usage reached the threshold when it was checked has one incident, and no other cycle has one. */
  const holdUsage = (
    { id, account, hundredths: threshold, interval }: (typeof usageAlerts)[number],
    incidents: readonly KeptIncident[],
    cycles: readonly KeptInvoice[],
    usage: { all: Usage; sure: Usage },
    clock: number | undefined,
  ): void => {
    const own = incidents.filter(({ alert }) => alert === id)
    for (const { startAt, endAt } of cycles) {
      const its = own.filter(({ validUntil }) => validUntil === endAt)
      const what = `the cycle of ${account} from ${iso(startAt)}`
      must(its.length < 2, `${what} has ${its.length} incidents`)
      const isOf = ({ time }: { time: number }): boolean => time >= startAt && time < endAt
      const total = sumOf(usage.all.filter(isOf))
      const [one] = its
      const observed = hundredthsOf(one?.observed ?? '0')
      const isRight = !one || (one.created >= startAt && one.created < endAt && observed <= total && observed >= threshold)
      must(isRight, `${what}, in which ${textOf(total)} were used, has ${one?.id} of ${one?.observed} at ${iso(one?.created ?? 0)}`)
      /** The first check behind the instant that the clock had at most when the events were acknowledged comes within the cycle. */
      const isSeen = (sureAt: number): boolean => START + (Math.floor((sureAt - START) / interval) + 1) * interval < endAt
      const seen = sumOf(usage.sure.filter((event) => isOf(event) && isSeen(event.sureAt)))
      const isOver = clock !== undefined && endAt <= clock
      must(
        !isOver || one || seen < threshold,
        `${what}, in which ${textOf(seen)} of ${textOf(threshold)} were used when it was checked, has no incident`,
      )
    }
    must(
      own.every(({ validUntil }) => cycles.some(({ endAt }) => endAt === validUntil)),
      `an incident of ${id} is of no cycle`,
    )
  }

  /** Each invoice that fell due by time, since there are alerts, is in an incident then, and none is named twice. */
  const holdDue = (incidents: readonly KeptIncident[], invoices: readonly KeptInvoice[], clock: number | undefined): void => {
    const own = incidents.filter(({ alert }) => alert === dueAlert)
    const numbered = new Map(invoices.filter(({ sequence }) => sequence !== null).map((invoice) => [invoice.id, invoice]))
    const named = new Set<string>()
    for (const { id, observed, checked, invoices: said } of own) {
      const ids = JSON.parse(said ?? '[]') as string[]
      must(
        ids.length && ids.length === Math.min(MOST_NAMED, Number(observed)),
        `${id} has seen ${observed} invoices, and names ${ids.length}`,
      )
      for (const one of ids) {
        const invoice = numbered.get(one)
        must(
          invoice && (!invoice.isByTime || invoice.invoiceAt <= checked),
          `${id} of ${iso(checked)} names ${one}, which was not due then`,
        )
        must(!named.has(one), `${one} is named by two incidents`)
        named.add(one)
      }
    }
    if (clock === undefined) return
    for (const { id, invoiceAt, isByTime, wasVoid } of numbered.values()) {
      if (invoiceAt <= START) continue
      /** An incident that lasts names what its last check found, so that it may have named this one before. */
      const mayBeIn = ({ created, checked, observed }: KeptIncident): boolean =>
        created <= invoiceAt && checked >= invoiceAt && (checked > created || Number(observed) > MOST_NAMED)
      must(named.has(id) || own.some(mayBeIn) || !isByTime || wasVoid, `${id}, which fell due at ${iso(invoiceAt)}, is in no incident`)
    }
  }

  /** Holds incidents. `acknowledged` says of events that were answered where the clock was at most then; `clock` is given at the end. */
  const hold = (
    database: DatabaseSync,
    kept: KeptLedgers,
    acknowledged: ReadonlyMap<string, number>,
    clock: number | undefined,
  ): number => {
    const [incidents, invoices] = [readIncidents(database), readInvoices(database)]
    holdOneAfterAnother(incidents, clock)
    const all = new Map(kept.events.map(({ id }) => [id, acknowledged.get(id) ?? Infinity]))
    for (const alert of usageAlerts) {
      const cycles = invoices.filter(({ account, type }) => account === alert.account && type === 'STANDARD')
      const usage = { all: usageOf(kept, alert.account, all), sure: usageOf(kept, alert.account, acknowledged) }
      holdUsage(alert, incidents, cycles, usage, clock)
    }
    holdDue(incidents, invoices, clock)
    return incidents.length
  }

  return { prepare, hold }
}
