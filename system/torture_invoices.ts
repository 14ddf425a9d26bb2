import type { DatabaseSync } from 'node:sqlite'
import { type KeptEvent, type KeptLedgers, STATUS } from './ledgers.ts'
import { sumLines } from './torture_lines.ts'
import { hundredthsOf, iso, must, textOf } from './torture_values.ts'

/** What the ids of the accounts begin with that are billed for usage and fees alone, so that what they are asked to pay is known. */
export const PAYER = 'payer-'

/** The organization for billing, which has a test clock. */
export const BILLING_ORGANIZATION = 'org.billing'

/** When the accounts get their plans. */
export const START = Date.UTC(2026, 0, 1)
/** What a cycle costs, whether it is whole or not, in hundredths: what is paid in advance, the fee, and a unit of usage. */
export const [IN_ADVANCE, FEE, UNIT] = [900n, 3000n, 2n]

/** What the answers say of invoices, by their ids. */
export interface SeenInvoices {
  /** The statuses that one may have, by the changes of its status that were answered or lost. */
  statuses: Map<string, ReadonlySet<string>>
  /** The number and the total of one that fell due, which never change. */
  frozen: Map<string, string>
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
  /** Whether what it was reckoned with is kept. */
  isReckoned: 0 | 1
}

/** The units of events that are counted, in hundredths, each with its time. */
type Units = ReadonlyMap<string, readonly (readonly [time: number, hundredths: bigint])[]>

const of = `organization_id = '${BILLING_ORGANIZATION}'`

const readOne = (database: DatabaseSync, query: string): number => Number(database.prepare(query).get()?.['value'])

export const readClock = (database: DatabaseSync): number =>
  readOne(database, `SELECT clock_at AS value FROM organizations WHERE id = '${BILLING_ORGANIZATION}'`)

const readInvoices = (database: DatabaseSync): KeptInvoice[] =>
  database
    .prepare(
      `SELECT id, account_id AS account, invoice_type AS type, status, start_at AS startAt, end_at AS endAt, invoice_at AS invoiceAt, total,
        sequence, sequence_id AS sequenceId, rated, details, basis IS NOT NULL AS isReckoned
       FROM invoices WHERE ${of} ORDER BY account_id, invoice_type, start_at`,
    )
    .all() as unknown as KeptInvoice[]

const readUnits = ({ events, rules }: KeptLedgers): Units => {
  const counted = events
    .filter(({ status }) => status === STATUS.METERED)
    .map((event) => {
      must(rules.has(event.rules ?? ''), `${event.id} has no rules`)
      const [unit = '0'] = JSON.parse(event.units ?? '[]') as string[]
      return { account: event.account.slice(1), unit: [event.time, hundredthsOf(unit)] as const }
    })
  const byAccount = Map.groupBy(counted, ({ account }) => account)
  return new Map([...byAccount].map(([account, its]) => [account, its.map(({ unit }) => unit)]))
}

/** What an invoice comes to: the fee and the events that are counted in its cycle, or what is paid in advance. */
const totalOf = ({ account, type, startAt, endAt }: KeptInvoice, units: Units): bigint => {
  if (type !== 'STANDARD') return IN_ADVANCE
  const counted = (units.get(account) ?? []).filter(([time]) => time >= startAt && time < endAt)
  return counted.reduce((sum, [, hundredths]) => sum + UNIT * hundredths, FEE)
}

/** What an invoice may be that nobody has changed: time makes it DUE. */
const UNCHANGED: ReadonlySet<string> = new Set(['DRAFT'])

/** Holds an invoice against what it must come to, where that is known. */
const holdInvoice = (invoice: KeptInvoice, right: bigint | undefined, { statuses, frozen }: SeenInvoices): void => {
  const { id, account, type, status, startAt, total, sequence, sequenceId, rated, details, isReckoned } = invoice
  const what = `${type} ${id} of ${account} from ${iso(startAt)}, which is ${status},`
  const parts = [sequence, sequenceId, details].filter((part) => part !== null).length
  must(parts === 3 || (sequence === null && sequenceId === null), `${what} fell due by half`)
  const hasNumber = parts === 3
  const isDraft = status === 'DRAFT' || status === 'GONE'
  must(hasNumber !== isDraft || status === 'VOID', `${what} has ${hasNumber ? 'a' : 'no'} number`)
  /** Nobody but the changers of payers changes these; those of buyers are held by what buyers did. */
  const may = statuses.get(id) ?? (right === undefined ? undefined : UNCHANGED)
  must(!may || may.has(status) || (may.has('DRAFT') && status === 'DUE'), `${what} was made ${[...(may ?? [])].join(' or ')}`)
  const shown = frozen.get(id)
  must(hasNumber || shown === undefined, `${what} was shown as ${shown}`)
  if (!hasNumber) return
  must(right === undefined || hundredthsOf(total) === right, `${what} comes to ${total}, and its events to ${textOf(right ?? 0n)}`)
  must(isReckoned || type !== 'STANDARD', `${what} does not say what it was reckoned with`)
  const lines = sumLines(rated)
  must(lines === hundredthsOf(total), `${what} comes to ${total}, and its lines to ${textOf(lines)}`)
  const now = `${sequenceId} ${Number(total)}`
  must(shown === undefined || shown === now, `${what} was shown as ${shown}, and is ${now}`)
}

