import * as features from './features.ts'
import type { Operation } from './http/operation.ts'

/** Every operation, by its tag. */
export const operations: readonly Operation[] = Object.values(features)
  .flat()
  .toSorted((one, other) => (one.tag < other.tag ? -1 : Number(one.tag > other.tag)))
