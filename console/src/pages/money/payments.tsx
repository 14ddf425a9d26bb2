import { linkTo, useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DayFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { afterDay, money, wordsOf } from '../../parts/format.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'

type Payment = Schemas['Payment']

const Spread = ({ payment: { lineItemRecords, currency } }: { payment: Payment }) => (
  <>
    {lineItemRecords.map(({ type, togaiId, amount, order }) => (
      <div key={order}>
        {type === 'INVOICE' && togaiId ? <a href={linkTo('invoices', togaiId)}>Invoice</a> : wordsOf(type)}
        {amount !== undefined && ` ${money(amount, currency)}`}
      </div>
    ))}
  </>
)

const COLUMNS: readonly Column<Payment>[] = [
  {
    title: 'Reference',
    cell: ({ externalPaymentReferences: { transactionNumber } }) => <strong>{transactionNumber}</strong>,
    isWhole: true,
  },
  {
    title: 'At',
    cell: ({ externalPaymentReferences: { sourceName, sourceType } }) => `${sourceName}, ${wordsOf(sourceType).toLowerCase()}`,
    isMinor: true,
  },
  { title: 'Account or group', cell: ({ accountId }) => <a href={linkTo('invoices', { owner: accountId })}>{accountId}</a> },
  { title: 'Recorded', cell: ({ createdAt }) => <Time at={createdAt} />, isMinor: true },
  { title: 'For', cell: (payment) => <Spread payment={payment} />, isMinor: true },
  { title: 'Amount', cell: ({ totalAmount, currency }) => money(totalAmount, currency), isNumber: true },
]

/** The range of instants of whole days, as the API takes it. */
const rangeOf = (from: string | undefined, until: string | undefined): string | undefined => {
  if (!from && !until) return undefined
  return `${from ?? '1970-01-01'}T00:00:00Z,${until ? afterDay(until) : '9998-12-31T00:00:00Z'}`
}

export const Payments = () => {
  const { get } = useParameters()
  const query = { account_id: get('account'), created_at: rangeOf(get('from'), get('until')), nextToken: get('page') }
  const reading = useRead(`payments ${JSON.stringify(query)}`, () => read(api.GET('/payments', { params: { query } })))
  return (
    <Page title="Payments">
      <p class="muted lead">A payment is recorded on the page of the invoice that it pays.</p>
      <Filters>
        <SearchFilter name="account" label="Account or group" placeholder="The whole id" />
        <DayFilter name="from" label="Recorded from (UTC)" />
        <DayFilter name="until" label="until and with" />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table label="Payments" columns={COLUMNS} rows={data} keyOf={({ id }) => id} empty={<Empty title="No payment matches." />} />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
