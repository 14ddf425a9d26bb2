import {
  type CycleInForce,
  type MomentOfAccount,
  type PieceParts,
  cycleOn,
  readTimelinesInForce,
} from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import type { Fault } from '../../lib/errors.ts'
import { type Cycle, dayOf, instantOf, writeDay } from '../../rating/cycle.ts'
import type { CalculateRevenueRequest } from './schema.ts'

/** A time range of an account in milliseconds, and the cycle of the account if it is one. */
export interface Lookup {
  accountId: string
  start: number
  end: number
  cycle?: Cycle
}

/** The plan that is in force for an account, in one of its cycles. */
export interface PlanInForce extends CycleInForce {
  accountId: string
  parts: PieceParts
}

/** What a request says of accounts. */
export interface FoundAccounts {
  /** The fields with accounts that do not exist, and those with times at which no plan is in force. */
  faults: readonly Fault[]
  invoiceCurrency: string | undefined
  plan: PlanInForce | undefined
  usage: Lookup | undefined
  counted: Lookup | undefined
  named: Lookup | undefined
  proration: Cycle | undefined
  /** The cycle with which overage is billed, and when its account was made (milliseconds). */
  overage: (CycleInForce & { accountId: string; createdAt: number }) | undefined
}

type ConfigName = keyof CalculateRevenueRequest

/** An account that a part of a request names, and the time whose cycle is meant, if one is. */
interface Mention {
  path: readonly [ConfigName, ...string[]]
  accountId: string
  time?: { field: string; at: number }
}

type LookupConfig = Pick<CalculateRevenueRequest['usageConfig'], 'mode' | 'lookupRange' | 'lookupCycle'>

const mentionOf = (name: ConfigName, config: LookupConfig | undefined, now: number): Mention[] => {
  const { mode, lookupRange, lookupCycle } = config ?? {}
  if (mode === 'LOOKUP_RANGE' && lookupRange) return [{ path: [name, 'lookupRange'], accountId: lookupRange.accountId }]
  if (mode !== 'LOOKUP_CYCLE' || !lookupCycle) return []
  const { accountId, cycleEffectiveOn: at = now } = lookupCycle
  return [{ path: [name, 'lookupCycle'], accountId, time: { field: 'cycleEffectiveOn', at } }]
}

const overageCycleOf = ({ entitlementOverageConfig: its }: CalculateRevenueRequest) =>
  its?.mode === 'LOOKUP_CYCLE' ? its.lookupCycle : undefined

const findMentions = (input: CalculateRevenueRequest, now: number): Mention[] => {
  const { currencyConfig: currency, pricePlanDetailsConfig: plan, prorationConfig: proration } = input
  const cycle = proration?.mode === 'LOOKUP_CYCLE' ? proration.lookupCycleConfig : undefined
  const overage = overageCycleOf(input)
  return [
    ...(currency.mode === 'ACCOUNT_INVOICE' && currency.accountId !== undefined
      ? [{ path: ['currencyConfig'] as const, accountId: currency.accountId }]
      : []),
    ...(plan.mode === 'ACCOUNT' && plan.accountId !== undefined
      ? [
          {
            path: ['pricePlanDetailsConfig'] as const,
            accountId: plan.accountId,
            time: { field: 'effectiveOn', at: plan.effectiveOn ?? now },
          },
        ]
      : []),
    ...mentionOf('usageConfig', input.usageConfig, now),
    ...mentionOf('licenseEntriesConfig', input.licenseEntriesConfig, now),
    ...mentionOf('namedLicenseEntriesConfig', input.namedLicenseEntriesConfig, now),
    ...(cycle
      ? [
          {
            path: ['prorationConfig', 'lookupCycleConfig'] as const,
            accountId: cycle.accountId,
            time: { field: 'cycleEffectiveOn', at: cycle.cycleEffectiveOn ?? now },
          },
        ]
      : []),
    ...(overage
      ? [
          {
            path: ['entitlementOverageConfig', 'lookupCycle'] as const,
            accountId: overage.accountId,
            time: { field: 'billingCycleEndDate', at: overage.billingCycleEndDate - 1 },
          },
        ]
      : []),
  ]
}

const lookupOf = (config: LookupConfig | undefined, inForce: CycleInForce | undefined): Lookup | undefined => {
  const { mode, lookupRange, lookupCycle } = config ?? {}
  if (mode === 'LOOKUP_RANGE') return lookupRange
  if (!lookupCycle || !inForce) return undefined
  const { cycle } = inForce
  return { accountId: lookupCycle.accountId, start: instantOf(cycle.start), end: instantOf(cycle.end), cycle }
}

/** Reads the accounts that a request names, and the cycles of them that it means, in one round trip. */
export const readAccounts = async (ctx: Ctx, input: CalculateRevenueRequest): Promise<FoundAccounts> => {
  const mentions = findMentions(input, ctx.now)
  const [asked] = mentions.flatMap(({ path: [name], accountId, time }): MomentOfAccount[] =>
    name === 'pricePlanDetailsConfig' && time ? [{ accountId, at: time.at }] : [],
  )
  const accountIds = [...new Set(mentions.map(({ accountId }) => accountId))]
  const { timelines, parts } = accountIds.length ? await readTimelinesInForce(ctx, accountIds, asked) : {}
  const cycles = new Map<ConfigName, CycleInForce>()
  const faults = mentions.flatMap(({ path, accountId, time }): Fault[] => {
    const timeline = timelines?.get(accountId)
    if (!timeline) return [{ path: [...path, 'accountId'], message: `the account "${accountId}" does not exist` }]
    if (!time) return []
    const day = dayOf(time.at)
    const inForce = cycleOn(timeline.active, day)
    if (!inForce)
      return [{ path: [...path, time.field], message: `no price plan is in force for the account "${accountId}" on ${writeDay(day)}` }]
    cycles.set(path[0], inForce)
    return []
  })
  const { mode, accountId = '' } = input.currencyConfig
  const inForce = cycles.get('pricePlanDetailsConfig')
  const overage = cycles.get('entitlementOverageConfig')
  const overageAccount = timelines?.get(overageCycleOf(input)?.accountId ?? '')?.account
  return {
    faults,
    invoiceCurrency: mode === 'ACCOUNT_INVOICE' ? timelines?.get(accountId)?.account.invoiceCurrency : undefined,
    plan: asked && inForce && parts && { ...inForce, accountId: asked.accountId, parts },
    usage: lookupOf(input.usageConfig, cycles.get('usageConfig')),
    counted: lookupOf(input.licenseEntriesConfig, cycles.get('licenseEntriesConfig')),
    named: lookupOf(input.namedLicenseEntriesConfig, cycles.get('namedLicenseEntriesConfig')),
    proration: cycles.get('prorationConfig')?.cycle,
    overage: overage && overageAccount && { ...overage, accountId: overageAccount.id, createdAt: overageAccount.createdAt },
  }
}
