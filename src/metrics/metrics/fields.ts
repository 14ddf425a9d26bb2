/** The metrics, as the contract names them. */
export const METRICS = ['EVENTS', 'USAGE', 'METER_USAGE', 'NAMED_LICENSE_USAGE', 'REVENUE', 'USAGE_FOR_CYCLE', 'REVENUE_FOR_CYCLE'] as const
export type MetricName = (typeof METRICS)[number]

/** The fields by which a metric can be filtered and grouped. */
interface MetricFields {
  filters: readonly string[]
  groupBy: readonly string[]
  /** What can be said of the answer, and how. */
  configs?: Readonly<Record<string, readonly string[]>>
}

const USAGE: MetricFields = {
  filters: ['ACCOUNT_ID', 'CUSTOMER_ID', 'USAGE_METER_ID', 'BILLABLE_ID', 'ORGANIZATION_ID'],
  groupBy: ['ACCOUNT_ID', 'CUSTOMER_ID', 'USAGE_METER_ID', 'BILLABLE_ID'],
}

const OF_CYCLES: MetricFields = { filters: ['ACCOUNT_ID', 'CUSTOMER_ID', 'USAGE_METER_ID', 'BILLABLE_ID'], groupBy: USAGE.groupBy }

const CURRENCY = { CURRENCY: ['BASE', 'INVOICE'] }

export const FIELDS: Readonly<Record<MetricName, MetricFields>> = {
  EVENTS: {
    filters: ['ACCOUNT_ID', 'CUSTOMER_ID', 'SCHEMA_NAME', 'EVENT_STATUS', 'ORGANIZATION_ID'],
    groupBy: ['ACCOUNT_ID', 'CUSTOMER_ID', 'SCHEMA_NAME', 'EVENT_STATUS', 'RAW_EVENT_STATUS'],
  },
  USAGE,
  METER_USAGE: USAGE,
  NAMED_LICENSE_USAGE: {
    filters: ['ACCOUNT_ID', 'CUSTOMER_ID', 'BILLABLE_ID', 'ORGANIZATION_ID'],
    groupBy: ['ACCOUNT_ID', 'CUSTOMER_ID', 'BILLABLE_ID'],
  },
  REVENUE: { ...USAGE, configs: CURRENCY },
  USAGE_FOR_CYCLE: OF_CYCLES,
  REVENUE_FOR_CYCLE: { ...OF_CYCLES, configs: CURRENCY },
}

/** Whether a metric is reckoned from pricing cycles. */
export const isOfCycles = (name: MetricName): name is 'REVENUE' | 'USAGE_FOR_CYCLE' | 'REVENUE_FOR_CYCLE' =>
  name === 'REVENUE' || name === 'USAGE_FOR_CYCLE' || name === 'REVENUE_FOR_CYCLE'

/** The groups of statuses, each with the statuses that are in it; the contract's table of statuses. */
export const STATUS_GROUPS = {
  PROCESSED: ['INGESTION_COMPLETED_EVENT_METERED', 'INGESTION_COMPLETED_EVENT_NOT_METERED', 'INGESTION_COMPLETED_NO_MATCHING_METERS'],
  UNPROCESSED: [
    'INGESTION_FAILED',
    'INGESTION_FAILED_SCHEMA_NOT_DEFINED',
    'INGESTION_FAILED_ENRICHMENT_FAILED',
    'INGESTION_FAILED_UNITS_INVALID',
    'INGESTION_FAILED_PAST_GRACE_PERIOD',
    'INGESTION_FAILED_ACCOUNT_NOT_FOUND',
    'INGESTION_FAILED_DUPLICATE_EVENT',
    'INGESTION_FAILED_NO_EVENT_ID',
    'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT',
    'INGESTION_FAILED_INSUFFICIENT_CREDITS',
  ],
  IN_PROGRESS: ['INGESTION_IN_PROGRESS'],
} as const

const GROUP_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(STATUS_GROUPS).flatMap(([group, statuses]) => statuses.map((status) => [status, group] as const)),
)

/** The group of a status, or the status itself if it is in no group. */
export const statusGroupOf = (status: string): string => GROUP_OF.get(status) ?? status

/** The statuses that the values of a filter name. A value is a group or a status. */
export const statusesOf = (values: readonly string[]): Set<string> =>
  new Set(values.flatMap((value) => (Object.hasOwn(STATUS_GROUPS, value) ? STATUS_GROUPS[value as keyof typeof STATUS_GROUPS] : [value])))
