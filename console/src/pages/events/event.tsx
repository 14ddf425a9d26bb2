import { linkTo, useParameters } from '../../parts/address.ts'
import { EventBadge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { Empty, Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { CorrectOne } from './correct_one.tsx'
import { Pipeline } from './pipeline.tsx'

export type TracedEvent = Schemas['EventWithStatusAndEventPipelineInfo']

/** Reads all that was sent under an id, also what was reverted. What came without an id is found by its reference, and has no pipeline. */
const readEvents = async (id: string): Promise<TracedEvent[]> => {
  const { events } = await read(api.GET('/events', { params: { query: { id } } }))
  const [found] = events
  if (found && !found.eventPayload.id) return [{ ...found, eventPipelineInfo: {} }]
  return (await read(api.GET('/events/{event_id}', { params: { path: { event_id: id } } }))).events
}

interface Property {
  kind: string
  name: string
  value: string
}

const propertiesOf = ({ eventPayload, eventPipelineInfo: { enrichments } }: TracedEvent): Property[] => [
  ...eventPayload.attributes.map(({ name, value, unit }) => ({ kind: 'Attribute', name, value: unit ? `${value} ${unit}` : value })),
  ...Object.entries(eventPayload.dimensions).map(([name, value]) => ({ kind: 'Dimension', name, value })),
  ...[...(enrichments?.attributes ?? []), ...(enrichments?.dimensions ?? [])].map(({ name, value }) => ({ kind: 'Enriched', name, value })),
  ...(enrichments?.dependencies ?? []).map(({ key, name, value }) => ({ kind: 'Setting', name: name ?? key, value })),
]

const Details = ({ event }: { event: TracedEvent }) => {
  const { eventPayload, ingestionStatus, customerId, createdAt, source, referenceId } = event
  return (
    <>
      <Facts
        of={[
          ['Status', <EventBadge status={ingestionStatus.status} />],
          ['What that means', ingestionStatus.statusDescription],
          ['Time of the event', <Time at={eventPayload.timestamp} />],
          ['Arrived', <Time at={createdAt} />],
          [
            'Account',
            customerId ? <a href={linkTo('accounts', eventPayload.accountId)}>{eventPayload.accountId}</a> : eventPayload.accountId,
          ],
          ['Customer', customerId && <a href={linkTo('customers', customerId)}>{customerId}</a>],
          ['Came by', source?.type],
          ['Reference', <code>{referenceId}</code>],
        ]}
      />
      <Section title="Pipeline">
        <Pipeline event={event} />
      </Section>
      <Section title="Properties">
        <Table
          label="Properties"
          rows={propertiesOf(event)}
          keyOf={({ kind, name }) => kind + name}
          columns={[
            { title: 'Name', cell: ({ name }) => name },
            { title: 'Value', cell: ({ value }) => <code>{value}</code> },
            { title: 'Kind', cell: ({ kind }) => kind },
          ]}
        />
      </Section>
      <Section title="As it was sent">
        <pre tabIndex={0}>{JSON.stringify(eventPayload, null, 2)}</pre>
      </Section>
    </>
  )
}

export const EventPage = ({ names: { id = '' } }: { names: Names }) => {
  const { get, set } = useParameters()
  const { writes } = useRights()
  const reading = useRead(`event ${id}`, () => readEvents(id))
  const events = reading.data ?? []
  const shown = events.find(({ referenceId }) => referenceId === get('ref')) ?? events[0]
  return (
    <Page
      title={id}
      above={<a href={linkTo('events')}>Events</a>}
      beside={shown && <EventBadge status={shown.ingestionStatus.status} />}
      actions={writes && shown && <CorrectOne event={shown} />}
    >
      <Shown reading={reading}>
        {() => (
          <>
            {events.length > 1 && (
              <p class="notice">
                {events.length} were sent under this id:{' '}
                {events.map(({ referenceId, ingestionStatus }, at) => (
                  <button
                    key={referenceId}
                    type="button"
                    class="quiet"
                    aria-pressed={referenceId === shown?.referenceId}
                    onClick={() => set({ ref: referenceId }, true)}
                  >
                    {at + 1} <EventBadge status={ingestionStatus.status} />
                  </button>
                ))}
              </p>
            )}
            {shown ? <Details event={shown} /> : <Empty title="No event has this id." />}
          </>
        )}
      </Shown>
    </Page>
  )
}
