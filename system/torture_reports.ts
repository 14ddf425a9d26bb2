import type { DatabaseSync } from 'node:sqlite'
import { type KeptLedgers, STATUS } from './ledgers.ts'
import { BILLING_ORGANIZATION, START } from './torture_invoices.ts'
import type { Request, Send } from './torture_requests.ts'
import { DAY, HOUR, hundredthsOf, iso, must, pick, textOf } from './torture_values.ts'

/** The most accounts that a report names. */
const MOST_NAMED = 1000

/** A report that was asked for: of accounts by their ids, or of the events or the usage before an instant. */
interface Asked {
  request: Request
  of: { accounts: readonly string[] } | { eventsBefore: number } | { usageBefore: number }
  id?: string
  csv?: string
}

const column = (columnName: string) => ({ columnName })
const sortedBy = (columnName: string) => [{ column: column(columnName), sortOrder: 'ASC' }]
const before = (columnName: string, instant: number) => [{ column: column(columnName), operator: 'lt', args: [iso(instant)] }]

const queryOf = (its: Asked['of']) => {
  const limit = 100_000
  if ('accounts' in its)
    return {
      selects: [column('account_id'), column('name'), column('customer_id')],
      queryFilters: [{ column: column('account_id'), operator: 'in', args: its.accounts }],
      baseDataSource: 'accounts',
      sort: sortedBy('account_id'),
      limit,
    }
  if ('eventsBefore' in its)
    return {
      selects: [column('event_id'), column('account_id'), column('event_source_time')],
      queryFilters: before('event_source_time', its.eventsBefore),
      baseDataSource: 'events',
      sort: sortedBy('event_id'),
      limit,
    }
  return {
    selects: [column('account_id'), { ...column('usage_units'), aggregator: 'sum' }],
    queryFilters: before('event_time', its.usageBefore),
    baseDataSource: 'usage',
    sort: sortedBy('account_id'),
    limit,
  }
}

/** An account as the API shows it. */
export interface ShownAccount {
  id: string
  name: string
  customerId: string
}

const usageBefore = ({ events }: KeptLedgers, instant: number): string[] => {
  const sums = new Map<string, bigint>()
  for (const { account, status, time, units } of events) {
    if (status !== STATUS.METERED || time >= instant) continue
    const [unit = '0'] = JSON.parse(units ?? '[]') as string[]
    sums.set(account.slice(1), (sums.get(account.slice(1)) ?? 0n) + hundredthsOf(unit))
  }
  return [...sums].map(([account, hundredths]) => `${account},${textOf(hundredths)}`)
}

/** The rows that a report must have, sorted. */
const rightRows = ({ of }: Asked, kept: KeptLedgers, accounts: ReadonlyMap<string, ShownAccount>): string[] => {
  if ('usageBefore' in of) return usageBefore(kept, of.usageBefore).toSorted()
  if ('eventsBefore' in of) {
    const events = [...kept.events, ...kept.past].filter(({ time }) => time < of.eventsBefore)
    return events.map(({ id, account, time }) => `${id},${account.slice(1)},${time}`).toSorted()
  }
  return of.accounts.map((id) => `${id},${accounts.get(id)?.name},${accounts.get(id)?.customerId}`).toSorted()
}

/** The rows of a CSV, with times and numbers as they are compared. */
const readRows = ({ of, csv = '' }: Asked): string[] => {
  const [, ...lines] = csv.split('\r\n')
  must(lines.pop() === '', `a CSV ends in ${JSON.stringify(csv.slice(-50))}`)
  return lines.map((line) => {
    const [one, other, last = ''] = line.split(',')
    if ('accounts' in of) return line
    return 'usageBefore' in of ? `${one},${textOf(hundredthsOf(other ?? ''))}` : `${one},${other},${Date.parse(last)}`
  })
}

