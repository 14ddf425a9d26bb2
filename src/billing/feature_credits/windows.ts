import type { KeptCard } from '../../catalogue/rate_cards/schema.ts'
import { decimalFromNumber, formatDecimal, multiply, requireDecimal } from '../../lib/decimal.ts'
import { FOREVER } from '../../lib/time.ts'
import { DATE, addDuration } from '../../logic/dates.ts'

/** Units of a feature that can be used from one instant until just before another (milliseconds). `place` counts the windows of a card from 1 on. */
export interface GrantedWindow {
  featureId: string
  place: number
  granted: string
  from: number
  until: number
}

const shift = (at: number, duration: string): number => {
  const date = addDuration({ kind: DATE, instant: at, offset: 0 }, duration, 1)
  return date ? Math.min(Math.max(date.instant, FOREVER.from), FOREVER.until) : FOREVER.until
}

/** What an entitlement card grants at an instant (milliseconds), so many times. Windows that would end when they begin are left out. */
export const listWindows = ({ billableId, rateCardDetails }: KeptCard, at: number, quantity = '1'): GrantedWindow[] =>
  (rateCardDetails.billingEntitlementRateCard?.featureConfigs ?? []).flatMap(
    ({ effectiveFrom = 'PT0S', effectiveUntil, featureCreditLimit }, index): GrantedWindow[] => {
      const [from, until] = [shift(at, effectiveFrom), shift(at, effectiveUntil)]
      const granted = multiply(decimalFromNumber(featureCreditLimit) ?? requireDecimal('0'), requireDecimal(quantity))
      return from < until ? [{ featureId: billableId, place: index + 1, granted: formatDecimal(granted), from, until }] : []
    },
  )
