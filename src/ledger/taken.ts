import { ENTITLED, codeOf } from './entry.ts'
import { type Store, chunked, takeVersion } from './store.ts'

/** How long an id is taken, in milliseconds (the contract: 45 days). */
export const TAKEN_FOR = 45 * 86_400_000

/** An event that is about to be recorded in a later generation: request is the digest of its Idempotency-Key, its place under that and its content. */
export type AskedEvent = readonly [id: string, reference: string, request: string | null]

/** What a ledger of a former generation knows of events: the references of the events that hold their ids, and which of them it has recorded itself, by their own references. */
export interface TakenIds {
  holders: Record<string, string>
  recorded: string[]
  /** The references of the holders that are kept only if there are enough credits, which is not known yet. */
  open: string[]
  /** The accounts of the holders whose payloads were deleted or erased, by their references. */
  bare: Record<string, string>
}

const IN_PROGRESS = codeOf('INGESTION_IN_PROGRESS')

interface Holder {
  [column: string]: SqlStorageValue
  id: string
  reference: string
  created_at: number
  request: string | null
  status: number
  source: number
  account: string
  is_bare: number
}

/** The references and requests of some that events have which hold no id. */
const readPast = ({ sql }: Store, column: 'reference' | 'request', names: readonly string[]): string[] =>
  chunked(names).flatMap((sent) =>
    sql
      .exec<{ name: string }>(
        `SELECT past.${column} AS name FROM json_each(?) AS sent CROSS JOIN past ON past.${column} = sent.value`,
        sent,
      )
      .toArray()
      .map(({ name }) => name),
  )

/** Of events, those whose ids are taken at `now` (milliseconds), and those that were recorded here before. */
export const findTaken = (store: Store, events: readonly AskedEvent[], version: number, now: number): TakenIds => {
  takeVersion(store, version)
  const holders = new Map(
    chunked([...new Set(events.map(([id]) => id))]).flatMap((sent) =>
      store.sql
        .exec<Holder>(
          `SELECT event.id, event.reference, event.created_at, event.request, event.status, event.source, event.account, event.payload = 'null' AS is_bare
           FROM json_each(?) AS sent CROSS JOIN event ON event.id = sent.value`,
          sent,
        )
        .toArray()
        .map((holder) => [holder.id, holder] as const),
    ),
  )
  const references = new Set(
    readPast(
      store,
      'reference',
      events.map(([, reference]) => reference),
    ),
  )
  const requests = new Set(
    readPast(
      store,
      'request',
      events.flatMap(([, , request]) => request ?? []),
    ),
  )
  const isRecorded = ([id, reference, request]: AskedEvent): boolean => {
    const holder = holders.get(id)
    return (
      holder?.reference === reference ||
      references.has(reference) ||
      (request !== null && (holder?.request === request || requests.has(request)))
    )
  }
  return {
    holders: Object.fromEntries(
      [...holders.values()].filter(({ created_at }) => created_at > now - TAKEN_FOR).map(({ id, reference }) => [id, reference]),
    ),
    recorded: events.filter(isRecorded).map(([, reference]) => reference),
    open: [...holders.values()].flatMap(({ status, source, reference }) =>
      status === IN_PROGRESS && source === ENTITLED ? [reference] : [],
    ),
    bare: Object.fromEntries(
      [...holders.values()].filter(({ is_bare }) => is_bare === 1).map(({ reference, account }) => [reference, account]),
    ),
  }
}

/** The request for which an Idempotency-Key was claimed, by its fingerprint; undefined where it was not in the last 45 days. */
export const readKey = ({ sql }: Store, key: string, now: number): string | undefined => {
  const [found] = sql
    .exec<{ fingerprint: string }>('SELECT fingerprint FROM request_key WHERE key = ? AND created_at > ?', key, now - TAKEN_FOR)
    .toArray()
  return found?.fingerprint
}

/** Claims an Idempotency-Key for a request, of which the first fingerprint is kept: SAME where it was claimed for one of them, OTHER for another. Keys are kept 45 days. */
export const claimKey = (store: Store, key: string, fingerprints: readonly string[], now: number): 'NEW' | 'SAME' | 'OTHER' =>
  store.transaction(() => {
    const found = readKey(store, key, now)
    if (found !== undefined) return fingerprints.includes(found) ? 'SAME' : 'OTHER'
    store.sql.exec('INSERT OR REPLACE INTO request_key VALUES (?, ?, ?)', key, fingerprints[0] ?? '', now)
    return 'NEW'
  })

/** Gives the Idempotency-Key of a request back that was refused and has left nothing, so that another one can have it. */
export const releaseKey = ({ sql }: Store, key: string, fingerprints: readonly string[]): void => {
  sql.exec('DELETE FROM request_key WHERE key = ? AND fingerprint IN (SELECT value FROM json_each(?))', key, JSON.stringify(fingerprints))
}
