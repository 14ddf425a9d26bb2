import { foldJournal } from './fold.ts'
import { type Store, chunked, writeState } from './store.ts'

/** An account whose events changed, by its key, with the mark of its last change. */
export type ChangedAccount = [account: string, mark: number]

/** The accounts whose events changed and that have not been dropped since, the longest waiting first: of some accounts, by key, or of all. */
export const readChanged = (store: Store, limit: number, accounts?: readonly string[]): ChangedAccount[] => {
  foldJournal(store)
  const { sql } = store
  const rows = accounts
    ? chunked([...new Set(accounts)]).flatMap((sent) =>
        sql
          .exec<{ account: string; mark: number }>(
            'SELECT its.account, its.mark FROM json_each(?) AS sent CROSS JOIN changed AS its ON its.account = sent.value LIMIT ?',
            sent,
            limit,
          )
          .toArray(),
      )
    : sql.exec<{ account: string; mark: number }>('SELECT account, mark FROM changed ORDER BY mark LIMIT ?', limit).toArray()
  return rows.slice(0, limit).map(({ account, mark }) => [account, mark])
}

/** Forgets that accounts changed, of those that have not changed again. The last mark is kept, so that it is not given to a later change. */
export const dropChanged = (store: Store, accounts: readonly ChangedAccount[]): void =>
  store.transaction(() => {
    writeState(store, 'dropped_mark', store.marked)
    for (const sent of chunked(accounts))
      store.sql.exec('DELETE FROM changed WHERE (account, mark) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))', sent)
  })
