import { compare, formatDecimal } from '../../lib/decimal.ts'
import type { LicenseCard } from '../../rating/card.ts'
import { type Cycle, instantOf } from '../../rating/cycle.ts'
import { type LicenseUse, type LicensedName, foldLicenseEntries, readDays } from '../../rating/licenses.ts'
import type { LicenseEntry } from './schema.ts'

/** A name that has a licence of an add-on. */
export interface NamedUse extends LicensedName {
  licenseId: string
}

/** The licences that are calculated with, counted ones and names, of all add-ons. */
export interface Licenses {
  counted: readonly LicenseEntry[]
  named: readonly NamedUse[]
}

/** The times at which the first and the last of the licences begin; undefined where there are none. */
export const findEntries = ({ counted, named }: Licenses): readonly [first: number, last: number] | undefined => {
  const times = [...counted.map(({ effectiveFrom }) => effectiveFrom), ...named.map(({ from }) => from)]
  return times.length ? [times.reduce((one, other) => Math.min(one, other)), times.reduce((one, other) => Math.max(one, other))] : undefined
}

/** What there is of an add-on. One of unknown type is of names where names are all there is of it. */
const useOf = ({ counted, named }: Licenses, id: string, type: string | undefined): LicenseUse => {
  const [its, names] = [counted.filter(({ licenseId }) => licenseId === id), named.filter(({ licenseId }) => licenseId === id)]
  if (type === 'NAMED_LICENSE' || (type === undefined && names.length && !its.length)) return { names }
  return {
    changes: foldLicenseEntries(
      its.map(({ effectiveFrom: at, quantity }, index) => ({ at, createdAt: index, mode: 'ABSOLUTE', quantity: String(quantity) })),
    ),
  }
}

/** The largest number of licences that counts on a day of a cycle. */
const largestIn = (use: LicenseUse, { start, end }: Cycle): string => {
  const [first, ...others] = readDays(use, start, end)
  const most = others.reduce((one, other) => (other && one && compare(other.quantity, one.quantity) > 0 ? other : one), first)
  return most ? formatDecimal(most.quantity) : '0'
}

/**
 * A licence card with what it is charged for in a cycle as a whole. One that is billed in advance comes to the same as if it were billed
 * at the end of the cycle, with its changes charged or given back: by day where it is prorated, and otherwise the largest number.
 */
export const chargeLicenses = (
  card: LicenseCard,
  { licenses, type, cycle, isProrated }: { licenses: Licenses; type: string | undefined; cycle: Cycle; isProrated: boolean },
): { card: LicenseCard; use: LicenseUse } => {
  const use = useOf(licenses, card.billableId, type)
  const charged = { ...card, isProrated: card.isProrated && isProrated }
  if (card.timing !== 'IN_ADVANCE') return { card: charged, use }
  return {
    card: { ...charged, timing: 'IN_ARREARS' },
    use: charged.isProrated ? use : { changes: [{ at: instantOf(cycle.start), quantity: largestIn(use, cycle) }] },
  }
}
