import { goTo, linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, Filters } from '../../parts/filters.tsx'
import { DialogButton } from '../../parts/form.tsx'
import { Empty, Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { AskButton } from '../../parts/status_button.tsx'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { EndpointForm, RotateForm } from './endpoint_form.tsx'

type Endpoint = Schemas['WebhookEndpoint']
type Delivery = Schemas['WebhookDelivery']

/** Milliseconds between two readings of deliveries: while some are on their way, and otherwise, since a change is made a delivery a moment later. */
const [PERIOD, CALM_PERIOD] = [4000, 10_000]

const TONES: Readonly<Record<Delivery['status'], string>> = { PENDING: 'warm', DELIVERED: 'good', FAILED: 'bad', CANCELLED: 'calm' }

const Actions = ({ endpoint }: { endpoint: Endpoint }) => {
  const { administers } = useRights()
  const params = { path: { webhook_endpoint_id: endpoint.id } }
  const isEnabled = endpoint.status === 'ENABLED'
  if (endpoint.status === 'DELETED') return null
  return (
    <>
      {isEnabled && (
        <AskButton
          label="Send a test"
          title="Send a test?"
          action="Send"
          send={() => read(api.POST('/webhook_endpoints/{webhook_endpoint_id}/test', { params }))}
        >
          The endpoint is sent an event of the type webhook.test within a minute.
        </AskButton>
      )}
      <DialogButton label="Edit" title="Edit this endpoint" isWide>
        {(close) => <EndpointForm endpoint={endpoint} close={close} />}
      </DialogButton>
      <AskButton
        label={isEnabled ? 'Disable' : 'Enable'}
        title={isEnabled ? 'Disable this endpoint?' : 'Enable this endpoint?'}
        send={() =>
          read(api.PATCH('/webhook_endpoints/{webhook_endpoint_id}', { params, body: { status: isEnabled ? 'DISABLED' : 'ENABLED' } }))
        }
      >
        {isEnabled ? 'What is on its way to it is cancelled.' : 'It is sent what happens from now on.'}
      </AskButton>
      {administers && <DialogButton label="Rotate secret">{(close) => <RotateForm endpoint={endpoint} close={close} />}</DialogButton>}
      <AskButton
        label="Delete"
        title="Delete this endpoint?"
        tone="quiet"
        send={() => read(api.DELETE('/webhook_endpoints/{webhook_endpoint_id}', { params }))}
        done={() => goTo(linkTo('webhooks'))}
        isDangerous
      >
        It is sent nothing more.
      </AskButton>
    </>
  )
}

const Deliveries = ({ endpointId, isEnabled }: { endpointId: string; isEnabled: boolean }) => {
  const { get } = useParameters()
  const { writes } = useRights()
  const query = { status: get('status') as Delivery['status'] | undefined, nextToken: get('page'), pageSize: 50 }
  const path = { webhook_endpoint_id: endpointId }
  const reading = useRead(
    `deliveries ${endpointId} ${JSON.stringify(query)}`,
    () => read(api.GET('/webhook_endpoints/{webhook_endpoint_id}/deliveries', { params: { path, query } })),
    (known) => (known?.data.some(({ status }) => status === 'PENDING') ? PERIOD : CALM_PERIOD),
  )
  const resendDelivery = ({ id }: Delivery) =>
    read(
      api.POST('/webhook_endpoints/{webhook_endpoint_id}/deliveries/{webhook_delivery_id}/resend', {
        params: { path: { ...path, webhook_delivery_id: id } },
      }),
    )
  const columns: Column<Delivery>[] = [
    {
      title: 'What happened',
      cell: ({ eventType, resourceId }) => (
        <>
          <strong>{eventType}</strong> <code>{resourceId}</code>
        </>
      ),
    },
    { title: 'Status', cell: ({ status }) => <Badge of={status} tone={TONES[status]} /> },
    { title: 'Answer', cell: ({ lastStatusCode, lastError }) => lastStatusCode ?? lastError, isMinor: true },
    { title: 'Tried', cell: ({ attempts }) => attempts, isNumber: true },
    {
      title: 'When',
      cell: ({ nextAttemptAt, endedAt }) =>
        nextAttemptAt ? (
          <>
            next <Time at={nextAttemptAt} />
          </>
        ) : (
          endedAt && (
            <>
              ended <Time at={endedAt} />
            </>
          )
        ),
      isMinor: true,
    },
    ...(writes && isEnabled
      ? [
          {
            title: '',
            cell: (delivery: Delivery) =>
              delivery.status !== 'PENDING' && (
                <AskButton label="Send again" title="Send this again?" tone="quiet" action="Send" send={() => resendDelivery(delivery)}>
                  The endpoint is sent the same event, with the same id.
                </AskButton>
              ),
          },
        ]
      : []),
  ]
  return (
    <Section title="Deliveries">
      <Filters>
        <ChoiceFilter name="status" label="Status" of={['PENDING', 'DELIVERED', 'FAILED', 'CANCELLED']} />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Deliveries"
              columns={columns}
              rows={data}
              keyOf={({ id }) => id}
              empty={<Empty title={query.status ? 'No delivery has this status.' : 'Nothing has been sent yet.'} />}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Section>
  )
}

export const EndpointPage = ({ names: { id = '' } }: { names: Names }) => {
  const { writes } = useRights()
  const reading = useRead(`webhook ${id}`, () =>
    read(api.GET('/webhook_endpoints/{webhook_endpoint_id}', { params: { path: { webhook_endpoint_id: id } } })),
  )
  const endpoint = reading.data
  return (
    <Page
      title={endpoint?.description ?? endpoint?.url ?? 'Webhook'}
      above={
        <>
          <a href={linkTo('webhooks')}>Webhooks</a> · <code>{id}</code>
        </>
      }
      beside={endpoint && <Badge of={endpoint.status} tone={endpoint.status === 'ENABLED' ? 'good' : 'calm'} />}
      actions={writes && endpoint && <Actions endpoint={endpoint} />}
    >
      <Shown reading={reading}>
        {({ url, eventTypes, statusReason, failingSince, previousSecretValidUntil, createdAt }) => (
          <Facts
            of={[
              ['Address', <code>{url}</code>],
              ['Is sent', eventTypes?.join(', ') ?? 'everything'],
              ['Why it is disabled', statusReason],
              ['Fails since', failingSince && <Time at={failingSince} />],
              ['Old secret signs until', previousSecretValidUntil && <Time at={previousSecretValidUntil} />],
              ['Created', <Time at={createdAt} />],
            ]}
          />
        )}
      </Shown>
      <Deliveries endpointId={id} isEnabled={endpoint?.status === 'ENABLED'} />
    </Page>
  )
}
