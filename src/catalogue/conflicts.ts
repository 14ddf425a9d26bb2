/*
 * The catalogue owns what can be sold: add-ons and features, and the plans that price them beside usage meters.
 * Plans in force, invoices and entitlements refer to it.
 * Never wrong: what a published price says, from which every amount is reckoned.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** What each conflict that the triggers of the catalogue raise says of the values raised with it. */
export const catalogueConflicts: ConflictWords = {
  ADD_ON_BILLABLE_NAME_TAKEN: {
    field: 'billableName',
    say: (billableName, id) => `the add-on "${id}" is called "${billableName}" already`,
  },
}
