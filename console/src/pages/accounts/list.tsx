import { linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { DialogButton } from '../../parts/form.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { AccountForm } from './account_form.tsx'

type Account = Schemas['Account']

const COLUMNS: readonly Column<Account>[] = [
  { title: 'Name', cell: ({ name }) => name },
  { title: 'Id', cell: ({ id }) => <code>{id}</code>, isMinor: true },
  { title: 'Customer', cell: ({ customerId }) => <a href={linkTo('customers', customerId)}>{customerId}</a> },
  { title: 'Currency', cell: ({ invoiceCurrency }) => invoiceCurrency, isMinor: true },
  { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
]

export const Accounts = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const [search, customer, status] = [get('q'), get('customer'), get('status') as Account['status'] | undefined]
  /** The API takes one filter, or a customer and a status. */
  const query = { ...(search ? { _search: search } : { customer_id: customer, status }), nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`accounts ${JSON.stringify(query)}`, () => read(api.GET('/accounts', { params: { query } })))
  return (
    <Page
      title="Accounts"
      actions={
        writes && (
          <DialogButton label="New account" tone="primary">
            {(close) => <AccountForm close={close} />}
          </DialogButton>
        )
      }
    >
      <Filters>
        <SearchFilter name="q" label="Search" placeholder="Name, id or e-mail begins with…" />
        {!search && (
          <>
            <SearchFilter name="customer" label="Customer" placeholder="The whole id" />
            <ChoiceFilter name="status" label="Status" of={['ACTIVE', 'DRAFT', 'ARCHIVED']} usual="Active and draft" />
          </>
        )}
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Accounts"
              columns={COLUMNS}
              rows={data}
              keyOf={({ togaiAccountId }) => togaiAccountId}
              linkOf={({ id }) => linkTo('accounts', id)}
              empty={
                <Empty
                  title={
                    search ? 'No account begins with this.' : customer || status ? 'No account matches.' : 'There are no accounts here yet.'
                  }
                >
                  An account belongs to a customer, has a price plan, and is billed.
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
