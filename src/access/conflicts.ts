/*
 * Access owns organizations, tokens, the audit log and what is due.
 * Every request passes through it; it calls no other domain.
 * Never wrong: the number of an audit row, and whom a token speaks for.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** Access raises no conflict of its own. */
export const accessConflicts: ConflictWords = {}
