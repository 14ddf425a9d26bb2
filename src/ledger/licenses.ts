import type { LicenseAct } from './entry.ts'

/** A name of a licence of an account from one instant until just before another one, in milliseconds; null while it lasts. */
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

const ORDER = 'ORDER BY account, license, name, time, reference'

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
  return spansOf(actions).some(({ until }) => until === null || until > time)
}

/** Does what an event asks of a licence, once: ABSENT where a name is to be removed that is not there at that time. */
export const applyLicense = (sql: SqlStorage, act: LicenseAct): 'DONE' | 'ABSENT' => {
  const { account, license, name, time, reference, action } = act
  const isDone = sql.exec<{ n: number }>('SELECT count(*) AS n FROM license_action WHERE reference = ?', reference).one().n > 0
  if (isDone) return 'DONE'
  if (action === -1 && !isActive(sql, act)) return 'ABSENT'
  sql.exec('INSERT INTO license_action VALUES (?, ?, ?, ?, ?, ?)', account, license, name, time, reference, action)
  return 'DONE'
}

/** Takes back what an event did to a licence. */
export const revertLicense = (sql: SqlStorage, reference: string): void => {
  sql.exec('DELETE FROM license_action WHERE reference = ?', reference)
}

/** The names that are active at any instant from `from` until before `until` (milliseconds), of some accounts or of all of the ledger. */
export const readLicenses = (sql: SqlStorage, from: number, until: number, accounts: readonly string[] | undefined): NamedLicense[] => {
  const actions = accounts
    ? sql.exec<ActionRow>(
        `SELECT its.* FROM json_each(?) AS sent CROSS JOIN license_action AS its ON its.account = sent.value WHERE its.time < ? ${ORDER}`,
        JSON.stringify(accounts),
        until,
      )
    : sql.exec<ActionRow>(`SELECT * FROM license_action WHERE time < ? ${ORDER}`, until)
  return spansOf(actions).filter((span) => span.until === null || span.until > from)
}
