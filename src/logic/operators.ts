import { ARITHMETIC } from './arithmetic.ts'
import { COMPARISON } from './comparison.ts'
import { LISTS } from './lists.ts'
import type { Operator } from './operator.ts'
import { TEXTS } from './texts.ts'
import { TIMES } from './times.ts'

/** The operators of the contract's dialect whose arguments are all evaluated first. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map([...ARITHMETIC, ...COMPARISON, ...TEXTS, ...LISTS, ...TIMES])
