import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Where wrangler keeps the event ledgers of the local Worker, under its --persist-to. */
const LEDGERS = 'v3/do/togai-local-EventLedger'

interface KeptEvent {
  id: string
  reference: string
  account: string
  schema: string
  status: number
  time: number
  rules: string | null
  /** One decimal text for each meter of its rules, as JSON; null where a meter does not count it. */
  units: string | null
}

/** A sum of a ledger over all its accounts, by series and hour. */
export interface KeptSum {
  account: string
  series: string
  start: number
  units: string
  count: number
}

/** What all event ledgers of a local state hold together. */
export interface KeptLedgers {
  ledgers: number
  /** What SQLite finds wrong with the files. */
  damage: string[]
  /** Those that hold their ids, and those that do not: repeats. */
  events: KeptEvent[]
  past: KeptEvent[]
  /** Names of meters' ids by rule set. */
  rules: Map<string, { meters: [id: string, version: number, name: string][] }>
  hours: KeptSum[]
  days: KeptSum[]
  /** What is recorded and not yet folded: totals as they were sent. */
  journal: KeptSum[]
  waiting: number
  progress: number
  carried: number
}

/** Copies the event ledgers of a local state to `copy`, with what is not yet written into their files, and reads the copies. */
export const readLedgers = (state: string, copy: string): KeptLedgers => {
  const directory = join(state, LEDGERS)
  rmSync(copy, { recursive: true, force: true })
  if (existsSync(directory)) cpSync(directory, copy, { recursive: true })
  const names = existsSync(copy) ? readdirSync(copy).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) : []
  const kept: KeptLedgers = {
    ledgers: 0,
    damage: [],
    events: [],
    past: [],
    rules: new Map(),
    hours: [],
    days: [],
    journal: [],
    waiting: 0,
    progress: 0,
    carried: 0,
  }
  for (const name of names) {
    const database = new DatabaseSync(join(copy, name))
    const all = <Row>(query: string) => database.prepare(query).all() as Row[]
    kept.damage.push(
      ...all<{ integrity_check: string }>('PRAGMA integrity_check').flatMap(({ integrity_check: said }) => (said === 'ok' ? [] : [said])),
    )
    const columns = 'id, reference, account, schema, status, time, rules, units'
    /** A ledger that was killed while it made its tables has none. */
    if (all<{ name: string }>("SELECT name FROM sqlite_master WHERE name = 'event'").length) {
      kept.ledgers++
      kept.events.push(...all<KeptEvent>(`SELECT ${columns} FROM event`))
      kept.past.push(...all<KeptEvent>(`SELECT ${columns} FROM past`))
      for (const row of all<{ name: string; rules: string }>('SELECT * FROM rule_set')) kept.rules.set(row.name, JSON.parse(row.rules))
      kept.hours.push(...all<KeptSum>('SELECT * FROM sum_hour'))
      kept.days.push(...all<KeptSum>('SELECT * FROM sum_day'))
      for (const { totals } of all<{ totals: string }>('SELECT totals FROM journal'))
        for (const [account, series, start, units, count] of JSON.parse(totals) as [string, string, number, string, number][])
          kept.journal.push({ account, series, start, units, count })
      const counted = all<{ waiting: number; progress: number; carried: number }>(
        `SELECT (SELECT count(*) FROM event WHERE status = 9) AS waiting, (SELECT count(*) FROM event WHERE status = 0) AS progress,
          (SELECT count(*) FROM carry) AS carried`,
      )[0]
      kept.waiting += counted?.waiting ?? 0
      kept.progress += counted?.progress ?? 0
      kept.carried += counted?.carried ?? 0
    }
    database.close()
  }
  return kept
}
