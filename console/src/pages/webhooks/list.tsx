import { linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { EndpointForm } from './endpoint_form.tsx'

type Endpoint = Schemas['WebhookEndpoint']

const COLUMNS: readonly Column<Endpoint>[] = [
  { title: 'Address', cell: ({ url }) => url },
  { title: 'Status', cell: ({ status }) => <Badge of={status} tone={status === 'ENABLED' ? 'good' : 'calm'} /> },
  { title: 'What it is for', cell: ({ description }) => description, isMinor: true },
  {
    title: 'Is sent',
    cell: ({ eventTypes }) => (eventTypes ? `${eventTypes.length} ${eventTypes.length === 1 ? 'kind' : 'kinds'}` : 'everything'),
    isMinor: true,
  },
  { title: 'Fails since', cell: ({ failingSince }) => (failingSince ? <Time at={failingSince} /> : 'does not fail'), isMinor: true },
]

export const Webhooks = () => {
  const { get } = useParameters()
  const { administers } = useRights()
  const query = { nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`webhooks ${query.nextToken ?? ''}`, () => read(api.GET('/webhook_endpoints', { params: { query } })))
  return (
    <Page
      title="Webhooks"
      actions={
        administers && (
          <DialogButton label="New endpoint" tone="primary" isWide>
            {(close) => <EndpointForm close={close} />}
          </DialogButton>
        )
      }
    >
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Webhook endpoints"
              columns={COLUMNS}
              rows={data}
              keyOf={({ id }) => id}
              linkOf={({ id }) => linkTo('webhooks', id)}
              empty={
                <Empty title="There is no endpoint.">
                  An endpoint of yours is told what happens here, such as an invoice that falls due.
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
