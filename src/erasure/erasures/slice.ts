import type { Change } from '../../db/commit.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import type { Due } from '../../db/due.ts'
import type { erasures } from './table.ts'

export type ErasureRow = typeof erasures.$inferSelect

/** What is erased in one commit at a place. */
export interface Slice {
  statements: readonly Statement[]
  changes?: readonly Change[]
  due?: readonly Due[]
  /** How much is erased, by what it is. */
  erased?: Readonly<Record<string, number>>
  /** From where to go on at this place. Undefined if nothing is left here. */
  next?: unknown
  /** Whether something is in the way that ends by itself: the same place is tried again a minute later. */
  waits?: boolean
}

/** Drafts the next slice at a place, from its cursor, which is null at the beginning. */
export type EraseSlice = (ctx: Ctx, erasure: ErasureRow) => Promise<Slice>
