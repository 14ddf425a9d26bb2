import type { FeatureEntry } from '../../ledger/client.ts'
import { formatDecimal, jsonNumber, requireDecimal, subtract } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import type { FeatureCreditEntry } from './schema.ts'

export const statusOf = ({ isVoid, until }: Pick<FeatureEntry, 'isVoid' | 'until'>, now: number): FeatureCreditEntry['status'] =>
  isVoid ? 'VOIDED' : until <= now ? 'EXPIRED' : 'ACTIVE'

export const showEntry = (entry: FeatureEntry, now: number): FeatureCreditEntry => {
  const { id, source, from, until, granted, isVoid, used } = entry
  const left = granted === null ? undefined : subtract(requireDecimal(granted), requireDecimal(used))
  const balance = isVoid || (left && left.coefficient < 0n) ? '0' : left && formatDecimal(left)
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
