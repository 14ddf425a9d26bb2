import { linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, Filters, SeveralFilter } from '../../parts/filters.tsx'
import { wordsOf } from '../../parts/format.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'

const PERIOD = 5000

export const JOB_TYPES: Readonly<Record<string, string>> = {
  PRICE_PLAN: 'Migration of accounts to a plan',
  EVENT_CORRECTIONS: 'Correction of events',
  BILL_RUN: 'Bill run',
}

const STATUSES = ['PENDING', 'WAITING_FOR_CONFIRMATION', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'] as const

export const Jobs = () => {
  const { get } = useParameters()
  const query = {
    type: get('type') as Schemas['JobsWithoutStatusInfoResponse']['type'] | undefined,
    status: get('status'),
    nextToken: get('page'),
    pageSize: 50,
  }
  const reading = useRead(`jobs ${JSON.stringify(query)}`, () => read(api.GET('/jobs', { params: { query } })), PERIOD)
  return (
    <Page title="Jobs">
      <p class="muted lead">Long work that goes on after it was asked for.</p>
      <Filters>
        <ChoiceFilter name="type" label="Job" of={Object.entries(JOB_TYPES)} />
        <SeveralFilter name="status" label="Status" of={STATUSES} />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Jobs"
              rows={data}
              keyOf={({ id }) => id}
              linkOf={({ id }) => linkTo('jobs', id)}
              empty={
                <Empty title={query.type || query.status ? 'No job matches.' : 'There are no jobs yet.'}>
                  Bill runs, corrections of many events and migrations of plans are jobs.
                </Empty>
              }
              columns={[
                { title: 'Job', cell: ({ type }) => JOB_TYPES[type] ?? wordsOf(type) },
                { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
                { title: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} />, isMinor: true },
                { title: 'Id', cell: ({ id }) => <code>{id}</code>, isMinor: true },
              ]}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
