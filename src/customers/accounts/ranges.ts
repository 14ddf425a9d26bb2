import { FOREVER, iso } from '../../lib/time.ts'

/** How many aliases of an account may hold at any instant. */
export const MOST_AT_ONCE = 10

/** How many aliases one request may give to an account. */
export const MOST_IN_A_REQUEST = 50

/** An alias from `from` until just before `until`, in milliseconds. */
export interface AliasRange {
  value: string
  from: number
  until: number
}

/** An alias as it is asked for. One that is `open` begins as far back as it can. */
export interface AskedRange extends AliasRange {
  open: boolean
}

interface Sent {
  aliases?: readonly string[] | undefined
  accountAliases?: readonly { value: string; effectiveFrom?: number | undefined; effectiveUntil?: number | undefined }[] | undefined
}

/** The ranges that a request names: a plain alias holds at all times (behaviour.md, Aliases). */
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

/** The names of the aliases that hold at `instant` (milliseconds). */
export const namesAt = (ranges: readonly AliasRange[], instant: number): string[] =>
  ranges.filter((range) => holdsAt(range, instant)).map(({ value }) => value)

const overlap = (one: AliasRange, other: AliasRange): boolean =>
  one.value === other.value && one.from < other.until && other.from < one.until

/** The indexes of the ranges that overlap an earlier one of the same alias. */
export const repeated = (ranges: readonly AliasRange[]): number[] =>
  ranges.flatMap((range, index) => (ranges.slice(0, index).some((earlier) => overlap(range, earlier)) ? [index] : []))

/** The most ranges that hold at one instant, which is one at which a range begins. */
export const mostAtOnce = (ranges: readonly AliasRange[]): number =>
  Math.max(0, ...ranges.map(({ from }) => ranges.filter((range) => holdsAt(range, from)).length))

/** Since when an account that had `held` has room for `more` aliases: the last instant up to `now` at which it came to have it. */
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

/** How many of the ends of `ranges` have passed at `instant`: while it stays, so do the aliases that hold. */
export const boundariesPassed = (ranges: readonly AliasRange[], instant: number): number =>
  ranges.reduce((passed, { from, until }) => passed + Number(from <= instant) + Number(until <= instant), 0)

/** Ranges as the audit log has them; one that is open has no beginning. */
export const auditRanges = (ranges: readonly (AliasRange & { open?: boolean })[]) =>
  ranges.map(({ value, from, until, open }) => ({ value, ...(!open && { effectiveFrom: iso(from) }), effectiveUntil: iso(until) }))
