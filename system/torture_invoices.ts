import type { DatabaseSync } from 'node:sqlite'
import { type KeptLedgers, METERED, hundredthsOf, must, textOf } from './torture_events.ts'

/** What the ids of the accounts begin with that are billed for usage and fees alone, so that what they are asked to pay is known. */
export const PAYER = 'payer-'

/** The organization for billing, which has a test clock. */
export const BILLING_ORGANIZATION = 'org.billing'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
/** When the accounts get their plans. */
export const START = Date.UTC(2026, 0, 1)
/** What a cycle costs, whether it is whole or not, in hundredths: what is paid in advance, the fee, and a unit of usage. */
export const [IN_ADVANCE, FEE, UNIT] = [900n, 3000n, 2n]

export const iso = (time: number): string => new Date(time).toISOString()

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
        sequence, sequence_id AS sequenceId, rated, details
       FROM invoices WHERE ${of} ORDER BY account_id, invoice_type, start_at`,
    )
    .all() as unknown as KeptInvoice[]

const readUnits = ({ events, rules }: KeptLedgers): Units => {
  const counted = events
    .filter(({ status }) => status === METERED)
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

/** A line of an invoice as it is kept: the fourth field is its value, or 0 if that is the sum of the lines in the eighth. */
type PackedLine = readonly [type: unknown, id: unknown, text: unknown, value: string | 0, ...rest: unknown[]]

const sumLines = (line: PackedLine): bigint => {
  const [, , , value, , , , lines] = line
  return value === 0 ? ((lines ?? []) as PackedLine[]).reduce((sum, one) => sum + sumLines(one), 0n) : hundredthsOf(value)
}

/** Holds an invoice against what it must come to, where that is known. */
const holdInvoice = (invoice: KeptInvoice, right: bigint | undefined, { statuses, frozen }: SeenInvoices): void => {
  const { id, account, type, status, startAt, total, sequence, sequenceId, rated, details } = invoice
  const what = `${type} ${id} of ${account} from ${iso(startAt)}, which is ${status},`
  const parts = [sequence, sequenceId, details].filter((part) => part !== null).length
  must(parts === 3 || (sequence === null && sequenceId === null), `${what} fell due by half`)
  const hasNumber = parts === 3
  const isDraft = status === 'DRAFT' || status === 'GONE'
  must(hasNumber !== isDraft || status === 'VOID', `${what} has ${hasNumber ? 'a' : 'no'} number`)
  const may = statuses.get(id)
  must(!may || may.has(status) || may.has('DRAFT'), `${what} was made ${[...(may ?? [])].join(' or ')}`)
  const shown = frozen.get(id)
  must(hasNumber || shown === undefined, `${what} was shown as ${shown}`)
  if (!hasNumber) return
  must(right === undefined || hundredthsOf(total) === right, `${what} comes to ${total}, and its events to ${textOf(right ?? 0n)}`)
  const lines = sumLines((JSON.parse(rated) as { tree: PackedLine }).tree)
  must(lines === hundredthsOf(total), `${what} comes to ${total}, and its lines to ${textOf(lines)}`)
  const now = `${sequenceId} ${Number(total)}`
  must(shown === undefined || shown === now, `${what} was shown as ${shown}, and is ${now}`)
}

/** The cycles of an account follow each other, each with an invoice. At the end, nothing that is due by the clock is left to do. */
const holdCycles = (whose: string, invoices: readonly KeptInvoice[], clock: number | undefined): void => {
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

/** Compares the invoices with the events, the answers, the log and each other. `clock` is given when all that is due by it is done. */
export const holdInvoices = (
  database: DatabaseSync,
  kept: KeptLedgers,
  seen: SeenInvoices,
  clock: number | undefined,
): { billed: number; due: number } => {
  const [invoices, units] = [readInvoices(database), readUnits(kept)]
  const ofPayers = invoices.filter(({ account }) => account.startsWith(PAYER))
  for (const invoice of ofPayers) holdInvoice(invoice, totalOf(invoice, units), seen)
  for (const invoice of invoices) if (!invoice.account.startsWith(PAYER)) holdInvoice(invoice, undefined, seen)
  for (const [whose, its] of Map.groupBy(ofPayers, ({ account, type }) => `${type} of ${account}`)) holdCycles(whose, its, clock)
  holdLog(database, invoices)
  const numbers = invoices.flatMap(({ sequence }) => sequence ?? []).toSorted((a, b) => a - b)
  const gap = numbers.findIndex((number, at) => number !== at + 1)
  must(gap < 0, `after ${gap} invoices comes the number ${numbers[gap]}`)
  const last = readOne(database, `SELECT coalesce(max(last), 0) AS value FROM invoice_counters WHERE ${of}`)
  must(last === numbers.length, `${numbers.length} invoices have a number, and the last that was given is ${last}`)
  const due = readOne(database, `SELECT count(*) AS value FROM due WHERE ${of} AND kind = 'BILLING' AND subject LIKE '${PAYER}%'`)
  return { billed: numbers.length, due }
}