/** The cycles of an account follow each other, each with an invoice. At the end, nothing that is due by the clock is left to do. */
export const holdCycles = (
  whose: string,
  invoices: readonly Pick<KeptInvoice, 'startAt' | 'endAt' | 'invoiceAt' | 'status'>[],
  clock: number | undefined,
): void => {
  must(invoices.length, `there is no ${whose}`)
  for (const [at, { startAt }] of invoices.entries()) {
    const right = invoices[at - 1]?.endAt ?? START
    must(startAt === right, `after ${iso(right)} the next ${whose} begins at ${iso(startAt)}`)
  }
  if (clock === undefined) return
  const last = invoices.at(-1)
  must(last && last.startAt <= clock && last.endAt > clock, `the last ${whose} ends at ${iso(last?.endAt ?? 0)}, before ${iso(clock)}`)
  const late = invoices.find(({ status, invoiceAt }) => status === 'DRAFT' && invoiceAt <= clock)
  must(!late, `a ${whose} did not fall due at ${iso(late?.invoiceAt ?? 0)}`)
}

/** An event came too late only if its cycle had been closed: its invoice is no draft, or was to be changed, or its grace is over at the latest. */
export const holdLate = (
  { id, account, time }: KeptEvent,
  invoices: readonly Pick<KeptInvoice, 'id' | 'account' | 'type' | 'status' | 'startAt' | 'endAt' | 'invoiceAt'>[],
  latest: number,
  changed: Pick<ReadonlyMap<string, unknown>, 'has'>,
): void => {
  const cycle = invoices.find(
    (one) => `=${one.account}` === account && one.type === 'STANDARD' && one.startAt <= time && one.endAt > time && one.status !== 'GONE',
  )
  const isClosed = cycle && (cycle.status !== 'DRAFT' || cycle.invoiceAt <= latest || changed.has(cycle.id))
  must(isClosed, `${id} of ${account} at ${iso(time)} came too late, and its cycle ${cycle?.id} is ${cycle?.status} at ${iso(latest)}`)
}

/** The audit log tells how each invoice got its status, step by step, once. */
const holdLog = (database: DatabaseSync, invoices: readonly KeptInvoice[]): void => {
  const rows = database
    .prepare(
      `SELECT resource_id AS id, changes ->> '$.status[0]' AS before, changes ->> '$.status[1]' AS after FROM audit_log
       WHERE ${of} AND resource_type = 'INVOICE' AND changes -> '$.status' IS NOT NULL ORDER BY sequence`,
    )
    .all() as unknown as { id: string; before: string | null; after: string }[]
  const told = new Map<string, string>()
  for (const { id, before, after } of rows) {
    must((told.get(id) ?? null) === before, `the audit log says that invoice ${id} was ${told.get(id)}, and then that it was ${before}`)
    told.set(id, after)
  }
  for (const { id, status } of invoices) must(told.get(id) === status, `invoice ${id} is ${status}, and by the audit log ${told.get(id)}`)
  must(told.size === invoices.length, `the audit log knows ${told.size} invoices, and there are ${invoices.length}`)
}

/**
 * Compares the invoices with the events, the answers, the log and each other: of so many payers, each of which is billed for what its events
 * come to. `latest` is where the clock may stand at most. At the end, all that is due by the clock is done.
 */
export const holdInvoices = (
  database: DatabaseSync,
  kept: KeptLedgers,
  seen: SeenInvoices,
  payers: number,
  latest: number,
  isEnd: boolean,
): { billed: number } => {
  const [invoices, units] = [readInvoices(database), readUnits(kept)]
  const ofPayers = invoices.filter(({ account }) => account.startsWith(PAYER))
  for (const invoice of ofPayers) holdInvoice(invoice, totalOf(invoice, units), seen)
  for (const invoice of invoices) if (!invoice.account.startsWith(PAYER)) holdInvoice(invoice, undefined, seen)
  const clock = readClock(database)
  const byKind = Map.groupBy(ofPayers, ({ account, type }) => `${type} of ${account}`)
  for (let n = 0; n < payers; n++)
    for (const type of ['STANDARD', 'STANDARD_ADVANCED']) {
      const whose = `${type} of ${PAYER}${n}`
      holdCycles(whose, byKind.get(whose) ?? [], isEnd ? clock : undefined)
      byKind.delete(whose)
    }
  must(!byKind.size, `there is what nobody is to be billed for: ${[...byKind.keys()][0]}`)
  for (const event of kept.events) if (event.status === STATUS.PAST_GRACE) holdLate(event, ofPayers, latest, seen.statuses)
  holdLog(database, invoices)
  const numbers = invoices.flatMap(({ sequence }) => sequence ?? []).toSorted((a, b) => a - b)
  const gap = numbers.findIndex((number, at) => number !== at + 1)
  must(gap < 0, `after ${gap} invoices comes the number ${numbers[gap]}`)
  const last = readOne(database, `SELECT coalesce(max(last), 0) AS value FROM invoice_counters WHERE ${of}`)
  must(last === numbers.length, `${numbers.length} invoices have a number, and the last that was given is ${last}`)
  for (const { id, sequence, sequenceId } of invoices)
    must(
      sequence === null || Number(sequenceId?.split('-').at(-1)) === sequence,
      `invoice ${id} has the number ${sequence}, and shows ${sequenceId}`,
    )
  const due = readOne(database, `SELECT count(*) AS value FROM due WHERE ${of} AND kind = 'BILLING' AND subject LIKE '${PAYER}%'`)
  must(due === payers, `of ${payers} payers ${due} are due again`)
  return { billed: numbers.length }
}
