import { foldJournal } from './fold.ts'
import { type Store, chunked } from './store.ts'

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

/** Forgets that accounts changed, of those that have not changed again. */
export const dropChanged = ({ sql }: Store, accounts: readonly ChangedAccount[]): void => {
  for (const sent of chunked(accounts))
    sql.exec('DELETE FROM changed WHERE (account, mark) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))', sent)
}
