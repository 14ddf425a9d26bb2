/*
 * Entitlements say what accounts may use, and let events use it.
 * Backends call it before they let a customer in; billing grants what it counts, and the ledgers of accounts keep it.
 * Never wrong: no unit is taken without its event, and none is taken twice.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** No trigger raises a conflict of entitlements: the ledgers decide. */
export const entitlementConflicts: ConflictWords = {}
