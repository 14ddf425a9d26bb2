import type { LicenseAct } from './entry.ts'
import { chunked } from './store.ts'

/** A name of a licence that is active from one instant until just before another, in milliseconds. Null if it has no end. */
export interface NamedLicense {
  account: string
  license: string
  name: string
  from: number
  until: number | null
}

interface ActionRow {
  [column: string]: SqlStorageValue
  account: string
  license: string
  name: string
  time: number
  action: number
}

/** At the same instant, additions come before removals, no matter in which order they arrived. */
const ORDER = 'ORDER BY account, license, name, time, action DESC'

/** The spans in which names are active, of actions in the order of their names and times: a name that is added while it is active stays as it is, and so does one that is removed while it is not. */
const spansOf = (actions: Iterable<ActionRow>): NamedLicense[] => {
  const spans: NamedLicense[] = []
  for (const { account, license, name, time, action } of actions) {
    const last = spans.at(-1)
    const open = last?.account === account && last.license === license && last.name === name && last.until === null ? last : undefined
    if (action === 1 && !open) spans.push({ account, license, name, from: time, until: null })
    if (action === -1 && open) open.until = time
  }
  return spans.filter(({ from, until }) => until === null || from < until)
}

const isActive = (sql: SqlStorage, { account, license, name, time }: LicenseAct): boolean => {
  const actions = sql.exec<ActionRow>(
    `SELECT * FROM license_action WHERE account = ? AND license = ? AND name = ? AND time <= ? ${ORDER}`,
    account,
    license,
    name,
    time,
  )
  return spansOf(actions).some(({ until }) => until === null)
}

const readAction = (sql: SqlStorage, reference: string): number | undefined =>
  sql.exec<{ action: number }>('SELECT action FROM license_action WHERE reference = ?', reference).toArray()[0]?.action

/**
 * Does what an event asks of a licence, once: ABSENT where a name is to be removed that is not there at that time, or where the event was
 * taken back before. It answers the same whenever it is asked again.
 */
export const applyLicense = (sql: SqlStorage, act: LicenseAct): 'DONE' | 'ABSENT' => {
  const { account, license, name, time, reference } = act
  const before = readAction(sql, reference)
  if (before !== undefined) return before === 0 ? 'ABSENT' : 'DONE'
  const action = act.action === 1 || isActive(sql, act) ? act.action : 0
  sql.exec('INSERT INTO license_action VALUES (?, ?, ?, ?, ?, ?)', account, license, name, time, reference, action)
  return action === 0 ? 'ABSENT' : 'DONE'
}

/** Thrown to undo what was only tried. */
const UNDONE = new Error('it was only tried')

/** What acts would return, one after another, if they were applied now. Nothing is kept. */
export const tryLicenses = (storage: DurableObjectStorage, acts: readonly LicenseAct[]): ('DONE' | 'ABSENT')[] => {
  let outcomes: ('DONE' | 'ABSENT')[] = []
  try {
    storage.transactionSync(() => {
      outcomes = acts.map((act) => applyLicense(storage.sql, act))
      throw UNDONE
    })
  } catch (error) {
    if (error !== UNDONE) throw error
  }
  return outcomes
}

/** Reverts the action of an event on a licence, and refuses it if it arrives later. */
export const revertLicense = (sql: SqlStorage, reference: string): void => {
  if (readAction(sql, reference) === undefined) sql.exec("INSERT INTO license_action VALUES ('', '', '', 0, ?, 0)", reference)
  else sql.exec('UPDATE license_action SET action = 0 WHERE reference = ?', reference)
}

/** The names that are active at any instant from `from` until before `until` (milliseconds), of some accounts or of all of the ledger. */
export const readLicenses = (sql: SqlStorage, from: number, until: number, accounts: readonly string[] | undefined): NamedLicense[] => {
  const actions = accounts
    ? chunked([...new Set(accounts)]).flatMap((sent) =>
        sql
          .exec<ActionRow>(
            `SELECT its.* FROM json_each(?) AS sent CROSS JOIN license_action AS its ON its.account = sent.value WHERE its.action <> 0 ${ORDER}`,
            sent,
          )
          .toArray(),
      )
    : sql.exec<ActionRow>(`SELECT * FROM license_action WHERE action <> 0 ${ORDER}`)
  return spansOf(actions).filter((span) => span.from < until && (span.until === null || span.until > from))
}
