import { isUnknown } from './entry.ts'
import { type Store, chunked } from './store.ts'

/** Marks that the events of accounts changed. Runs inside a transaction. */
export const markChanged = ({ sql }: Store, accounts: Iterable<string>): void => {
  const known = [...new Set(accounts)].filter((account) => !isUnknown(account))
  for (const sent of chunked(known))
    sql.exec(
      `INSERT INTO changed SELECT value, (SELECT coalesce(max(mark), 0) + 1 FROM changed) FROM json_each(?) WHERE true
       ON CONFLICT (account) DO UPDATE SET mark = excluded.mark`,
      sent,
    )
}
