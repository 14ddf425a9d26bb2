import { FOREVER, iso } from '../../lib/time.ts'

/** The most aliases of an account that can be in effect at any instant. */
export const MOST_AT_ONCE = 10

/** The most aliases that a request can give to an account. */
export const MOST_IN_A_REQUEST = 50

/** An alias from `from` until just before `until`, in milliseconds. */
export interface AliasRange {
  value: string
  from: number
  until: number
}

/** An alias of a request. An `open` alias applies as far back as possible. */
export interface AskedRange extends AliasRange {
  open: boolean
}

interface Sent {
  aliases?: readonly string[] | undefined
  accountAliases?: readonly { value: string; effectiveFrom?: number | undefined; effectiveUntil?: number | undefined }[] | undefined
}

/** The ranges of the aliases in a request. A plain alias is always in effect (behaviour.md, Aliases). */
export const rangesOf = ({ aliases = [], accountAliases = [] }: Sent): AskedRange[] => [
  ...aliases.map((value) => ({ value, ...FOREVER, open: true })),
  ...accountAliases.map(({ value, effectiveFrom, effectiveUntil = FOREVER.until }) => ({
    value,
    from: effectiveFrom ?? FOREVER.from,
    until: effectiveUntil,
    open: effectiveFrom === undefined,
  })),
]

export const holdsAt = ({ from, until }: AliasRange, instant: number): boolean => from <= instant && instant < until

/** The names of the aliases that are in effect at `instant` (milliseconds). */
export const namesAt = (ranges: readonly AliasRange[], instant: number): string[] =>
  ranges.filter((range) => holdsAt(range, instant)).map(({ value }) => value)

const areOverlapping = (one: AliasRange, other: AliasRange): boolean =>
  one.value === other.value && one.from < other.until && other.from < one.until

/** The indexes of the ranges that overlap an earlier one of the same alias. */
export const repeated = (ranges: readonly AliasRange[]): number[] =>
  ranges.flatMap((range, index) => (ranges.slice(0, index).some((earlier) => areOverlapping(range, earlier)) ? [index] : []))

/** The largest number of ranges that are in effect at the same instant. It is enough to look at the starts of ranges. */
export const mostAtOnce = (ranges: readonly AliasRange[]): number =>
  Math.max(0, ...ranges.map(({ from }) => ranges.filter((range) => holdsAt(range, from)).length))

/** The last instant up to `now` since which an account with the aliases `held` has room for `more` aliases. */
export const roomSince = (held: readonly AliasRange[], more: number, now: number): number => {
  const boundaries = held
    .filter(({ from, until }) => from < until && from <= now)
    .flatMap(({ from, until }) => [
      { at: from, by: 1 },
      { at: until, by: -1 },
    ])
    .toSorted((one, other) => one.at - other.at || one.by - other.by)
  let since: number = FOREVER.from
  let count = 0
  for (const { at, by } of boundaries) {
    if (by < 0 && at <= now && count + more > MOST_AT_ONCE) since = at
    count += by
  }
  return since
}

/** The number of starts and ends of `ranges` that have passed at `instant`. While it stays the same, so do the aliases in effect. */
export const boundariesPassed = (ranges: readonly AliasRange[], instant: number): number =>
  ranges.reduce((passed, { from, until }) => passed + Number(from <= instant) + Number(until <= instant), 0)

/** The form of ranges in the audit log. An open range has no beginning. */
export const auditRanges = (ranges: readonly (AliasRange & { open?: boolean })[]) =>
  ranges.map(({ value, from, until, open }) => ({ value, ...(!open && { effectiveFrom: iso(from) }), effectiveUntil: iso(until) }))
