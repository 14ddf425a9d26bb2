import type { Ctx } from '../../db/context.ts'
import { keyOf } from '../../events/ingestion/service.ts'
import { ApiError } from '../../lib/errors.ts'
import { type GroupQuery, STATUSES, accountKey, eventSeries, meterSeries, unknownKey } from '../../ledger/client.ts'
import { statusGroupOf, statusesOf } from './fields.ts'
import type { Names } from './names.ts'
import type { MetricQuery } from './schema.ts'

/** The question of a query to the ledgers. Undefined if no record can match. */
export interface Plan {
  /** The keys of the accounts that are counted. If left out, all are. */
  accounts?: readonly string[]
  /** The series of events or meters, or the ids of licenses or billable items, that are counted. */
  series?: readonly string[]
  statuses?: readonly number[]
}

type Values = (field: string) => readonly string[] | undefined

const valuesIn =
  ({ filters = [] }: MetricQuery): Values =>
  (field) =>
    filters.find(({ fieldName }) => fieldName === field)?.fieldValues

/** The items that are in all sets. An undefined set contains everything. */
const intersect = (...sets: (readonly string[] | undefined)[]): readonly string[] | undefined => {
  const [first, ...others] = sets.filter((set) => set !== undefined).map((set) => new Set(set))
  return first && [...others.reduce((all, set) => all.intersection(set), first)]
}

/** Refuses a query about another organization, and restricts a portal token to its customer and accounts. */
export const refuseForeign = (ctx: Ctx, { filters = [] }: MetricQuery, path: string, { accountOf, own }: Names): void => {
  const { organizationId, portal } = ctx
  const accounts = new Set(own)
  const refusalOf = (field: string, value: string): string | undefined => {
    if (field === 'ORGANIZATION_ID' && value !== organizationId) return 'the token is of another organization'
    if (field === 'CUSTOMER_ID' && portal && keyOf(value) !== portal.customerId) return 'this portal token reads another customer'
    if (field === 'ACCOUNT_ID' && portal && !accounts.has(accountOf(value) ?? '')) return 'this portal token does not read this account'
    return undefined
  }
  for (const [at, { fieldName, fieldValues }] of filters.entries())
    for (const [index, value] of fieldValues.entries()) {
      const refusal = refusalOf(fieldName, value)
      if (refusal) throw new ApiError('FORBIDDEN', `${path}.filters[${at}].fieldValues[${index}]: ${refusal}`)
    }
}

/** The keys of the accounts of a query. Events whose accountId belongs to no account are counted under that name. */
const accountsOf = (valuesOf: Values, { accountOf, accountsOf: ofCustomer, own }: Names): readonly string[] | undefined => {
  const keysOf = (name: string): string[] => {
    const id = accountOf(name)
    return [unknownKey(keyOf(name)), ...(id === undefined ? [] : [accountKey(id), unknownKey(id)])]
  }
  return intersect(
    own?.map(accountKey),
    valuesOf('ACCOUNT_ID')?.flatMap(keysOf),
    valuesOf('CUSTOMER_ID')?.flatMap((customerId) => ofCustomer(customerId).map(accountKey)),
  )
}

const planEvents = (valuesOf: Values): Plan => {
  const wanted = statusesOf(valuesOf('EVENT_STATUS') ?? ['PROCESSED', 'UNPROCESSED'])
  const statuses = STATUSES.flatMap((status, code) => (wanted.has(status) ? [code] : []))
  const [schema] = valuesOf('SCHEMA_NAME') ?? []
  return schema === undefined ? { statuses } : { series: statuses.map((code) => eventSeries(schema, code)) }
}

const planMeters = (valuesOf: Values, { meterOf }: Names): Plan => {
  const metersIn = (field: string) => valuesOf(field)?.flatMap((name) => meterOf(name) ?? [])
  const meters = intersect(metersIn('USAGE_METER_ID'), metersIn('BILLABLE_ID'))
  return meters ? { series: meters.map(meterSeries) } : {}
}

const planLicenses = (valuesOf: Values): Plan => {
  const series = valuesOf('BILLABLE_ID')
  return series ? { series } : {}
}

const planBillables = (valuesOf: Values, { billablesOf }: Names): Plan => {
  const billablesIn = (field: string) => valuesOf(field)?.flatMap(billablesOf)
  const series = intersect(billablesIn('USAGE_METER_ID'), billablesIn('BILLABLE_ID'))
  return series ? { series } : {}
}

/** Makes the question of a query to the ledgers. Undefined if no record can match. */
export const planQuery = (query: MetricQuery, names: Names): Plan | undefined => {
  const valuesOf = valuesIn(query)
  const accounts = accountsOf(valuesOf, names)
  const plans = {
    EVENTS: planEvents,
    USAGE: planMeters,
    METER_USAGE: planMeters,
    NAMED_LICENSE_USAGE: planLicenses,
    REVENUE: planBillables,
    USAGE_FOR_CYCLE: planBillables,
    REVENUE_FOR_CYCLE: planBillables,
  } as const
  const plan: Plan = { ...plans[query.name](valuesOf, names), ...(accounts && { accounts }) }
  return [plan.accounts, plan.series, plan.statuses].some((set) => set?.length === 0) ? undefined : plan
}

/** How the ledgers group sums, by the field of groupBy. */
export const GROUPINGS: Readonly<Record<string, NonNullable<GroupQuery['by']>>> = {
  ACCOUNT_ID: 'ACCOUNT',
  CUSTOMER_ID: 'CUSTOMER',
  USAGE_METER_ID: 'METER',
  BILLABLE_ID: 'METER',
  SCHEMA_NAME: 'SCHEMA',
  EVENT_STATUS: 'STATUS',
  RAW_EVENT_STATUS: 'STATUS',
}

/** The name under which a group of the ledgers is shown. A status is shown by its name or that of its group. */
export const showGroup = (groupBy: string | undefined, group: string): string => {
  if (groupBy !== 'EVENT_STATUS' && groupBy !== 'RAW_EVENT_STATUS') return group
  const status = STATUSES[Number(group)] ?? 'UNKNOWN'
  return groupBy === 'EVENT_STATUS' ? statusGroupOf(status) : status
}