/** Asks for reports while the Worker is killed, and holds their rows against what the API and the ledgers say when all is quiet. */
export const openReports = (send: Send, isKilled: () => boolean, madeAccounts: () => readonly string[]) => {
  const asked: Asked[] = []
  let lost: Asked | undefined
  /** Before this instant no event comes any more. */
  let settledUntil = START

  const choose = (): Asked => {
    const made = madeAccounts()
    const kinds: Asked['of'][] = [
      ...(made.length ? [{ accounts: made.slice(-MOST_NAMED) }] : []),
      ...(settledUntil > START ? [{ eventsBefore: settledUntil }, { usageBefore: settledUntil }] : []),
    ]
    const of = pick(kinds) ?? { eventsBefore: START }
    const name = `report ${asked.length + 1}`
    return {
      of,
      request: { method: 'POST', path: '/reports', body: { name, queryInput: queryOf(of) }, headers: { 'Idempotency-Key': name } },
    }
  }

  const ask = async (report: Asked): Promise<void> => {
    lost = report
    const answer = await send(report.request)
    if (!answer) return
    lost = undefined
    asked.push({ ...report, id: String(answer.body['id']) })
  }

  /** Asks for the next report, or again for one whose answer was lost. */
  const askNext = (): Promise<void> => ask(lost ?? choose())

  /** Notes where the clock stands when nothing is being sent: events that come later are of the last three days before that at most. */
  const noteClock = (clock: number): void => {
    settledUntil = Math.max(settledUntil, Math.floor((clock - 3 * DAY) / HOUR) * HOUR)
  }

  /** Asks again for what was lost, and reads all files. Returns whether there is a report that has not been made yet. */
  const read = async (): Promise<boolean> => {
    if (lost) await ask(lost)
    let isOpen = false
    for (const report of asked) {
      if (report.csv !== undefined || isKilled()) continue
      const { status, preSignedUrl, failureReason } = (await send({ method: 'GET', path: `/reports/${report.id}` }))?.body ?? {}
      must(status !== 'FAILED', `${report.id} has FAILED: ${String(failureReason)}`)
      if (status === 'COMPLETED') report.csv = await (await fetch(String(preSignedUrl))).text()
      else isOpen = true
    }
    return isOpen
  }

  /** Holds the reports at the end. Gives how many rows they have. */
  const hold = (
    database: DatabaseSync,
    kept: KeptLedgers,
    accounts: ReadonlyMap<string, ShownAccount>,
  ): { reports: number; rows: number } => {
    const rows = database
      .prepare(
        `SELECT its.id, its.status, file.id AS file, file.size FROM reports AS its
         LEFT JOIN files AS file ON file.id = its.file_id AND file.organization_id = its.organization_id WHERE its.organization_id = ?`,
      )
      .all(BILLING_ORGANIZATION) as { id: string; status: string; file: string | null; size: number | null }[]
    const byId = new Map(rows.map((row) => [row.id, row]))
    must(rows.length === asked.length, `${asked.length} reports were asked for, and there are ${rows.length}`)
    const files = new Set(rows.map(({ file }) => file))
    const [{ count } = { count: 0 }] = database
      .prepare('SELECT count(*) AS count FROM files WHERE organization_id = ?')
      .all(BILLING_ORGANIZATION) as { count: number }[]
    must(files.size === rows.length && count === rows.length, `${rows.length} reports have ${files.size} files, and there are ${count}`)
    let all = 0
    for (const report of asked) {
      const { status, size } = byId.get(report.id ?? '') ?? {}
      must(status === 'COMPLETED', `${report.id} is ${status}`)
      must(size === Buffer.byteLength(report.csv ?? ''), `the file of ${report.id} is said to have ${size} bytes`)
      const [said, right] = [readRows(report), rightRows(report, kept, accounts)]
      const odd = Math.max(said.length, right.length) && right.concat(said).findIndex((_, at) => said[at] !== right[at])
      const what = `${report.id} of ${Object.keys(report.of)[0]}`
      must(said.length === right.length, `${what} has ${said.length} rows, and ${right.length} are right`)
      must(
        said.length === 0 || said.join('\n') === right.join('\n'),
        `row ${odd + 1} of ${what} is ${said[odd]}, and ${right[odd]} is right`,
      )
      all += said.length
    }
    return { reports: asked.length, rows: all }
  }

  return { askNext, noteClock, read, hold }
}
