import { type FeatureEntry, balanceOf } from '../../ledger/client.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import type { FeatureCreditEntry } from './schema.ts'

export const statusOf = ({ isVoid, until }: Pick<FeatureEntry, 'isVoid' | 'until'>, now: number): FeatureCreditEntry['status'] =>
  isVoid ? 'VOIDED' : until <= now ? 'EXPIRED' : 'ACTIVE'

export const showEntry = (entry: FeatureEntry, now: number): FeatureCreditEntry => {
  const { id, source, from, until, granted, used } = entry
  const balance = balanceOf(entry)
  return {
    id,
    source: source as FeatureCreditEntry['source'],
    status: statusOf(entry, now),
    effectiveFrom: iso(from),
    effectiveUntil: iso(until),
    ...(granted !== null && balance !== undefined && { granted: jsonNumber(granted), balance: jsonNumber(balance) }),
    used: jsonNumber(used),
  }
}
