import { type KeptLedgers, STATUS } from './ledgers.ts'
import { holdCycles, holdLate } from './torture_invoices.ts'
import { USAGE_LINE, findLines, sumLine } from './torture_lines.ts'
import type { MoneyCatalogue } from './torture_money_catalogue.ts'
import { MONEY, type MoneyModel } from './torture_money_model.ts'
import type { KeptInvoice } from './torture_money_tables.ts'
import { hundredthsOf, iso, must, textOf } from './torture_values.ts'

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
    if (event.status === STATUS.PAST_GRACE) continue
    must(event.status === STATUS.METERED && rules.has(event.rules ?? ''), `${id} of ${account} has the status ${event.status}`)
    const [unit = ''] = JSON.parse(event.units ?? '[]') as string[]
    must(hundredthsOf(unit) === value, `${id} of ${account} of ${event.value} is counted as ${unit}`)
  }
  must(!kept.size, `there is an event that nobody sent: ${[...kept.keys()][0]}`)
  const odd = past.find(({ id, status }) => id.startsWith(MONEY) && status !== STATUS.REVERTED)
  must(!odd, `${odd?.id} has another event of the status ${odd?.status}`)
}

/**
 * Holds the usage of buyers: the events against what was answered, and what each cycle that fell due was reckoned with against its events, and
 * its line against their price. The cycles of each buyer follow each other, whatever plans it has; at the end `clock` is given, by which all
 * that is due is done. Gives how many events were corrected.
 */
export const holdBought = (
  model: MoneyModel,
  kept: KeptLedgers,
  invoices: readonly KeptInvoice[],
  { meter, prices }: MoneyCatalogue,
  buyers: readonly string[],
  { clock, latest }: { clock: number | undefined; latest: number },
): number => {
  holdEvents(model, kept)
  const counted = kept.events
    .filter(({ id, status }) => id.startsWith(MONEY) && status === STATUS.METERED)
    .map((event) => ({ account: event.account.slice(1), time: event.time, hundredths: hundredthsOf(event.value ?? '') }))
  const byAccount = Map.groupBy(counted, ({ account }) => account)
  const own = invoices.filter(({ type }) => type === 'STANDARD')
  for (const event of kept.events)
    if (event.id.startsWith(MONEY) && event.status === STATUS.PAST_GRACE) holdLate(event, own, latest, new Map())
  for (const account of buyers) {
    const cycles = own.filter((invoice) => invoice.account === account)
    holdCycles(`cycle of ${account}`, cycles, clock)
    for (const { id, startAt, endAt, usage, sequence, plan, rated } of cycles) {
      if (sequence === null) continue
      const events = (byAccount.get(account) ?? []).filter(({ time }) => time >= startAt && time < endAt)
      const right = events.reduce((sum, { hundredths }) => sum + hundredths, 0n)
      const said = hundredthsOf((JSON.parse(usage ?? '{}') as Record<string, string>)[meter] ?? '0')
      const what = `the invoice ${id} of ${account} from ${iso(startAt)} until ${iso(endAt)}`
      must(said === right, `${what} was reckoned with ${textOf(said)}, and ${events.length} events come to ${textOf(right)}`)
      const price = prices.get(plan ?? '')
      must(price !== undefined, `${what} is of the plan ${plan}`)
      const charged = findLines(rated, USAGE_LINE).reduce((sum, line) => sum + sumLine(line), 0n)
      must(charged === price * right, `${what} charges ${textOf(charged)} for ${textOf(right)} at ${price}`)
    }
  }
  return kept.past.filter(({ id }) => id.startsWith(MONEY)).length
}
