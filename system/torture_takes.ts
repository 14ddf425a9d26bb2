import { type KeptCredits, type KeptEntry, type KeptEvent, type KeptTake, STATUS } from './ledgers.ts'
import { HOUR, hundredthsOf, must, textOf } from './torture_values.ts'

/** The statuses of events that have taken what they need. */
const TAKEN = new Set<number | undefined>([STATUS.METERED, STATUS.NOT_METERED, STATUS.NO_MATCHING_METERS])

/** What an account is granted, by source, in hundredths: each once. */
export const GRANTED: readonly (readonly [source: string, hundredths: bigint])[] = [
  ['OVERAGE', 300n],
  ['PRICE_PLAN', 500n],
  ['PRICE_PLAN', 700n],
]

/** Hundredths by name. */
type Sums = Map<string, bigint>

const addTo = (sums: Sums, name: string, hundredths: bigint): unknown => sums.set(name, (sums.get(name) ?? 0n) + hundredths)

const partsOf = ({ parts }: KeptTake): [entry: string, hundredths: bigint][] =>
  (JSON.parse(parts ?? '[]') as [string, string][]).map(([entry, units]) => [entry, hundredthsOf(units)])

const sumOf = (parts: readonly (readonly [unknown, bigint])[]): bigint => parts.reduce((sum, [, hundredths]) => sum + hundredths, 0n)

const holdEntry = ({ account, id, granted, used }: KeptEntry, taken: bigint): void => {
  const what = `of ${id} of ${account}, which grants ${granted},`
  const right = hundredthsOf(used)
  must(right === taken, `${what} ${used} are used, and events took ${textOf(taken)}`)
  must(right >= 0n && right <= hundredthsOf(granted ?? ''), `${what} ${used} are used`)
}

/** An account has been granted all that its plan grants, each once, or nothing yet. */
const holdGrants = (entries: readonly KeptEntry[]): void => {
  const right = GRANTED.map(([source, hundredths]) => `${source} ${hundredths}`).join(', ')
  for (const [account, its] of Map.groupBy(entries, (entry) => entry.account)) {
    const said = its.map(({ source, granted }) => `${source} ${hundredthsOf(granted ?? '')}`).toSorted()
    must(said.join(', ') === right, `${account} has been granted ${said.join(', ')}, and its plan grants ${right}`)
  }
}

/** An event has taken what it needs if it counts, and nothing if it does not. What it gives back may be less than it says. */
const holdEvent = (event: KeptEvent, take: KeptTake | undefined, isOverage: (entry: string) => boolean): void => {
  const { id, reference, account, status, time, value } = event
  const [needed, parts] = [hundredthsOf(value ?? ''), take && partsOf(take)]
  const [taken, isKept] = [sumOf(parts ?? []), take !== undefined && take.parts !== null]
  const what = `${id} (${reference}) of ${account}, which needs ${value} and has the status ${status},`
  if (status === STATUS.IN_PROGRESS) return
  must(TAKEN.has(status) || status === STATUS.INSUFFICIENT_CREDITS, `${what} cannot have that`)
  must(isKept === (TAKEN.has(status) && needed !== 0n), `${what} has ${isKept ? 'a' : 'no'} take`)
  if (!take || !isKept) return
  must(`=${take.account}` === account && take.time === time, `${what} takes of ${take.account} at ${take.time}, and is of ${time}`)
  must(needed > 0n ? taken === needed : taken <= 0n && taken >= needed, `${what} took ${textOf(taken)}`)
  must(
    parts?.every(([, part]) => needed > 0n === part > 0n),
    `${what} took ${take.parts}`,
  )
  const overage = sumOf((parts ?? []).filter(([entry]) => isOverage(entry)))
  must(hundredthsOf(event.overage ?? '0') === overage, `${what} says that ${event.overage} is overage, and took ${take.parts}`)
}

/**
 * Compares the credits of accounts with the events that take them: after a kill, or when everything is settled. Gives how many takes there
 * are, and how many of them give back.
 */
export const holdTakes = ({ damage, entries, takes, overage }: KeptCredits, events: readonly KeptEvent[], isEnd: boolean) => {
  must(!damage.length, `a ledger of accounts is damaged: ${damage[0]}`)
  const kept = new Map(takes.map((take) => [take.reference, take]))
  must(kept.size === takes.length, `${takes.length - kept.size} events have takes in two ledgers`)
  const isOf = new Set(entries.filter(({ source }) => source === 'OVERAGE').map(({ account, id }) => `${account} ${id}`))
  const [used, hours]: [Sums, Sums] = [new Map(), new Map()]
  const byReference = new Map(events.map((event) => [event.reference, event]))
  for (const take of takes) {
    const { reference, account, time, parts } = take
    const status = byReference.get(reference)?.status
    const isRight =
      parts === null ? status === undefined || status === STATUS.IN_PROGRESS : TAKEN.has(status) || status === STATUS.IN_PROGRESS
    must(isRight, `${reference} of ${account} took ${parts}, and its event has ${status === undefined ? 'gone' : `the status ${status}`}`)
    must(!isEnd || status !== STATUS.IN_PROGRESS, `${reference} of ${account} is in progress`)
    for (const [entry, hundredths] of partsOf(take)) {
      addTo(used, `${account} ${entry}`, hundredths)
      if (isOf.has(`${account} ${entry}`)) addTo(hours, `${account} ${time - (time % HOUR)}`, hundredths)
    }
  }
  for (const event of events) holdEvent(event, kept.get(event.reference), (entry) => isOf.has(`${event.account.slice(1)} ${entry}`))
  for (const entry of entries) {
    holdEntry(entry, used.get(`${entry.account} ${entry.id}`) ?? 0n)
    used.delete(`${entry.account} ${entry.id}`)
  }
  must(!used.size, `events took of what was never granted: ${[...used.keys()][0]}`)
  for (const { account, start, units } of overage) addTo(hours, `${account} ${start}`, -hundredthsOf(units))
  const wrong = [...hours].find(([, hundredths]) => hundredths !== 0n)
  must(!wrong, `in the hour ${wrong?.[0]} events took ${textOf(wrong?.[1] ?? 0n)} of overage more than the ledger says`)
  holdGrants(entries)
  const real = takes.filter(({ parts }) => parts !== null)
  return { takes: real.length, back: real.filter((take) => sumOf(partsOf(take)) < 0n).length }
}

/** What an event was refused for: how many credits it needs. */
export interface Refused {
  id: string
  account: string
  hundredths: bigint
}

/**
 * Holds that what was refused needed more than its account had left at least, in the end: what it was granted, without all that was taken of
 * it. What was taken back, which was `most` at most each time, may have been missing in between.
 */
export const holdRefused = ({ takes }: KeptCredits, refused: readonly Refused[], most: bigint): void => {
  const granted = sumOf(GRANTED)
  const taken: Sums = new Map()
  for (const take of takes) {
    const parts = partsOf(take).filter(([, hundredths]) => hundredths > 0n)
    addTo(taken, take.account, take.parts === null ? most : sumOf(parts))
  }
  for (const { id, account, hundredths } of refused) {
    const left = granted - (taken.get(account) ?? 0n)
    must(hundredths > left, `${id} of ${account} was refused ${textOf(hundredths)}, though ${textOf(left)} were left at least`)
  }
}
