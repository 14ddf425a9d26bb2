import { isUnknown } from './entry.ts'
import { type Store, chunked } from './store.ts'

let marks = 0

/** A number that no other change has, and that is larger than those of the milliseconds before. */
const nextMark = (): number => {
  marks = (marks + 1) % 1024
  return Date.now() * 1024 + marks
}

/** Marks that the events of accounts changed. Runs inside a transaction. */
export const markChanged = ({ sql }: Store, accounts: Iterable<string>): void => {
  const known = [...new Set(accounts)].filter((account) => !isUnknown(account))
  const mark = nextMark()
  for (const sent of chunked(known))
    sql.exec(
      'INSERT INTO changed SELECT value, ? FROM json_each(?) WHERE true ON CONFLICT (account) DO UPDATE SET mark = excluded.mark',
      mark,
      sent,
    )
}
