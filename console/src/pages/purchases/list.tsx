import { linkTo, useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Pager } from '../../parts/table.tsx'
import { PurchaseTable } from './table.tsx'

/** The API takes one status at a time: that of a proposal, or of what became of it. */
const STATUSES = [
  ['PROPOSAL_ACTIVE', 'Proposals that are open'],
  ['PROPOSAL_APPROVED', 'Proposals that were approved'],
  ['PROPOSAL_DECLINED', 'Proposals that were declined'],
  ['PROPOSAL_EXPIRED', 'Proposals that have expired'],
  ['PENDING', 'Purchases to be paid'],
  ['IN_PROGRESS', 'Purchases in progress'],
  ['SUCCESS', 'Purchases that are done'],
  ['FAILURE', 'Purchases that failed'],
] as const

type Status = Schemas['PurchaseStatus']

const filterOf = (status: string | undefined) => {
  if (!status) return {}
  return status.startsWith('PROPOSAL')
    ? { proposal_status: status as Extract<Status, `PROPOSAL_${string}`> }
    : { purchase_status: status as Exclude<Status, `PROPOSAL_${string}`> }
}

export const Purchases = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const account = get('account')
  const query = { account_id: account, ...filterOf(get('status')), nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`purchases ${JSON.stringify(query)}`, () => read(api.GET('/purchases', { params: { query } })))
  return (
    <Page
      title="Purchases"
      actions={
        writes && (
          <a class="button primary" href={linkTo('purchases', 'new', account ? { account } : {})}>
            New proposal or purchase
          </a>
        )
      }
    >
      <Filters>
        <SearchFilter name="account" label="Account" placeholder="The whole id" />
        <ChoiceFilter name="status" label="Status" of={STATUSES} />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <PurchaseTable
              purchases={data}
              hasAccount={!account}
              empty={<Empty title="No purchase or proposal matches.">What an account buys beside its price plan stands here.</Empty>}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
