import type { LicenseCard } from '../../rating/card.ts'
import { keepPaidDays, largestSoFar } from '../../rating/advance.ts'
import type { Cycle } from '../../rating/cycle.ts'
import type { LicenseChange, LicenseUse, LicensedName } from '../../rating/licenses.ts'

/** How many licences of an add-on there are from an instant on. */
export interface CountedUse extends LicenseChange {
  licenseId: string
}

/** A name that has a licence of an add-on. */
export interface NamedUse extends LicensedName {
  licenseId: string
}

/** The licences that are calculated with, counted ones and names, of all add-ons. */
export interface Licenses {
  counted: readonly CountedUse[]
  named: readonly NamedUse[]
}

/** The times at which the first and the last of the licences begin; undefined where there are none. */
export const findEntries = ({ counted, named }: Licenses): readonly [first: number, last: number] | undefined => {
  const times = [...counted.map(({ at }) => at), ...named.map(({ from }) => from)]
  return times.length ? [times.reduce((one, other) => Math.min(one, other)), times.reduce((one, other) => Math.max(one, other))] : undefined
}

/** Moves the times of all licences. */
export const moveLicenses = ({ counted, named }: Licenses, move: (time: number) => number): Licenses => ({
  counted: counted.map((use) => ({ ...use, at: move(use.at) })),
  named: named.map((use) => ({ ...use, from: move(use.from), until: use.until === null ? null : move(use.until) })),
})

/** What counts in a time range (milliseconds) of the licences of an add-on: as many as there are when it begins, and the changes in it. */
export const cutChanges = (
  licenseId: string,
  changes: readonly LicenseChange[],
  { start, end }: { start: number; end: number },
): CountedUse[] => {
  const before = changes.findLast(({ at }) => at <= start)
  const within = changes.filter(({ at }) => at > start && at < end)
  return [...(before ? [{ ...before, at: start }] : []), ...within].map((change) => ({ licenseId, ...change }))
}

/** What there is of an add-on. One of unknown type is of names where names are all there is of it. */
export const useOf = ({ counted, named }: Licenses, id: string, type: string | undefined): LicenseUse => {
  const [its, names] = [counted.filter(({ licenseId }) => licenseId === id), named.filter(({ licenseId }) => licenseId === id)]
  if (type === 'NAMED_LICENSE' || (type === undefined && names.length && !its.length)) return { names }
  return { changes: its.toSorted((one, other) => one.at - other.at) }
}

/**
 * A licence card with what it is charged for in a cycle as a whole: `cycles` says in which, counted licences and names. One that is billed in advance comes to the same as if it were billed
 * at the end of the cycle, with its changes charged or given back: by day where it is prorated, and otherwise the largest number so far.
 */
export const chargeLicenses = (
  card: LicenseCard,
  { licenses, type, cycles }: { licenses: Licenses; type: string | undefined; cycles: Readonly<Record<keyof Licenses, Cycle>> },
): { card: LicenseCard; use: LicenseUse; cycle: Cycle } => {
  const use = useOf(licenses, card.billableId, type)
  const cycle = 'names' in use ? cycles.named : cycles.counted
  if (card.timing !== 'IN_ADVANCE') return { card, use, cycle }
  return {
    card: { ...card, timing: 'IN_ARREARS' },
    use: card.isProrated ? keepPaidDays(use, cycle.start) : largestSoFar(use, cycle, card.usageCycle),
    cycle,
  }
}
