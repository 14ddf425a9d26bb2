/*
 * Reports owns queries over what the other domains know, and the files that are made of them.
 * People and other systems read them; nothing else rests on them.
 * Never wrong: that a file has rows of its own organization, and of its account if it has one, and no others.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** What each conflict that the triggers of reports raise says of the values raised with it. */
export const reportConflicts: ConflictWords = {}
