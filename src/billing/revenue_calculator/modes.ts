import type { Fault } from '../../lib/errors.ts'
import type { CalculateRevenueRequest } from './schema.ts'

/** The field of its part that a mode needs. */
type Need = { field: string }

const LOOKUPS = { LOOKUP_RANGE: { field: 'lookupRange' }, LOOKUP_CYCLE: { field: 'lookupCycle' } }

const NEEDS: Readonly<Record<keyof CalculateRevenueRequest, Readonly<Record<string, Need>>>> = {
  currencyConfig: { CUSTOM: { field: 'currency' }, ACCOUNT_INVOICE: { field: 'accountId' } },
  pricePlanDetailsConfig: { CUSTOM: { field: 'pricePlanDetails' }, PRICE_PLAN: { field: 'pricePlanId' }, ACCOUNT: { field: 'accountId' } },
  usageConfig: { CUSTOM: { field: 'usageMap' }, ...LOOKUPS },
  licenseEntriesConfig: { CUSTOM: { field: 'custom' }, ...LOOKUPS },
  namedLicenseEntriesConfig: { CUSTOM: { field: 'custom' }, ...LOOKUPS },
  prorationConfig: { CUSTOM: { field: 'customConfig' }, LOOKUP_CYCLE: { field: 'lookupCycleConfig' } },
  entitlementOverageConfig: { CUSTOM: { field: 'custom' }, LOOKUP_CYCLE: { field: 'lookupCycle' } },
}

interface Part {
  mode: string
}

const findModeFaults = (name: string, part: Part, needs: Readonly<Record<string, Need>>): Fault[] => {
  const need = needs[part.mode]
  const isMissing = need && (part as unknown as Record<string, unknown>)[need.field] === undefined
  return isMissing ? [{ path: [name, need.field], message: `is required for ${part.mode}` }] : []
}

const findRangeFaults = (
  name: string,
  part: (Part & { lookupRange?: { start: number; end: number } | undefined }) | undefined,
): Fault[] => {
  if (part?.mode !== 'LOOKUP_RANGE' || !part.lookupRange) return []
  const { start, end } = part.lookupRange
  return end > start ? [] : [{ path: [name, 'lookupRange', 'end'], message: 'must be after start' }]
}

const DAY = 86_400_000

/** The longest cycle: a leap year. */
const LONGEST = 366 * DAY

const findProrationFaults = ({ prorationConfig: proration }: CalculateRevenueRequest): Fault[] => {
  if (proration?.mode !== 'CUSTOM' || !proration.customConfig) return []
  const { cycleStartDate: start, cycleEndDate: end, currentDate: current } = proration.customConfig
  const path = ['prorationConfig', 'customConfig']
  if (end <= start) return [{ path: [...path, 'cycleEndDate'], message: 'must be after cycleStartDate' }]
  if (end - start > LONGEST) return [{ path: [...path, 'cycleEndDate'], message: 'must be 366 days after cycleStartDate at most' }]
  return current < start || current > end
    ? [{ path: [...path, 'currentDate'], message: 'must be from cycleStartDate to cycleEndDate' }]
    : []
}

/** What keeps a request from being calculated, beside the plan: modes without what they need, and times that are in no order. */
export const findRequestFaults = (input: CalculateRevenueRequest): Fault[] => [
  ...(Object.keys(NEEDS) as (keyof typeof NEEDS)[]).flatMap((name) => {
    const part = input[name]
    return part ? findModeFaults(name, part, NEEDS[name]) : []
  }),
  ...findRangeFaults('usageConfig', input.usageConfig),
  ...findRangeFaults('licenseEntriesConfig', input.licenseEntriesConfig),
  ...findRangeFaults('namedLicenseEntriesConfig', input.namedLicenseEntriesConfig),
  ...findProrationFaults(input),
]
