import type { Place } from './place.ts'
import type { Run } from './run.ts'
import type { Data, Value } from './values.ts'

/** An operator whose arguments are all evaluated first. */
export interface Operator {
  /** The allowed numbers of arguments. If left out, any number. */
  readonly takes?: ArgumentCount
  readonly apply: (values: readonly Value[], run: Run, data: Data) => Value
}

export type Operators = readonly (readonly [name: string, operator: Operator])[]

export interface ArgumentCount {
  readonly allows: (count: number) => boolean
  readonly expected: string
}

export const exactly = (wanted: number): ArgumentCount => ({
  allows: (count) => count === wanted,
  expected: `exactly ${wanted} arguments`,
})

export type Evaluate = (run: Run, data: Data) => Value

/** A compiled part of a rule. */
export interface Part {
  readonly evaluate: Evaluate
  /** Its value, if it does not depend on data. */
  readonly constant?: { readonly value: Value }
  /** Its items, if it is a list in the rule. */
  readonly items?: readonly Part[]
}

/** An operator that evaluates its arguments itself. */
export interface LazyOperator {
  readonly takes?: ArgumentCount
  /** `refuse` ends compiling: the rule can never be evaluated. */
  readonly compile: (parts: readonly Part[], place: Place, refuse: (message: string) => never) => Evaluate
}
