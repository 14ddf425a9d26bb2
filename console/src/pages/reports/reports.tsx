import { useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton, UNCHANGED, useAttempt } from '../../parts/form.tsx'
import { wordsOf } from '../../parts/format.ts'
import { Empty, Page, Refusal, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { AskButton } from '../../parts/status_button.tsx'
import { Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { ReportForm } from './report_form.tsx'

type Report = Schemas['Report']
type Template = Schemas['ReportTemplate']

/** Milliseconds between two readings while a report is being made. */
const PERIOD = 2500

const isBeingMade = ({ status }: Report): boolean => status === 'QUEUED' || status === 'RUNNING' || status === 'UPLOAD_PENDING'

/** Stops what makes a report each period, or starts it again. */
const ToggleButton = ({ template: { id, name, status } }: { template: Template }) => {
  const isActive = status === 'ACTIVE'
  const params = { path: { report_template_id: id } }
  return (
    <AskButton
      label={isActive ? 'Stop' : 'Start'}
      title={`${isActive ? 'Stop' : 'Start'} ${name}?`}
      tone="quiet"
      send={() => read(api.PATCH('/report_templates/{report_template_id}', { params, body: { status: isActive ? 'INACTIVE' : 'ACTIVE' } }))}
    >
      {isActive ? 'No more reports are made of it.' : 'Reports are made of it again.'}
    </AskButton>
  )
}

/** Follows a link to a file, as a browser does where somebody presses it. */
const downloadFile = (address: string): void => {
  const link = document.createElement('a')
  link.href = address
  link.download = ''
  link.click()
}

/** A link to the file of a report. The link that a list has read ends after some minutes, so that another is asked for when it is followed. */
const FileLink = ({ id, address }: { id: string; address: string }) => {
  const { isBusy, failure, attempt } = useAttempt()
  const followLink = async (): Promise<unknown> => {
    const { preSignedUrl } = await read(api.GET('/reports/{report_id}', { params: { path: { report_id: id } } }))
    downloadFile(preSignedUrl ?? address)
    return UNCHANGED
  }
  return (
    <>
      <a
        href={address}
        download
        aria-busy={isBusy}
        onClick={(event) => {
          event.preventDefault()
          if (!isBusy) void attempt(followLink)
        }}
      >
        CSV
      </a>
      {failure && <Refusal failure={failure} />}
    </>
  )
}

const Templates = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const query = { nextToken: get('templates'), pageSize: 50 }
  const reading = useRead(`report templates ${query.nextToken ?? ''}`, () => read(api.GET('/report_templates', { params: { query } })))
  return (
    <Section title="Made each period">
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Reports that are made each period"
              rows={data}
              keyOf={({ id }) => id}
              empty={<Empty title="No report is made by itself." />}
              columns={[
                { title: 'Report', cell: ({ name }) => <strong>{name}</strong> },
                { title: 'About', cell: ({ queryInput }) => wordsOf(queryInput.baseDataSource), isMinor: true },
                { title: 'Made', cell: ({ schedule }) => wordsOf(schedule) },
                { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
                ...(writes ? [{ title: '', cell: (template: Template) => <ToggleButton template={template} /> }] : []),
              ]}
            />
            <Pager next={nextToken} name="templates" />
          </>
        )}
      </Shown>
    </Section>
  )
}

export const Reports = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const query = { fetchFor: 'ALL' as const, nextToken: get('page'), pageSize: 50 }
  const reading = useRead(
    `reports ${query.nextToken ?? ''}`,
    () => read(api.GET('/reports', { params: { query } })),
    (known) => (known?.data?.some(isBeingMade) ? PERIOD : undefined),
  )
  return (
    <Page
      title="Reports"
      actions={
        writes && (
          <DialogButton label="New report" tone="primary" isWide>
            {(close) => <ReportForm close={close} />}
          </DialogButton>
        )
      }
    >
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Reports"
              rows={data}
              keyOf={({ id }) => id}
              empty={
                <Empty title="There is no report yet.">
                  A report is a CSV file of usage, revenue, invoices, events, licences, accounts or customers.
                </Empty>
              }
              columns={[
                { title: 'Report', cell: ({ name }) => <strong>{name}</strong> },
                {
                  title: 'Status',
                  cell: ({ status, failureReason }) => (
                    <>
                      <Badge of={status} />
                      {failureReason && <div class="muted">{failureReason}</div>}
                    </>
                  ),
                },
                { title: 'About', cell: ({ queryInput }) => queryInput && wordsOf(queryInput.baseDataSource), isMinor: true },
                { title: 'Asked for', cell: ({ createdAt }) => <Time at={createdAt} />, isMinor: true },
                {
                  title: 'File',
                  cell: ({ id, preSignedUrl }) => preSignedUrl && <FileLink id={id} address={preSignedUrl} />,
                },
              ]}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
      <Templates />
    </Page>
  )
}
