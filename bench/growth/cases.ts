import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/wrangler.ts'
import { MONTH, type Names } from './organization.ts'

/** A request that is timed in each organization. {names} stand for what an organization calls it. */
export interface Case {
  what: string
  path: string
  body?: unknown
  /** The page that is asked for. */
  page?: number
  /** Why it may take longer in a larger organization, if it may. */
  grows?: string
}

interface Parameter {
  name: string
  in: string
}
interface Described {
  paths: Record<string, Record<string, { parameters?: (Parameter | { $ref: string })[] }>>
  components: { parameters?: Record<string, Parameter> }
}

/** Lists of which each organization has more than ten pages. */
const DEEP = new Set(
  `/customers /accounts /aliases /audit_log /alerts /credits /events /incidents /invoice_groups /invoice_verifications /invoices /invoices/bill_runs
  /jobs /jobs/{job_id}/entries /license_updates /named_license_updates /payments /report_templates /reports /settings /tokens
  /webhook_endpoints/{webhook_endpoint_id}/deliveries`.split(/\s+/),
)

const DAY = 86_400_000
const day = (n: number): string => new Date(MONTH + n * DAY).toISOString()
const MATCHES = 'what matches is rare in the order of the list'

/** The filters of lists. After an exclamation mark: why it grows. */
const FILTERS: Record<string, readonly string[]> = {
  '/customers': [
    'id=CUS-000500',
    'status=ARCHIVED',
    '_sort=id:ASC',
    '_search=zanzibar',
    '_search=CUS-',
    `_search=acme!${MATCHES}`,
    `_search=migrated!${MATCHES}`,
  ],
  '/accounts': [
    'account_id=ACC-000500',
    'customer_id=CUS-000500',
    'status=DRAFT',
    'invoice_currency=EUR',
    '_sort=account_id:ASC',
    '_search=zanzibar',
    '_search=ACC-',
    `_search=acme!${MATCHES}`,
    `_search=migrated!${MATCHES}`,
  ],
  '/accounts/{account_id}': ['includeGroupDetails=true', `effectiveOn=${day(0)}`],
  '/accounts/{account_id}/pricing_schedules': ['include_price_plan_info=true', 'compact=true'],
  '/accounts/{account_id}/invoice_preview': [],
  '/addons': ['status=ACTIVE', 'type=LICENSE', '_search=seats', '_sort=name:ASC'],
  '/alerts': ['status=ACTIVE', 'status=INACTIVE'],
  '/audit_log': [
    'resource_type=CUSTOMER&resource_id=CUS-000500',
    'token_id={first_token}',
    `from=${day(-30)}`,
    `until=${day(-100)}`,
    `from=${day(-102)}&until=${day(-100)}`,
  ],
  '/credits': [
    'status=ACTIVE',
    'status=VOIDED&pageSize=20',
    'status=CONSUMED&pageSize=20',
    'account_id=ACC-000500',
    'id={credit_id}',
    'account_id={busy}&status=ACTIVE',
  ],
  '/event_schema': ['status=ACTIVE', '_search=rides', '_sort=updated_at:DESC'],
  '/event_schema/{event_schema_name}': ['version=1'],
  '/events': [
    'status=PROCESSED',
    'status=UNPROCESSED',
    'status=UNPROCESSED,IN_PROGRESS',
    'account_id={busy}',
    'account_id={busy}&status=PROCESSED',
    'schema_name=rides',
    'schema_name=exports',
    `start_time=${day(3)}&end_time=${day(4)}`,
    'event_id=rides-7',
    'id={reference}',
    'customer_id={busy_customer}',
  ],
  '/incidents': ['status=OPEN', 'status=CLOSED', 'alert_id={alert_id}'],
  '/invoice_verifications': ['owner_id=account-0'],
  '/invoices': [
    ...'DRAFT DUE PAID VOID UN_COLLECTIBLE PARTIALLY_PAID DRAFT,DUE DUE,PARTIALLY_PAID'.split(' ').map((status) => `status=${status}`),
    `status=MERGED!${MATCHES}`,
    'owner_id=ACC-000500',
    'owner_id={busy}&status=PAID',
    'customer_id=CUS-000500',
    `start_time=${MONTH - 40 * DAY}&end_time=${MONTH - 30 * DAY}!${MATCHES}`,
    `due_start_time=${MONTH - 40 * DAY}&due_end_time=${MONTH - 30 * DAY}!${MATCHES}`,
  ],
  '/invoices/bill_runs': [
    'status=DRAFT',
    'owner_id=account-0',
    'customer_id=customer-0',
    `start_time=${MONTH - 300 * DAY}&end_time=${MONTH + 60 * DAY}`,
  ],
  '/jobs': ['type=PRICE_PLAN', 'type=BILL_RUN', 'status=COMPLETED', 'status=FAILED&pageSize=4', 'status=PENDING,WAITING_FOR_CONFIRMATION'],
  '/license_updates': [
    'account_id=ACC-000500',
    'license_id={addon_id}',
    'account_id=ACC-000500&license_id={addon_id}',
    `effectiveFrom=${day(-100)}`,
    ...['created_at:ASC', 'effective_from:DESC', 'effective_from:ASC'].map((sort) => `_sort=${sort}`),
  ],
  '/named_license_updates': ['account_id=ACC-000500', 'license_id={named_id}', 'name=user-7'],
  '/payments': ['id={payment_id}', 'account_id=ACC-000500', 'invoice_id={invoice_id}', `created_at=${day(-40)},${day(-30)}`],
  '/payments/{payment_id}': ['version=1'],
  '/price_plans': ['status=ACTIVE', 'type=BILLING', '_search=standard'],
  '/v2/price_plans': ['status=ACTIVE', 'type=BILLING', '_search=standard'],
  '/reports': ['fetchFor=ALL', 'fetchFor=ORGANIZATION', 'fetchFor=ACCOUNTS&account_id=ACC-000500'],
  '/settings': ['entity_type=ACCOUNT', 'entity_type=ACCOUNT&entity_id={set_account}', 'setting_id=GRACE_PERIOD', 'namespace=USER'],
  '/usage_meters': ['id={usage_meter_id}', 'status=ACTIVE', 'aggregation=SUM', 'event_schema_name=rides', '_search=distance'],
  '/usage_meters/{usage_meter_id}': ['includeSchema=true'],
  '/webhook_endpoints': ['status=ENABLED'],
  '/webhook_endpoints/{webhook_endpoint_id}/deliveries': ['status=DELIVERED', 'status=FAILED', 'status=PENDING'],
}

