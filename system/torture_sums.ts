import { type KeptLedgers, type KeptSum, STATUS } from './ledgers.ts'
import { DAY, HOUR, hundredthsOf, must, textOf } from './torture_values.ts'

/** Sums by account, series and start, in hundredths, each with its number of events. */
type Sums = Map<string, { hundredths: bigint; count: number }>

const NOTHING = { hundredths: 0n, count: 0 }

const addTo = (sums: Sums, key: string, hundredths: bigint, count: number): void => {
  const sum = sums.get(key) ?? NOTHING
  sums.set(key, { hundredths: sum.hundredths + hundredths, count: sum.count + count })
}

const keyOf = (account: string, series: string, time: number, length: number): string => `${account} ${series} ${time - (time % length)}`

/** The sums of the stored events, each counted once from its row, by periods of a length in milliseconds. */
const sumEvents = ({ events, past, rules }: KeptLedgers, length: number): Sums => {
  const sums: Sums = new Map()
  for (const { account, status, schema, rules: name, units, time } of [...events, ...past])
    for (const whose of [account, '*']) {
      addTo(sums, keyOf(whose, `e|${status}|${schema}`, time, length), 0n, 1)
      if (status !== STATUS.METERED) continue
      for (const [at, unit] of ((JSON.parse(units ?? '[]') ?? []) as (string | null)[]).entries())
        if (unit !== null) addTo(sums, keyOf(whose, `m|${rules.get(name ?? '')?.meters[at]?.[0]}`, time, length), hundredthsOf(unit), 1)
    }
  return sums
}

/** The sums of the ledgers, of what is folded by hour or by day, and of what is not folded. */
const addSums = (folded: readonly KeptSum[], journal: readonly KeptSum[], length: number): Sums => {
  const sums: Sums = new Map()
  const add = ({ account, series, start, units, count }: KeptSum): void =>
    addTo(sums, keyOf(account, series, start, length), hundredthsOf(units), count)
  for (const sum of folded) add(sum)
  for (const sum of journal) for (const account of [sum.account, '*']) add({ ...sum, account })
  return sums
}

/** Holds the sums of each hour and each day, of each account and of all, against the events. */
export const holdSums = (kept: KeptLedgers): void => {
  for (const [folded, length] of [
    [kept.hours, HOUR],
    [kept.days, DAY],
  ] as const) {
    const [right, said] = [sumEvents(kept, length), addSums(folded, kept.journal, length)]
    for (const key of new Set([...right.keys(), ...said.keys()])) {
      const [one, other] = [right.get(key) ?? NOTHING, said.get(key) ?? NOTHING]
      const isSame = one.hundredths === other.hundredths && one.count === other.count
      must(
        isSame,
        `of ${key} the sums by ${length === DAY ? 'day' : 'hour'} say ${other.count} events of ${textOf(other.hundredths)}, and there are ${one.count} of ${textOf(one.hundredths)}`,
      )
    }
  }
}
