import { type EventFilter, accountKey, askEvents, codeOf, eventLedgersIn, unknownKey } from '../../ledger/client.ts'
import { STATUSES } from '../../ledger/client.ts'
import { FOREVER } from '../../lib/time.ts'
import { type Reader, textsOf, windowOf } from './reading.ts'

/** The most events of a page, which are read with their payloads. */
const PAGE = 1000

/** The place in the reading of events: the ledger, by its name, and its event that was read last. */
type Cursor = readonly [ledger: string, after: EventFilter['after'] | null]

/** The keys under which ledgers know accounts, and names that no account has. */
const keysOf = (names: readonly string[]): string[] => names.flatMap((name) => [accountKey(name), unknownKey(name)])

/** Reads the next events, ledger by ledger, of each the newest first. */
export const readEvents: Reader = async ({ ctx, query, begunAt, owner, generations }, cursor) => {
  const { from, until } = windowOf(query, 'events.event_source_time')
  const ledgers = eventLedgersIn(ctx, await generations(), from, until)
  const [name, after] = (cursor as Cursor | null) ?? [ledgers[0], null]
  if (name === undefined) return { rows: [], next: null }
  const wanted = textsOf(query, 'events.account_id')
  const accounts = owner ? [accountKey(owner.accountId)] : wanted && keysOf(wanted)
  const statuses = textsOf(query, 'events.ingestion_status')?.flatMap((status) => {
    const known = STATUSES.find((one) => one === status)
    return known ? [codeOf(known)] : []
  })
  if (accounts?.length === 0 || statuses?.length === 0 || from >= until) return { rows: [], next: null }
  const ids = textsOf(query, 'events.event_id')
  const filter: EventFilter = {
    limit: PAGE,
    createdUntil: begunAt + 1,
    ...(from > FOREVER.from && { from }),
    ...(until <= FOREVER.until && { until }),
    ...(accounts && { accounts }),
    ...(statuses && { statuses }),
    ...(ids && ids.length <= 100 && { ids }),
    ...(after && { after }),
  }
  const events = await askEvents(ctx, name, (ledger) => ledger.listEvents(filter))
  const last = events.at(-1)
  const next = ledgers[ledgers.indexOf(name) + 1]
  const more: Cursor | null =
    last && events.length === PAGE ? [name, [last.time, last.id, last.reference]] : next === undefined ? null : [next, null]
  return {
    rows: events.map(({ id, time, account, customer, status }) => ({
      'events.event_id': id,
      'events.account_id': account.slice(1),
      'events.customer_id': customer,
      'events.ingestion_status': STATUSES[status] ?? 'UNKNOWN',
      'events.event_source_time': time,
    })),
    next: more,
  }
}
