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
import { CustomerForm } from './form.tsx'

type Customer = Schemas['Customer']

const COLUMNS: readonly Column<Customer>[] = [
  { title: 'Name', cell: ({ name }) => name },
  { title: 'Id', cell: ({ id }) => <code>{id}</code> },
  { title: 'E-mail', cell: ({ primaryEmail }) => primaryEmail, isMinor: true },
  { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
  { title: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} />, isMinor: true },
]

export const Customers = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const query = {
    _search: get('q'),
    status: get('status') as Customer['status'] | undefined,
    nextToken: get('page'),
    pageSize: 50,
  }
  const reading = useRead(`customers ${JSON.stringify(query)}`, () => read(api.GET('/customers', { params: { query } })))
  return (
    <Page
      title="Customers"
      actions={
        writes && (
          <DialogButton label="New customer" tone="primary">
            {(close) => <CustomerForm close={close} />}
          </DialogButton>
        )
      }
    >
      <Filters>
        <SearchFilter name="q" label="Search" placeholder="Name, id or e-mail begins with…" />
        <ChoiceFilter name="status" label="Status" of={['ARCHIVED']} usual="Active" />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Customers"
              columns={COLUMNS}
              rows={data}
              keyOf={({ togaiCustomerId }) => togaiCustomerId}
              linkOf={({ id }) => linkTo('customers', id)}
              empty={
                <Empty
                  title={
                    get('q')
                      ? 'No customer begins with this.'
                      : get('status')
                        ? 'No customer is archived.'
                        : 'There are no customers here yet.'
                  }
                >
                  {get('q')
                    ? 'The search looks at the beginning of the name, the id and the e-mail.'
                    : 'A customer has accounts, and accounts are billed.'}
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
