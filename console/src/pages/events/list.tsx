import { useState } from 'preact/hooks'
import { linkTo, useParameters } from '../../parts/address.ts'
import { EventBadge, eventStatus } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, DayFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { CheckField } from '../../parts/form.tsx'
import { afterDay } from '../../parts/format.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { useRights } from '../../parts/session.ts'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'

type Event = Schemas['EventWithStatus']

/** Milliseconds between two readings of a list that is live. */
const LIVE = 4000

const STATUSES = [
  'INGESTION_COMPLETED_EVENT_METERED',
  'INGESTION_COMPLETED_EVENT_NOT_METERED',
  'INGESTION_COMPLETED_NO_MATCHING_METERS',
  'INGESTION_FAILED_ACCOUNT_NOT_FOUND',
  'INGESTION_FAILED_DUPLICATE_EVENT',
  'INGESTION_FAILED_SCHEMA_NOT_DEFINED',
  'INGESTION_FAILED',
  'INGESTION_FAILED_NO_EVENT_ID',
  'INGESTION_FAILED_ENRICHMENT_FAILED',
  'INGESTION_FAILED_UNITS_INVALID',
  'INGESTION_FAILED_PAST_GRACE_PERIOD',
  'INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT',
  'INGESTION_FAILED_INSUFFICIENT_CREDITS',
  'REVERTED',
] as const

const CHOICES: readonly (readonly [string, string])[] = [
  ['PROCESSED', 'Processed'],
  ['UNPROCESSED', 'Unprocessed'],
  ['IN_PROGRESS', 'In progress'],
  ...STATUSES.map((status) => [status, `– ${eventStatus(status)}`] as const),
]

const measured = ({ attributes }: Event['eventPayload']): string => attributes.map(({ name, value }) => `${name} ${value}`).join(', ')

const COLUMNS: readonly Column<Event>[] = [
  { title: 'Event', cell: ({ eventPayload, referenceId }) => <code>{eventPayload.id ?? referenceId}</code> },
  { title: 'Status', cell: ({ ingestionStatus }) => <EventBadge status={ingestionStatus.status} /> },
  { title: 'Schema', cell: ({ eventPayload }) => eventPayload.schemaName, isMinor: true },
  {
    title: 'Account',
    cell: ({ eventPayload: { accountId }, customerId }) =>
      customerId ? <a href={linkTo('accounts', accountId)}>{accountId}</a> : accountId,
  },
  { title: 'Measured', cell: ({ eventPayload }) => measured(eventPayload), isMinor: true },
  { title: 'Time of the event', cell: ({ eventPayload }) => <Time at={eventPayload.timestamp} />, isMinor: true },
]

export const Events = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const [isLive, live] = useState(true)
  const [from, until] = [get('from'), get('until')]
  const query = {
    status: get('status'),
    account_id: get('account'),
    customer_id: get('customer'),
    schema_name: get('schema'),
    event_id: get('id'),
    start_time: from && `${from}T00:00:00Z`,
    end_time: until && afterDay(until),
    nextToken: get('page'),
  }
  const isFirst = query.nextToken === undefined
  const reading = useRead(
    `events ${JSON.stringify(query)}`,
    () => read(api.GET('/events', { params: { query } })),
    isLive && isFirst ? LIVE : undefined,
  )
  const schemas = useRead('event schemas', () =>
    readAll((nextToken) => read(api.GET('/event_schema', { params: { query: { pageSize: 100, nextToken } } }))),
  )
  return (
    <Page
      title="Events"
      actions={
        writes && (
          <>
            <a class="button" href={linkTo('events', 'correct', { account: get('account') })}>
              Correct many
            </a>
            <a class="button" href={linkTo('events', 'send', { account: get('account'), schema: get('schema') })}>
              Send an event
            </a>
          </>
        )
      }
    >
      <Filters>
        <ChoiceFilter name="status" label="Status" of={CHOICES} />
        <SearchFilter name="account" label="Account, its id or an alias" placeholder="The whole id" />
        <SearchFilter name="customer" label="Customer" placeholder="The whole id" />
        <ChoiceFilter name="schema" label="Schema" of={(schemas.data ?? []).map(({ name }) => [name, name] as const)} />
        <SearchFilter name="id" label="Event id" placeholder="The whole id" />
        <DayFilter name="from" label="From (UTC)" />
        <DayFilter name="until" label="Until and with" />
        {isFirst && <CheckField label="Live" value={isLive} set={live} />}
      </Filters>
      <Shown reading={reading}>
        {({ events, nextToken }) => (
          <>
            <Table
              label="Events"
              columns={COLUMNS}
              rows={events}
              keyOf={({ referenceId }) => referenceId}
              linkOf={({ eventPayload, referenceId }) => linkTo('events', eventPayload.id ?? referenceId, { ref: referenceId })}
              empty={
                <Empty title="No event matches.">
                  Account and event id are compared as a whole. Events are shown as soon as <code>POST /ingest</code> has answered.
                </Empty>
              }
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
