/*
 * Alerts owns what an organization wants to be told of, and the incidents that its checks have opened.
 * Due work checks them, and webhooks tell of incidents.
 * Never wrong: how many incidents there are of a condition that lasts, which is one.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** What each conflict that the triggers of alerts raise says of the values raised with it. */
export const alertConflicts: ConflictWords = {
  WATCHED_NOT_FOUND: { code: 'NOT_FOUND', say: (noun, id) => `the ${noun} "${id}" does not exist` },
  WATCHED_ARCHIVED: { say: (noun, id) => `the ${noun} "${id}" is archived` },
}
