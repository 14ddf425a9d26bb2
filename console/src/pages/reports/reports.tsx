import { useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { wordsOf } from '../../parts/format.ts'
import { Empty, Page, Section, Shown } from '../../parts/page.tsx'
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

const toggle = ({ id, status }: Template) =>
  read(
    api.PATCH('/report_templates/{report_template_id}', {
      params: { path: { report_template_id: id } },
      body: { status: status === 'ACTIVE' ? 'INACTIVE' : 'ACTIVE' },
    }),
  )

const Templates = () => {
  const { writes } = useRights()
  const reading = useRead('report templates', () => read(api.GET('/report_templates', { params: { query: { pageSize: 100 } } })))
  return (
    <Section title="Made each period">
      <Shown reading={reading}>
        {({ data }) => (
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
              ...(writes
                ? [
                    {
                      title: '',
                      cell: (template: Template) => (
                        <AskButton
                          label={template.status === 'ACTIVE' ? 'Stop' : 'Start'}
                          title={`${template.status === 'ACTIVE' ? 'Stop' : 'Start'} ${template.name}?`}
                          tone="quiet"
                          send={() => toggle(template)}
                        >
                          {template.status === 'ACTIVE' ? 'No more reports are made of it.' : 'Reports are made of it again.'}
                        </AskButton>
                      ),
                    },
                  ]
                : []),
            ]}
          />
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
                  cell: ({ preSignedUrl }) =>
                    preSignedUrl && (
                      <a href={preSignedUrl} download>
                        CSV
                      </a>
                    ),
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
