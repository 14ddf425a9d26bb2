import { linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, Filters } from '../../parts/filters.tsx'
import { DialogButton } from '../../parts/form.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { AskButton } from '../../parts/status_button.tsx'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { AlertForm, EditAlert } from './alert_form.tsx'
import { useTemplates, valuesOf } from './templates.ts'

type Alert = Schemas['Alert']

const Watched = ({ alert }: { alert: Alert }) => {
  const { 'ownerDetails.account.id': account, 'parameters.threshold.value': threshold } = valuesOf(alert)
  return (
    <>
      {account ? <a href={linkTo('accounts', account)}>{account}</a> : 'the whole organization'}
      {threshold && <span class="muted"> at {threshold}</span>}
    </>
  )
}

const RowActions = ({ alert }: { alert: Alert }) => {
  const isActive = alert.status === 'ACTIVE'
  const params = { path: { alert_id: alert.id } }
  return (
    <span class="row-actions">
      <DialogButton label="Edit" title="Edit this alert" tone="quiet">
        {(close) => <EditAlert id={alert.id} close={close} />}
      </DialogButton>
      <AskButton
        label={isActive ? 'Stop' : 'Start'}
        title={isActive ? 'Stop this alert?' : 'Start this alert?'}
        tone="quiet"
        send={() => read(api.PATCH('/alerts/{alert_id}', { params, body: { status: isActive ? 'INACTIVE' : 'ACTIVE' } }))}
      >
        {isActive
          ? 'It is not checked any more. Its open incident stays until it is closed.'
          : 'It begins again, and looks at what comes from now on.'}
      </AskButton>
    </span>
  )
}

export const Alerts = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const templates = useTemplates()
  const query = { status: get('status') as Alert['status'] | undefined, nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`alerts ${JSON.stringify(query)}`, () => read(api.GET('/alerts', { params: { query } })))
  const nameOf = (id: string): string => templates.data?.find((one) => one.id === id)?.name ?? id
  const columns: Column<Alert>[] = [
    {
      title: 'Alert',
      cell: ({ alertTemplateId, description }) => (
        <>
          <strong>{nameOf(alertTemplateId)}</strong>
          {description && <div class="muted">{description}</div>}
        </>
      ),
    },
    { title: 'Watches', cell: (alert) => <Watched alert={alert} /> },
    { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
    { title: 'Checked each', cell: ({ interval }) => `${interval} min`, isNumber: true, isMinor: true },
    { title: 'Incidents', cell: ({ id }) => <a href={linkTo('incidents', { alert: id })}>List</a> },
    ...(writes ? [{ title: '', cell: (alert: Alert) => <RowActions alert={alert} /> }] : []),
  ]
  return (
    <Page
      title="Alerts"
      actions={
        writes && (
          <DialogButton label="New alert" tone="primary">
            {(close) => <AlertForm close={close} />}
          </DialogButton>
        )
      }
    >
      <Filters>
        <ChoiceFilter name="status" label="Status" of={['ACTIVE', 'INACTIVE']} />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Alerts"
              columns={columns}
              rows={data}
              keyOf={({ id }) => id}
              empty={
                <Empty title="There is no alert.">
                  An alert watches usage, balances, unprocessed events or invoices, and opens an incident.
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

type Incident = Schemas['Incident']

const MOST_LINKS = 5

/** What a check found: the numbers, and links to the invoices. */
const Reported = ({ of: { reportData } }: { of: Incident }) => {
  const { invoices, window: _window, ...numbers } = (reportData ?? {}) as { invoices?: { ids?: string[] }; window?: object }
  const values = Object.entries(valuesOf({ parameters: numbers }))
  return (
    <>
      {values.map(([name, value]) => `${name.replace('parameters.', '').replace('.value', '')} ${value}`).join(', ')}
      {invoices?.ids && (
        <div>
          {invoices.ids.slice(0, MOST_LINKS).map((id, at) => (
            <a key={id} href={linkTo('invoices', id)}>
              invoice {at + 1}{' '}
            </a>
          ))}
          {invoices.ids.length > MOST_LINKS && <span class="muted">and {invoices.ids.length - MOST_LINKS} more</span>}
        </div>
      )}
    </>
  )
}

export const Incidents = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const templates = useTemplates()
  const alert = get('alert')
  const query = { status: get('status') as 'OPEN' | 'CLOSED' | undefined, alert_id: alert, nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`incidents ${JSON.stringify(query)}`, () => read(api.GET('/incidents', { params: { query } })))
  const nameOf = (id: string): string => templates.data?.find((one) => one.id === id)?.name ?? id
  const closeIncident = ({ id }: Incident) =>
    read(api.PUT('/incidents/{incident_id}/status', { params: { path: { incident_id: id } }, body: { status: 'CLOSED' } }))
  const columns: Column<Incident>[] = [
    { title: 'Incident', cell: ({ alertTemplateId }) => <strong>{nameOf(alertTemplateId)}</strong> },
    { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
    { title: 'What was found', cell: (incident) => <Reported of={incident} /> },
    { title: 'Opened', cell: ({ createdAt }) => <Time at={createdAt} />, isMinor: true },
    { title: 'Checked', cell: ({ lastCheckedAt }) => <Time at={lastCheckedAt} />, isMinor: true },
    ...(writes
      ? [
          {
            title: '',
            cell: (incident: Incident) =>
              incident.status === 'OPEN' && (
                <AskButton label="Close" title="Close this incident?" tone="quiet" send={() => closeIncident(incident)}>
                  The next check that finds its condition opens another one; of usage, only in the next pricing cycle.
                </AskButton>
              ),
          },
        ]
      : []),
  ]
  return (
    <Page title="Incidents" above={<a href={linkTo('alerts')}>Alerts</a>}>
      <Filters>
        <ChoiceFilter name="status" label="Status" of={['OPEN', 'CLOSED']} />
      </Filters>
      {alert && (
        <p class="notice">
          Only those of one alert are listed. <a href={linkTo('incidents')}>List all</a>
        </p>
      )}
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Incidents"
              columns={columns}
              rows={data}
              keyOf={({ id }) => id}
              empty={<Empty title="There is no incident.">While a check of an alert finds its condition, an incident is open.</Empty>}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
