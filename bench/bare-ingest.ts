import { DurableObject } from 'cloudflare:workers'
import { newReference, slotOf } from '../src/ledger/client.ts'
import type { EventLedger } from '../src/ledger/event_ledger.ts'

export { AccountLedger } from '../src/ledger/account_ledger.ts'
export { EventLedger } from '../src/ledger/event_ledger.ts'

/** Named in wrangler.toml, and never called here. */
export class WebhookSender extends DurableObject {}

interface Sent {
  id: string
  timestamp: string
  accountId: string
  schemaName: string
  attributes: { value: string }[]
}

const LEDGERS = 4
const HOUR = 3_600_000
const RULES = { schema: ['rides', 1], meters: ['a', 'b', 'c'].map((id) => [`um.${id}`, 1, id]) } as const

type Sum = [account: string, series: string, hour: number, units: number, count: number, first: number, last: number]

const batchOf = (events: readonly Sent[]) => {
  const sums = new Map<string, Sum>()
  const add = (account: string, series: string, time: number, units: number): void => {
    const hour = time - (time % HOUR)
    const key = `${hour} ${series} ${account}`
    const sum = sums.get(key)
    if (!sum) sums.set(key, [account, series, hour, units, 1, time, time])
    else {
      sum[3] += units
      sum[4]++
    }
  }
  const customers: Record<string, string> = {}
  const accounts: Record<string, number> = {}
  const rows = events.map((event) => {
    const time = Date.parse(event.timestamp)
    const account = `=${event.accountId}`
    const value = event.attributes[0]?.value ?? '0'
    customers[account] = 'acme'
    accounts[account] = 1
    add(account, 'e|1|rides', time, 0)
    for (const meter of RULES.meters) add(account, `m|${meter[0]}`, time, Number(value))
    return [event.id, newReference(event.id, time), time, account, event.schemaName, 1, '1/rides', [value, '1', value], event, null, null]
  })
  return {
    head: { version: 1, accounts, customers, ruleSets: { '1/rides': RULES }, createdAt: Date.now(), source: 1, count: rows.length },
    rows: [JSON.stringify(rows)],
    totals: JSON.stringify(Array.from(sums.values(), (sum) => sum.with(3, String(sum[3])))),
    ids: JSON.stringify(rows.map(([id]) => id)),
    first: 0,
    hasRepeats: false,
  }
}

/** A Worker that writes the same rows into the same ledgers, and does nothing else: no framework, no token, no validation, no meters. */
// oxlint-disable-next-line import/no-default-export
export default {
  async fetch(request: Request, _env: object, context: ExecutionContext): Promise<Response> {
    const body = await request.json<{ event?: Sent; events?: Sent[] }>()
    const events = body.events ?? (body.event ? [body.event] : [])
    const groups = Map.groupBy(events, ({ id }) => slotOf(id) % LEDGERS)
    const { EventLedger: ledgers } = context.exports as unknown as { EventLedger: DurableObjectNamespace<EventLedger> }
    await Promise.all(Array.from(groups, ([index, its]) => ledgers.getByName(`bare/event/1/${index}`).record(batchOf(its) as never)))
    return Response.json({ success: true }, { status: 202 })
  },
}
