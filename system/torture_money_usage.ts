import { type KeptLedgers, METERED, hundredthsOf, must, textOf } from './torture_events.ts'
import { iso } from './torture_invoices.ts'
import { USAGE_LINE, linesOf, valueOf } from './torture_money_conserved.ts'
import { MONEY, type MoneyModel } from './torture_money_model.ts'
import type { KeptInvoice } from './torture_money_tables.ts'

/** Statuses by their codes, which never change. */
const [PAST_GRACE, REVERTED] = [8, 14] as const

/** Each event that was answered is there once, as it was last corrected, or not any more; and no other one is. */
const holdEvents = ({ events: known }: MoneyModel, { events, past, rules }: KeptLedgers): void => {
  const kept = new Map(events.filter(({ id }) => id.startsWith(MONEY)).map((event) => [event.id, event]))
  for (const { id, account, time, may } of known.values()) {
    const event = kept.get(id)
    const said = [...may].map((one) => (one === undefined ? 'nothing' : textOf(one))).join(' or ')
    if (!event) {
      must(may.has(undefined), `${id} of ${account} is to be ${said}, and is not there`)
      continue
    }
    const value = hundredthsOf(event.value ?? '')
    must(may.has(value), `${id} of ${account} is to be ${said}, and is ${event.value}`)
    must(`=${account}` === event.account && time === event.time, `${id} of ${account} is there as one of ${event.account} at ${event.time}`)
    kept.delete(id)
    if (event.status === PAST_GRACE) continue
    must(event.status === METERED && rules.has(event.rules ?? ''), `${id} of ${account} has the status ${event.status}`)
    const [unit = ''] = JSON.parse(event.units ?? '[]') as string[]
    must(hundredthsOf(unit) === value, `${id} of ${account} of ${event.value} is counted as ${unit}`)
  }
  must(!kept.size, `there is an event that nobody sent: ${[...kept.keys()][0]}`)
  const odd = past.find(({ id, status }) => id.startsWith(MONEY) && status !== REVERTED)
  must(!odd, `${odd?.id} has another event of the status ${odd?.status}`)
}

/** The cycles of a buyer follow each other, whatever plans it has. */
const holdCycles = (account: string, cycles: readonly KeptInvoice[], start: number): void => {
  for (const [at, { id, startAt }] of cycles.entries()) {
    const right = cycles[at - 1]?.endAt ?? start
    must(startAt === right, `after ${iso(right)} the next cycle of ${account} begins at ${iso(startAt)} (${id})`)
  }
}

/** What is known of plans: the price of a unit of each, in its currency. */
export type Prices = ReadonlyMap<string, bigint>

/**
 * Holds the usage of buyers: the events against what was answered, and what each cycle that fell due was reckoned with against its events, and
 * its line against their price. Gives how many events were corrected.
 */
export const holdBought = (
  model: MoneyModel,
  kept: KeptLedgers,
  invoices: readonly KeptInvoice[],
  { meter, prices, start }: { meter: string; prices: Prices; start: number },
): number => {
  holdEvents(model, kept)
  const counted = kept.events
    .filter(({ id, status }) => id.startsWith(MONEY) && status === METERED)
    .map((event) => ({ account: event.account.slice(1), time: event.time, hundredths: hundredthsOf(event.value ?? '') }))
  const byAccount = Map.groupBy(counted, ({ account }) => account)
  const own = invoices.filter(({ account, type }) => account.startsWith('buyer-') && type === 'STANDARD')
  for (const [account, cycles] of Map.groupBy(own, (invoice) => invoice.account)) {
    holdCycles(account, cycles, start)
    for (const { id, startAt, endAt, usage, sequence, plan, rated } of cycles) {
      if (sequence === null) continue
      const events = (byAccount.get(account) ?? []).filter(({ time }) => time >= startAt && time < endAt)
      const right = events.reduce((sum, { hundredths }) => sum + hundredths, 0n)
      const said = hundredthsOf((JSON.parse(usage ?? '{}') as Record<string, string>)[meter] ?? '0')
      const what = `the invoice ${id} of ${account} from ${iso(startAt)} until ${iso(endAt)}`
      must(said === right, `${what} was reckoned with ${textOf(said)}, and ${events.length} events come to ${textOf(right)}`)
      const price = prices.get(plan ?? '')
      must(price !== undefined, `${what} is of the plan ${plan}`)
      const charged = linesOf(rated, USAGE_LINE).reduce((sum, line) => sum + valueOf(line), 0n)
      must(charged === price * right, `${what} charges ${textOf(charged)} for ${textOf(right)} at ${price}`)
    }
  }
  return kept.past.filter(({ id }) => id.startsWith(MONEY)).length
}
