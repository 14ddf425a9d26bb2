import type { KeptCredits, KeptEntry, KeptEvent, KeptTake } from './ledgers.ts'
import { IN_PROGRESS, METERED, hundredthsOf, must, textOf } from './torture_events.ts'

/** Statuses by their codes, which never change. */
export const [NOT_METERED, SHORT] = [2, 13] as const
const NO_MATCHING_METERS = 3
/** The statuses of events that have taken what they need. */
const TAKEN = new Set<number | undefined>([METERED, NOT_METERED, NO_MATCHING_METERS])

const HOUR = 3_600_000

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
  if (status === IN_PROGRESS) return
  must(TAKEN.has(status) || status === SHORT, `${what} cannot have that`)
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
export const holdTakes = ({ entries, takes, overage }: KeptCredits, events: readonly KeptEvent[], isEnd: boolean) => {
  const kept = new Map(takes.map((take) => [take.reference, take]))
  must(kept.size === takes.length, `${takes.length - kept.size} events have takes in two ledgers`)
  const isOf = new Set(entries.filter(({ source }) => source === 'OVERAGE').map(({ account, id }) => `${account} ${id}`))
  const [used, hours]: [Sums, Sums] = [new Map(), new Map()]
  const byReference = new Map(events.map((event) => [event.reference, event]))
  for (const take of takes) {
    const { reference, account, time, parts } = take
    const status = byReference.get(reference)?.status
    const isRight = parts === null ? status === undefined || status === IN_PROGRESS : TAKEN.has(status) || status === IN_PROGRESS
    must(isRight, `${reference} of ${account} took ${parts}, and its event has ${status === undefined ? 'gone' : `the status ${status}`}`)
    must(!isEnd || status !== IN_PROGRESS, `${reference} of ${account} is in progress`)
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
