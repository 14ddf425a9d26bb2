import { accessConflicts } from './access/conflicts.ts'
import { catalogueConflicts } from './catalogue/conflicts.ts'
import { customerConflicts } from './customers/conflicts.ts'
import type { ConflictWords } from './db/conflicts.ts'
import { meteringConflicts } from './metering/conflicts.ts'

/** The words of every conflict that the database raises, by its code. */
export const conflicts: ConflictWords = { ...accessConflicts, ...customerConflicts, ...meteringConflicts, ...catalogueConflicts }
