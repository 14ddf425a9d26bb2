import { linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { wordsOf } from '../../parts/format.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'

type Plan = Schemas['PricePlanListData']

const COLUMNS: readonly Column<Plan>[] = [
  { title: 'Name', cell: ({ name }) => name },
  { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
  {
    title: 'Cycle',
    cell: ({ pricePlanDetails, type }) =>
      type === 'PURCHASE' ? 'Bought once' : wordsOf(pricePlanDetails.pricingCycleConfig?.interval ?? ''),
  },
  { title: 'Currencies', cell: ({ pricePlanDetails }) => pricePlanDetails.supportedCurrencies.join(', '), isMinor: true },
  { title: 'Version', cell: ({ version }) => version, isNumber: true, isMinor: true },
  { title: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} />, isMinor: true },
]

export const Plans = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const query = { _search: get('q'), status: get('status') as Plan['status'] | undefined, nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`plans ${JSON.stringify(query)}`, () => read(api.GET('/price_plans', { params: { query } })))
  return (
    <Page
      title="Price plans"
      actions={
        writes && (
          <a class="button primary" href={linkTo('plans', 'new')}>
            New plan
          </a>
        )
      }
    >
      <Filters>
        <SearchFilter name="q" label="Search" placeholder="Name or id begins with…" />
        <ChoiceFilter name="status" label="Status" of={['DRAFT', 'ACTIVE', 'ARCHIVED']} usual="Not archived" />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Price plans"
              columns={COLUMNS}
              rows={data}
              keyOf={({ id }) => id}
              linkOf={({ id }) => linkTo('plans', id)}
              empty={<Empty title="There is no price plan.">A plan says what fees, usage and licences cost.</Empty>}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
