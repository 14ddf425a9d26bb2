import { type SumRow, readSums } from './sums.ts'
import type { Store } from './store.ts'

/** Closes the times of an account from `from` until before `until` (milliseconds), and gives what its meters add up to in them; nothing is added to them from then on. */
export const closeAndSum = (store: Store, account: string, from: number, until: number): SumRow[] => {
  store.transaction(() => {
    store.sql.exec(
      'INSERT INTO closing VALUES (?1, ?2, ?3) ON CONFLICT (account, since) DO UPDATE SET until = max(until, excluded.until)',
      account,
      from,
      until,
    )
  })
  store.closedUntil = Math.max(store.closedUntil, until)
  return readSums(store, { from, until, period: 'ALL', kind: 'm', accounts: [account], byAccount: true })
}

/** Lifts a closing whose invoice was not frozen. */
export const liftClosing = (store: Store, account: string, from: number): void => {
  store.sql.exec('DELETE FROM closing WHERE account = ? AND since = ?', account, from)
  store.closedUntil = store.sql.exec<{ value: number | null }>('SELECT max(until) AS value FROM closing').one().value ?? 0
}
