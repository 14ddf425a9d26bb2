import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Statuses of events by their codes, which never change. */
export const STATUS = {
  IN_PROGRESS: 0,
  METERED: 1,
  NOT_METERED: 2,
  NO_MATCHING_METERS: 3,
  PAST_GRACE: 8,
  NO_ACCOUNT: 9,
  DUPLICATE: 10,
  INSUFFICIENT_CREDITS: 13,
  REVERTED: 14,
} as const

/** The folder in which wrangler stores the ledgers of the local Worker, with one file for each. */
const LEDGERS = 'v3/do/togai-local-'

/** Copies the ledgers of a local state to `copy`, with what is not yet written into their files, and opens the copies. One that was killed while it made its tables has none, and is left out. */
const openCopies = (state: string, kind: 'EventLedger' | 'AccountLedger', copy: string, table: string): DatabaseSync[] => {
  const directory = `${join(state, LEDGERS)}${kind}`
  rmSync(copy, { recursive: true, force: true })
  if (existsSync(directory)) cpSync(directory, copy, { recursive: true })
  const names = existsSync(copy) ? readdirSync(copy).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) : []
  return names
    .map((name) => new DatabaseSync(join(copy, name)))
    .filter((database) => database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table))
}

/** What SQLite finds wrong in a file. */
const findDamage = (database: DatabaseSync): string[] => {
  const said = database.prepare('PRAGMA integrity_check').all() as { integrity_check: string }[]
  return said.map((row) => row.integrity_check).filter((line) => line !== 'ok')
}

/** The names that events have added to licences, as the account ledgers have them. */
export const readLicenseNames = (state: string, copy: string): { account: string; name: string; action: number }[] =>
  openCopies(state, 'AccountLedger', copy, 'license_action').flatMap((database) => {
    const rows = database.prepare('SELECT account, name, action FROM license_action').all()
    database.close()
    return rows as { account: string; name: string; action: number }[]
  })

/** Credits of a feature that were granted to an account, and how many of them were taken, as decimal texts. */
export interface KeptEntry {
  account: string
  id: string
  source: string
  granted: string | null
  used: string
}

/** What an event took of which entries, as JSON; null where it takes nothing any more. */
export interface KeptTake {
  reference: string
  account: string
  time: number
  parts: string | null
}

/** The overage of an account in the hour that begins at an instant. */
export interface KeptOverage {
  account: string
  start: number
  units: string
}

/** The credits of all account ledgers of a local state. */
export interface KeptCredits {
  /** The faults that SQLite finds in the files. */
  damage: string[]
  entries: KeptEntry[]
  takes: KeptTake[]
  overage: KeptOverage[]
}

/** Copies the account ledgers of a local state to `copy` and reads the credits of features in the copies. */
export const readCredits = (state: string, copy: string): KeptCredits => {
  const kept: KeptCredits = { damage: [], entries: [], takes: [], overage: [] }
  for (const database of openCopies(state, 'AccountLedger', copy, 'feature_take')) {
    const all = <Row>(query: string) => database.prepare(query).all() as Row[]
    kept.damage.push(...findDamage(database))
    kept.entries.push(...all<KeptEntry>('SELECT account, id, source, granted, used FROM feature_entry'))
    kept.takes.push(...all<KeptTake>('SELECT reference, account, time, parts FROM feature_take'))
    kept.overage.push(...all<KeptOverage>('SELECT account, start, units FROM overage_hour'))
    database.close()
  }
  return kept
}

export interface KeptEvent {
  id: string
  reference: string
  account: string
  schema: string
  status: number
  source: number
  time: number
  rules: string | null
  /** One decimal text for each meter of its rules, as JSON; null where a meter does not count it. */
  units: string | null
  /** The value of its first attribute, as it was sent. Null where that is not kept. */
  value: string | null
  /** How many of the credits that it took are overage. Null where it was not asked for. */
  overage: string | null
}

/** A sum of an account, or of all of them, in a series and the hour or day that begins at an instant. */
export interface KeptSum {
  account: string
  series: string
  start: number
  units: string
  count: number
}

/** The meters that events were counted by, in the order of their units. */
interface KeptRules {
  meters: [id: string, version: number, name: string][]
}

/** The data of all event ledgers of a local state. */
export interface KeptLedgers {
  /** The faults that SQLite finds in the files. */
  damage: string[]
  /** The events that have their ids, and the events that do not, such as repeats. */
  events: KeptEvent[]
  past: KeptEvent[]
  rules: Map<string, KeptRules>
  /** The sums by hour, of each account and, as *, of all. */
  hours: KeptSum[]
  /** The same by day. */
  days: KeptSum[]
  /** The recorded events that are not folded yet. */
  journal: KeptSum[]
  /** The number of unfinished events in progress and corrections. */
  unfinished: number
}

const SHOWN =
  "id, reference, account, schema, status, source, time, rules, units, payload ->> '$.attributes[0].value' AS value, more ->> '$.feature[2]' AS overage"

/** Copies the event ledgers of a local state to `copy` and reads the copies. */
export const readLedgers = (state: string, copy: string): KeptLedgers => {
  const kept: KeptLedgers = {
    damage: [],
    events: [],
    past: [],
    rules: new Map(),
    hours: [],
    days: [],
    journal: [],
    unfinished: 0,
  }
  for (const database of openCopies(state, 'EventLedger', copy, 'event')) {
    const all = <Row>(query: string) => database.prepare(query).all() as Row[]
    kept.damage.push(...findDamage(database))
    for (const row of all<KeptEvent>(`SELECT ${SHOWN} FROM event`)) kept.events.push(row)
    for (const row of all<KeptEvent>(`SELECT ${SHOWN} FROM past`)) kept.past.push(row)
    for (const { name, rules } of all<{ name: string; rules: string }>('SELECT * FROM rule_set'))
      kept.rules.set(name, JSON.parse(rules) as KeptRules)
    for (const row of all<KeptSum>('SELECT account, series, start, units, count FROM sum_hour')) kept.hours.push(row)
    for (const row of all<KeptSum>('SELECT account, series, start, units, count FROM sum_day')) kept.days.push(row)
    for (const { totals } of all<{ totals: string }>('SELECT totals FROM journal'))
      for (const [account, series, start, units, count] of JSON.parse(totals) as [string, string, number, string, number][])
        kept.journal.push({ account, series, start, units, count })
    const [work] = all<{ count: number }>('SELECT (SELECT count(*) FROM progress) + (SELECT count(*) FROM carry) AS count')
    kept.unfinished += work?.count ?? 0
    database.close()
  }
  return kept
}
