import type { Store } from './store.ts'

const COLUMNS = 'id, reference, time, created_at, account, schema, status, source, rules, units, payload, more, request'

/** The columns of a row that is sent as JSON. */
const SENT = `value ->> 0, value ->> 1, value ->> 2, ?2, value ->> 3, value ->> 4, value ->> 5, ?3, value ->> 6,
  nullif(value -> 7, 'null'), nullif(value -> 8, 'null'), nullif(value -> 9, 'null'), value ->> 10`

/** Inserts rows that are sent as a JSON list, in the order of their ids, in which they are kept; those whose ids are held are left out. */
export const INSERT_EVENTS = `INSERT INTO event (${COLUMNS}) SELECT ${SENT} FROM jsonb_each(?1) WHERE true ORDER BY value ->> 0
  ON CONFLICT (id) DO NOTHING`

/** The event that holds an id goes to the past. Its place in the lists stays. */
export const moveToPast = ({ sql }: Store, id: string): void => {
  sql.exec('DELETE FROM waiting WHERE name = (SELECT substr(account, 2) FROM event WHERE event.id = ?1) AND waiting.id = ?1', id)
  sql.exec('DELETE FROM progress WHERE reference = (SELECT event.reference FROM event WHERE event.id = ?) AND is_undo = 0', id)
  sql.exec(`INSERT INTO past (${COLUMNS}) SELECT ${COLUMNS} FROM event WHERE id = ?`, id)
  sql.exec('DELETE FROM event WHERE id = ?', id)
}

/** Records events that hold no id, sent as a JSON list of rows. */
export const insertPast = ({ sql }: Store, sent: string, createdAt: number, source: number): void => {
  sql.exec(`INSERT INTO past (${COLUMNS}) SELECT ${SENT} FROM jsonb_each(?1)`, sent, createdAt, source)
}
