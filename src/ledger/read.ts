import type { EventMore, EventShown, RuleSet } from './entry.ts'
import { type Store, chunked } from './store.ts'

interface StoredEvent {
  [column: string]: SqlStorageValue
  id: string
  reference: string
  time: number
  created_at: number
  account: string
  customer: string | null
  schema: string
  status: number
  source: number
  rules: string | null
  units: string | null
  payload: string | null
  more: string | null
}

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json))

const show = (row: StoredEvent): EventShown => ({
  id: row.id,
  reference: row.reference,
  time: row.time,
  createdAt: row.created_at,
  account: row.account,
  customer: row.customer,
  schema: row.schema,
  status: row.status,
  source: row.source,
  rules: parsed(row.rules) as RuleSet | null,
  units: parsed(row.units) as (string | null)[] | null,
  payload: parsed(row.payload) as object | null,
  more: parsed(row.more) as EventMore | null,
})

const READ = `its.id, its.reference, its.time, its.created_at, its.account, account.customer, its.schema, its.status, its.source,
  rule_set.rules, its.units, its.more`
const NAMES = 'LEFT JOIN account ON account.account = its.account LEFT JOIN rule_set ON rule_set.name = its.rules'

const QUERIES = [
  `SELECT ${READ}, its.payload FROM json_each(?) AS sent
   CROSS JOIN event AS its ON its.id = sent.value ->> 0 AND its.reference = sent.value ->> 1 ${NAMES}`,
  `SELECT ${READ}, coalesce(its.payload, holder.payload, former.payload) AS payload FROM json_each(?) AS sent
   CROSS JOIN past AS its ON its.reference = sent.value ->> 1 ${NAMES}
   LEFT JOIN event AS holder ON its.payload IS NULL AND holder.id = its.id AND holder.reference = its.more ->> 'of'
   LEFT JOIN past AS former ON its.payload IS NULL AND former.reference = its.more ->> 'of'`,
]

/** Reads events by their ids and references, in the given order. A repeat without a payload shows that of the event that it repeats. */
export const readEvents = ({ sql }: Store, keys: readonly (readonly [id: string, reference: string])[]): EventShown[] => {
  const found = new Map<string, EventShown>()
  for (const sent of chunked(keys))
    for (const query of QUERIES) for (const row of sql.exec<StoredEvent>(query, sent)) found.set(row.reference, show(row))
  return keys.flatMap(([, reference]) => found.get(reference) ?? [])
}

/** Whether the event with a reference has its id. */
export const isHolder = ({ sql }: Store, id: string, reference: string): boolean =>
  sql.exec<{ found: number }>('SELECT EXISTS (SELECT 1 FROM event WHERE id = ? AND reference = ?) AS found', id, reference).one().found > 0
