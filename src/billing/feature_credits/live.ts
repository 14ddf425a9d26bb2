import type { Ctx } from '../../db/context.ts'
import { askAccounts, balanceOf } from '../../ledger/client.ts'
import { findLedger } from './ask.ts'
import type { FeatureEntryRow } from './table.ts'

/** An entry of credits of a feature. */
type EntryKey = Pick<FeatureEntryRow, 'featureId' | 'id' | 'granted'>

/** Reads what is left of entries of an account, in their order, as decimal texts. Nothing has been taken of those that its ledger does not have yet. */
export const readBalancesOfEntries = async (ctx: Ctx, accountId: string, keys: readonly EntryKey[]): Promise<string[]> => {
  const name = keys.length ? await findLedger(ctx, accountId) : undefined
  const found = name
    ? await askAccounts(ctx, name, (ledger) =>
        ledger.readFeatureEntries(
          accountId,
          keys.map(({ featureId, id }) => [featureId, id]),
        ),
      )
    : []
  return keys.map(({ featureId, id, granted }) => {
    const entry = found.find((its) => its.feature === featureId && its.id === id)
    return (entry ? balanceOf(entry) : granted) ?? '0'
  })
}
