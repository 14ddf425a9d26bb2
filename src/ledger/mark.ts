import { isUnknown } from './entry.ts'
import { type Store, chunked } from './store.ts'

/** Marks that the events of accounts changed. Runs inside a transaction. */
export const markChanged = (store: Store, accounts: Iterable<string>): void => {
  const known = [...new Set(accounts)].filter((account) => !isUnknown(account))
  if (!known.length) return
  const mark = store.marked + 1
  store.marked = mark
  for (const sent of chunked(known))
    store.sql.exec(
      'INSERT INTO changed SELECT value, ? FROM json_each(?) WHERE true ON CONFLICT (account) DO UPDATE SET mark = excluded.mark',
      mark,
      sent,
    )
}
