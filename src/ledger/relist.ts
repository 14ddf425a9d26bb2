import type { EventShown } from './entry.ts'
import type { Store } from './store.ts'

/** Changes the status and the account of an event in the lists. */
export const relistEvent = ({ sql }: Store, { id, reference, time, account }: EventShown, status: number, next = account): void => {
  const place = [-time, id, reference]
  sql.exec('UPDATE timeline SET status = ?, account = ? WHERE back = ? AND id = ? AND reference = ?', status, next, ...place)
  if (next === account) {
    sql.exec('UPDATE listing SET status = ? WHERE account = ? AND back = ? AND id = ? AND reference = ?', status, account, ...place)
    return
  }
  sql.exec(
    `INSERT OR REPLACE INTO listing SELECT ?1, back, id, reference, schema, ?2 FROM listing
     WHERE account = ?3 AND back = ?4 AND id = ?5 AND reference = ?6`,
    next,
    status,
    account,
    ...place,
  )
  sql.exec('DELETE FROM listing WHERE account = ? AND back = ? AND id = ? AND reference = ?', account, ...place)
}