/** Reads that need a parameter in any case. */
const NEEDED: Record<string, string> = {
  '/v2/accounts/{account_id}/schedules': 'mode=ACTIVE',
  '/v2/schedules/{schedule_id}/pricing_rules': 'mode=ACTIVE',
  '/v2/schedules/{schedule_id}/rate_cards': 'mode=ACTIVE',
}

/** Reads without a filter that grow. */
const GROWING: Record<string, string> = { '/jobs/{job_id}': 'the entries of the job are counted' }

/** Single things of which there are more kinds than one path says. */
const MORE: readonly string[] = [
  '/customers/CUS-000500',
  '/accounts/ACC-000500',
  '/invoices/{draft_id}',
  '/invoices/{draft_id}/explanation',
  '/invoices/{planted_id}',
]

/** What stands for nothing in the databases, or is not of the API. */
const LEFT_OUT = new Set(['/', '/health', '/openapi.json', '/test_clock', '/files/{file_id}', '/files/{file_id}/download_url'])

const metric = (name: string, more: object = {}, days = 24) => ({
  startTime: day(0),
  endTime: day(days),
  metricQueries: [{ id: 'one', name, aggregationPeriod: 'DAY', ...more }],
})
const ofAccount = (id: string) => ({ filters: [{ fieldName: 'ACCOUNT_ID', fieldValues: [id] }] })
const PER_ACCOUNT = 'the answer has a series for each account that has any'

