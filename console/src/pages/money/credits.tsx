import { linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { money } from '../../parts/format.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Day } from '../../parts/time.tsx'

type Credit = Schemas['Credit']

const COLUMNS: readonly Column<Credit>[] = [
  { title: 'For', cell: ({ purpose }) => purpose },
  { title: 'Account', cell: ({ accountId }) => <a href={linkTo('accounts', accountId)}>{accountId}</a> },
  { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
  { title: 'From', cell: ({ effectiveFrom }) => <Day at={effectiveFrom} />, isMinor: true },
  { title: 'Until before', cell: ({ effectiveUntil }) => <Day at={effectiveUntil} />, isMinor: true },
  { title: 'Given', cell: ({ creditAmount, creditUnit }) => money(creditAmount ?? 0, creditUnit), isNumber: true },
  { title: 'Consumed', cell: ({ consumedAmount, creditUnit }) => money(consumedAmount ?? 0, creditUnit), isNumber: true, isMinor: true },
]

export const Credits = () => {
  const { get } = useParameters()
  const query = { account_id: get('account'), status: get('status') as Credit['status'] | undefined, nextToken: get('page') }
  const reading = useRead(`credits ${JSON.stringify(query)}`, () => read(api.GET('/credits', { params: { query } })))
  return (
    <Page title="Credits">
      <p class="muted lead">A credit is given on the page of its account.</p>
      <Filters>
        <SearchFilter name="account" label="Account" placeholder="The whole id" />
        <ChoiceFilter name="status" label="Status" of={['ACTIVE', 'CONSUMED', 'EXPIRED', 'VOIDED']} />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Credits"
              columns={COLUMNS}
              rows={data}
              keyOf={({ id }) => id}
              linkOf={({ id }) => linkTo('credits', id)}
              empty={<Empty title="No credit matches." />}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
