import { linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { DialogButton } from '../../parts/form.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { SchemaForm } from './schema_form.tsx'

type Schema = Schemas['EventSchemaListData']

const namesOf = (fields: readonly { name: string }[]): string => fields.map(({ name }) => name).join(', ')

const COLUMNS: readonly Column<Schema>[] = [
  { title: 'Name', cell: ({ name }) => name },
  { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
  { title: 'Attributes', cell: ({ attributes }) => namesOf(attributes), isMinor: true },
  { title: 'Dimensions', cell: ({ dimensions }) => namesOf(dimensions), isMinor: true },
  { title: 'Meters', cell: ({ usageMetersCount }) => usageMetersCount, isNumber: true },
  { title: 'Version', cell: ({ version }) => version, isNumber: true, isMinor: true },
]

export const EventSchemas = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const query = { _search: get('q'), status: get('status') as Schema['status'] | undefined, nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`schemas ${JSON.stringify(query)}`, () => read(api.GET('/event_schema', { params: { query } })))
  return (
    <Page
      title="Event schemas"
      actions={
        writes && (
          <DialogButton label="New schema" tone="primary" isWide>
            {(close) => <SchemaForm close={close} />}
          </DialogButton>
        )
      }
    >
      <Filters>
        <SearchFilter name="q" label="Search" placeholder="Name or description begins with…" />
        <ChoiceFilter name="status" label="Status" of={['DRAFT', 'ACTIVE', 'INACTIVE', 'ARCHIVED']} usual="Not archived" />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Event schemas"
              columns={COLUMNS}
              rows={data}
              keyOf={({ name }) => name}
              linkOf={({ name }) => linkTo('schemas', name)}
              empty={<Empty title="There is no event schema.">A schema says which numbers and texts events of a kind have.</Empty>}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
