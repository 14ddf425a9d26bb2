/*
 * Access owns organizations with their test clocks, tokens, the audit log and what is due.
 * Every request passes through it; it calls no other domain.
 * Never wrong: the number of an audit row, and whom a token speaks for.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** The messages of the conflicts that access raises. */
export const accessConflicts: ConflictWords = {
  CLOCK_TOO_LATE: {
    field: 'now',
    say: (instant) => `${instant} has passed, and a past time can be set only while the organization has no events and no schedules`,
  },
}
