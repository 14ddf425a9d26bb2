import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type HourKey, type Hours, accountKey, askAll, askEvents, eventLedgersIn, meterSeries } from '../../ledger/client.ts'
import { sumDecimals } from '../../lib/decimal.ts'
import { type Reader, needs, textsOf, windowOf } from './reading.ts'
import { compareTexts } from './values.ts'

/** The most sums that each ledger answers at once. */
const PAGE = 2000

const compareKeys = (one: HourKey, other: HourKey): number =>
  compareTexts(one[0], other[0]) || compareTexts(one[1], other[1]) || one[2] - other[2]

/** Up to where every ledger was read. Null if all were read to their ends. */
const readByAll = (answers: readonly Hours[]): HourKey | null =>
  answers.reduce<HourKey | null>((least, { read }) => (read && (!least || compareKeys(read, least) < 0) ? read : least), null)

/** Adds up the same hour of several ledgers, up to a place. */
const addUp = (answers: readonly Hours[], read: HourKey | null) => {
  const sums = new Map<string, { key: HourKey; units: string[] }>()
  for (const [account, series, start, units] of answers.flatMap(({ rows }) => rows)) {
    const key: HourKey = [account, series, start]
    if (read && compareKeys(key, read) > 0) continue
    const name = JSON.stringify(key)
    const known = sums.get(name)
    if (known) known.units.push(units)
    else sums.set(name, { key, units: [units] })
  }
  return [...sums.values()].toSorted((one, other) => compareKeys(one.key, other.key))
}

/** Reads the customers of accounts. */
export const readCustomers = async ({ session, organizationId }: Ctx, accountIds: readonly string[]): Promise<Map<string, string>> => {
  const rows = await session.rows<{ id: string; customerId: string }>(
    selectRows(sql`
      select its.id, its.customer_id as customerId from json_each(${JSON.stringify([...new Set(accountIds)])}) as sent
      cross join accounts as its on its.organization_id = ${organizationId} and its.id = sent.value`),
  )
  return new Map(rows.map(({ id, customerId }) => [id, customerId]))
}

/** Reads what meters have counted by hour, account by account: each ledger has a part of each hour. */
export const readUsage: Reader = async ({ ctx, query, owner, generations }, cursor) => {
  const window = windowOf(query, 'usage.event_time')
  const accounts = owner ? [owner.accountId] : textsOf(query, 'usage.account_id')
  const meters = textsOf(query, 'usage.billable_id')
  if (accounts?.length === 0 || meters?.length === 0 || window.from >= window.until) return { rows: [], next: null }
  const ledgers = eventLedgersIn(ctx, await generations(), window.from, window.until)
  const asked = {
    ...window,
    limit: PAGE,
    ...(accounts && { accounts: accounts.map(accountKey) }),
    ...(meters && { series: meters.map(meterSeries) }),
    ...(cursor !== null && { after: cursor as HourKey }),
  }
  const answers = await askAll(ledgers, (name) => askEvents(ctx, name, (ledger) => ledger.listHours(asked)))
  const next = readByAll(answers)
  const sums = addUp(answers, next)
  const customers = needs(query, 'usage.customer_id')
    ? await readCustomers(
        ctx,
        sums.map(({ key: [account] }) => account.slice(1)),
      )
    : undefined
  return {
    rows: sums.map(({ key: [account, series, start], units }) => ({
      'usage.account_id': account.slice(1),
      'usage.customer_id': customers?.get(account.slice(1)) ?? null,
      'usage.billable_id': series.slice(2),
      'usage.usage_units': sumDecimals(units),
      'usage.event_time': start,
    })),
    next,
  }
}
