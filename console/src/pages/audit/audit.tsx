import { linkTo, useParameters } from '../../parts/address.ts'
import { Changes, operationWords } from '../../parts/audit_trail.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, DayFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { wordsOf } from '../../parts/format.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Pager } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'

type Entry = Schemas['AuditLogEntry']

const DAY = 86_400_000

/** The kinds of resources that are changed, each with the page of those that have one. */
const PAGES: Readonly<Record<Entry['resourceType'], string | undefined>> = {
  ACCOUNT: 'accounts',
  ADD_ON: undefined,
  ALERT: undefined,
  ALIAS: undefined,
  CONTACT: undefined,
  CREDIT: 'credits',
  CREDIT_TRANSACTION: undefined,
  CUSTOMER: 'customers',
  EVENT_SCHEMA: 'schemas',
  FEATURE: 'features',
  FEATURE_CREDIT_ENTRY: undefined,
  FILE: undefined,
  INCIDENT: undefined,
  INVOICE: 'invoices',
  INVOICE_GROUP: 'groups',
  JOB: 'jobs',
  LICENSE_UPDATE: undefined,
  NAMED_LICENSE_ENTRY: undefined,
  ORGANIZATION: undefined,
  PAYMENT: undefined,
  PRICE_PLAN: 'plans',
  PRICING_CYCLE: undefined,
  PRICING_RULE: undefined,
  PRICING_SCHEDULE: undefined,
  PURCHASE: undefined,
  REPORT: undefined,
  REPORT_TEMPLATE: undefined,
  SETTING: undefined,
  TOKEN: undefined,
  USAGE_METER: 'meters',
  WALLET: undefined,
  WALLET_ENTRY: undefined,
  WEBHOOK_DELIVERY: undefined,
  WEBHOOK_ENDPOINT: 'webhooks',
  WEBHOOK_EVENT: undefined,
}

/** The instant at which a day of the address is over. What is no day is left to the API, which says so. */
const endOf = (day: string): string => {
  const start = Date.parse(`${day}T00:00:00Z`)
  return Number.isNaN(start) ? day : new Date(start + DAY).toISOString()
}

const Resource = ({ resourceType, resourceId }: Entry) => {
  const page = PAGES[resourceType]
  return (
    <>
      {wordsOf(resourceType)} {page ? <a href={linkTo(page, resourceId)}>{resourceId}</a> : <code>{resourceId}</code>}
    </>
  )
}

const Line = ({ entry }: { entry: Entry }) => (
  <li>
    <p>
      <strong>{operationWords(entry.operationId)}</strong> · <Resource {...entry} />
    </p>
    <p class="muted">
      <Time at={entry.at} /> · {entry.tokenId} ({wordsOf(entry.role).toLowerCase()}) · request {entry.requestId} · row {entry.sequence},{' '}
      {entry.hash ? 'sealed' : 'not sealed yet'}
    </p>
    <details>
      <summary>
        {Object.keys(entry.changes).length === 1 ? '1 field' : `${Object.keys(entry.changes).length} fields`}:{' '}
        {Object.keys(entry.changes).join(', ')}
      </summary>
      <Changes of={entry.changes} />
    </details>
  </li>
)

export const AuditLog = () => {
  const { get } = useParameters()
  const { administers } = useRights()
  const [type, id, until] = [get('type'), get('id'), get('until')]
  const query = {
    ...(type && id ? { resource_type: type as Entry['resourceType'], resource_id: id } : {}),
    token_id: get('token'),
    from: get('from') && `${get('from')}T00:00:00Z`,
    until: until && endOf(until),
    nextToken: get('page'),
    pageSize: 50,
  }
  const reading = useRead(`audit log ${JSON.stringify(query)}`, () => read(api.GET('/audit_log', { params: { query } })))
  return (
    <Page title="Audit log">
      <Filters>
        <ChoiceFilter name="type" label="Kind" of={Object.keys(PAGES).filter((kind) => administers || kind !== 'TOKEN')} />
        <SearchFilter name="id" label="Id of the resource" placeholder="Together with its kind" />
        <SearchFilter name="token" label="Token" placeholder="The whole id" />
        <DayFilter name="from" label="From (UTC)" />
        <DayFilter name="until" label="until and with" />
      </Filters>
      {Boolean(type) !== Boolean(id) && <p class="notice">Choose a kind and type an id: one without the other filters nothing.</p>}
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            {data.length ? (
              <ol class="trail card">
                {data.map((entry) => (
                  <Line key={entry.sequence} entry={entry} />
                ))}
              </ol>
            ) : (
              <Empty title="Nothing matches." />
            )}
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
