/*
 * Alerts owns what an organization wants to be told of, and the incidents that its checks have opened.
 * Due work checks them, and webhooks tell of incidents.
 * Never wrong: how many incidents there are of a condition that lasts, which is one.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** What the triggers of alerts raise is said in the words of the domains whose accounts, meters and features are watched. */
export const alertConflicts: ConflictWords = {}
