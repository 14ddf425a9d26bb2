import type { Ctx } from '../../db/context.ts'
import type { FeatureEntryRow } from './table.ts'

/** An entry of credits of a feature. */
export type EntryKey = Pick<FeatureEntryRow, 'featureId' | 'id' | 'granted'>

/** What is left of entries of credits of features of an account, in their order, as decimal texts: all of them, as long as nothing takes of them. */
export const readFeatureEntries = (_ctx: Ctx, _accountId: string, keys: readonly EntryKey[]): Promise<string[]> =>
  Promise.resolve(keys.map(({ granted }) => granted ?? '0'))