const METRICS: readonly (readonly [about: string, body: unknown, grows?: string])[] = [
  ['EVENTS by day', metric('EVENTS')],
  ['EVENTS by hour of 10 days', metric('EVENTS', { aggregationPeriod: 'HOUR' }, 10)],
  ['EVENTS of an account', metric('EVENTS', ofAccount('{busy}'))],
  ['EVENTS of a schema', metric('EVENTS', { filters: [{ fieldName: 'SCHEMA_NAME', fieldValues: ['rides'] }] })],
  ['EVENTS by schema', metric('EVENTS', { groupBy: 'SCHEMA_NAME' })],
  ['EVENTS by status', metric('EVENTS', { groupBy: 'EVENT_STATUS' })],
  ['EVENTS by account', metric('EVENTS', { groupBy: 'ACCOUNT_ID' }), PER_ACCOUNT],
  ['METER_USAGE by day', metric('METER_USAGE')],
  ['METER_USAGE of an account', metric('METER_USAGE', ofAccount('{busy}'))],
  ['METER_USAGE of a meter', metric('METER_USAGE', { filters: [{ fieldName: 'USAGE_METER_ID', fieldValues: ['{usage_meter_id}'] }] })],
  ['METER_USAGE by meter', metric('METER_USAGE', { groupBy: 'USAGE_METER_ID' })],
  ['METER_USAGE by account', metric('METER_USAGE', { groupBy: 'ACCOUNT_ID' }), PER_ACCOUNT],
  ['NAMED_LICENSE_USAGE', metric('NAMED_LICENSE_USAGE'), 'each name of each account is counted'],
  ['NAMED_LICENSE_USAGE of an account', metric('NAMED_LICENSE_USAGE', ofAccount('account-0'))],
  ['REVENUE by day', metric('REVENUE')],
  ['REVENUE of an account', metric('REVENUE', ofAccount('account-0'))],
  ['REVENUE by billable', metric('REVENUE', { groupBy: 'BILLABLE_ID' })],
  ['REVENUE by account', metric('REVENUE', { groupBy: 'ACCOUNT_ID', aggregationPeriod: 'MONTH' }), PER_ACCOUNT],
  ['REVENUE_FOR_CYCLE', metric('REVENUE_FOR_CYCLE')],
  ['USAGE_FOR_CYCLE of an account', metric('USAGE_FOR_CYCLE', ofAccount('account-0'))],
]

const account = { accountId: 'account-0' }
const calculated = {
  currencyConfig: { mode: 'ACCOUNT_INVOICE', ...account },
  pricePlanDetailsConfig: { mode: 'ACCOUNT', ...account },
  usageConfig: { mode: 'LOOKUP_CYCLE', lookupCycle: account },
  licenseEntriesConfig: { mode: 'LOOKUP_CYCLE', lookupCycle: account },
  prorationConfig: { mode: 'LOOKUP_CYCLE', lookupCycleConfig: account },
}

/** Requests with POST that only read. */
const POSTED: readonly (readonly [path: string, body: unknown])[] = [
  ['/v2/revenue_calculator', calculated],
  ['/revenue_calculator', calculated],
  ['/accounts/{account_id}/entitlements/{feature_id}', { value: '250' }],
]

const described = JSON.parse(readFileSync(join(root, 'public/openapi.json'), 'utf8')) as Described

const queryOf = (parameters: readonly (Parameter | { $ref: string })[] = []): Set<string> =>
  new Set(
    parameters
      .map((one) => ('$ref' in one ? described.components.parameters?.[one.$ref.split('/').at(-1) ?? ''] : one))
      .flatMap((one) => (one?.in === 'query' ? [one.name] : [])),
  )

/** Every read of the document, each with its filters, and the tenth page of each long list. */
export const listCases = (): Case[] => {
  const cases: Case[] = []
  const add = (path: string, more: Partial<Case> = {}, about = ''): number => cases.push({ what: `GET ${path}${about}`, path, ...more })
  for (const [path, { get }] of Object.entries(described.paths)) {
    if (!get || LEFT_OUT.has(path)) continue
    const needed = NEEDED[path]
    const isList = queryOf(get.parameters).has('nextToken')
    const at = needed ? `${path}?${needed}` : path
    const reason = GROWING[path]
    add(at, reason === undefined ? {} : { grows: reason })
    if (isList && DEEP.has(path)) add(`${path}?pageSize=10`, { page: 10 }, ', page 10')
    for (const filter of FILTERS[path] ?? []) {
      const [query = '', grows] = filter.split('!')
      add(`${path}?${query}`, grows === undefined ? {} : { grows })
    }
  }
  for (const path of MORE) add(path)
  for (const [path, size, page] of [
    ['/customers', 1, 1000],
    ['/customers', 20, 40],
    ['/accounts', 1, 1000],
    ['/accounts', 20, 40],
    ['/invoices', 20, 100],
    ['/events', 20, 100],
  ] as const)
    add(`${path}?pageSize=${size}`, { page }, `, page ${page}`)
  for (const [about, body, grows] of METRICS)
    cases.push({ what: `POST /metrics ${about}`, path: '/metrics', body, ...(grows !== undefined && { grows }) })
  for (const [path, body] of POSTED) cases.push({ what: `POST ${path}`, path, body })
  return cases
}

/** Puts the names of an organization in. */
export const fillIn = (text: string, names: Names): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = names[name]
    if (value === undefined) throw new Error(`There is no ${name} for ${text}`)
    return value
  })
