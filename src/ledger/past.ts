import type { Store } from './store.ts'

const COLUMNS = 'id, reference, time, created_at, account, schema, status, source, rules, units, payload, more, request'

/** The columns of a row that is sent as JSON. */
const SENT = `value ->> 0, value ->> 1, value ->> 2, ?2, value ->> 3, value ->> 4, value ->> 5, ?3, value ->> 6,
  nullif(value -> 7, 'null'), nullif(value -> 8, 'null'), nullif(value -> 9, 'null'), value ->> 10`

/** Inserts rows from a JSON list, sorted by id. Rows whose ids are taken are left out. */
export const INSERT_EVENTS = `INSERT INTO event (${COLUMNS}) SELECT ${SENT} FROM jsonb_each(?1) WHERE true ORDER BY value ->> 0
  ON CONFLICT (id) DO NOTHING`

/** Moves the event that has an id to the past events. Its list entries stay. */
export const moveToPast = ({ sql }: Store, id: string): void => {
  sql.exec('DELETE FROM waiting WHERE name = (SELECT substr(account, 2) FROM event WHERE event.id = ?1) AND waiting.id = ?1', id)
  sql.exec('DELETE FROM progress WHERE reference = (SELECT event.reference FROM event WHERE event.id = ?) AND is_undo = 0', id)
  sql.exec(`INSERT INTO past (${COLUMNS}) SELECT ${COLUMNS} FROM event WHERE id = ?`, id)
  sql.exec('DELETE FROM event WHERE id = ?', id)
}

/** Records events without an id of their own, from a JSON list of rows. */
export const insertPast = ({ sql }: Store, sent: string, createdAt: number, source: number): void => {
  sql.exec(`INSERT INTO past (${COLUMNS}) SELECT ${SENT} FROM jsonb_each(?1)`, sent, createdAt, source)
}
