import { linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { DialogButton } from '../../parts/form.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { MeterForm } from './meter_form.tsx'

type Meter = Schemas['UsageMeter']

const COLUMNS: readonly Column<Meter>[] = [
  { title: 'Name', cell: ({ displayName }) => displayName },
  { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
  { title: 'Counts', cell: ({ aggregation }) => (aggregation === 'COUNT' ? 'events' : 'a sum'), isMinor: true },
  { title: 'Its name', cell: ({ name }) => <code>{name}</code>, isMinor: true },
  { title: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} />, isMinor: true },
]

export const UsageMeters = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const query = { _search: get('q'), status: get('status') as Meter['status'] | undefined, nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`meters ${JSON.stringify(query)}`, () => read(api.GET('/usage_meters', { params: { query } })))
  return (
    <Page
      title="Usage meters"
      actions={
        writes && (
          <DialogButton label="New meter" tone="primary" isWide>
            {(close) => <MeterForm close={close} />}
          </DialogButton>
        )
      }
    >
      <Filters>
        <SearchFilter name="q" label="Search" placeholder="Name or id begins with…" />
        <ChoiceFilter name="status" label="Status" of={['ACTIVE', 'INACTIVE', 'ARCHIVED']} usual="Not archived" />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Usage meters"
              columns={COLUMNS}
              rows={data}
              keyOf={({ id }) => id}
              linkOf={({ id }) => linkTo('meters', id)}
              empty={<Empty title="There is no usage meter.">A meter counts the events of a schema, or adds up a value of them.</Empty>}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
