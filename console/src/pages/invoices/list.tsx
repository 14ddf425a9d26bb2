import { useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, DayFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { DialogButton } from '../../parts/form.tsx'
import { InvoiceTable, isOverdue } from '../../parts/invoice_table.tsx'
import { useOrganization } from '../../parts/organization.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Pager } from '../../parts/table.tsx'
import { InvoiceForm } from './invoice_form.tsx'

const DAY = 86_400_000

const STATUSES = [
  'DRAFT',
  'DUE',
  'PARTIALLY_PAID',
  'PAID',
  'VOID',
  'UN_COLLECTIBLE',
  'REFUND_INITIATED',
  'REFUND_COMPLETED',
  'MERGED',
] as const

export const invoiceQuery = (get: (name: string) => string | undefined) => ({
  status: get('status') as Schemas['InvoicesStatus'] | undefined,
  owner_id: get('owner'),
  customer_id: get('customer'),
  start_time: get('from') ? Date.parse(get('from') ?? '') : undefined,
  end_time: get('until') ? Date.parse(get('until') ?? '') + DAY : undefined,
  nextToken: get('page'),
})

export const InvoiceFilters = ({ hasStatus = true }: { hasStatus?: boolean }) => (
  <Filters>
    {hasStatus && <ChoiceFilter name="status" label="Status" of={STATUSES} />}
    {hasStatus && <ChoiceFilter name="overdue" label="Overdue" of={[['yes', 'Only overdue']]} />}
    <SearchFilter name="owner" label="Account or group" placeholder="The whole id" />
    <SearchFilter name="customer" label="Customer" placeholder="The whole id" />
    <DayFilter name="from" label="Invoice date from" />
    <DayFilter name="until" label="until and with" />
  </Filters>
)

export const Invoices = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const { data: organization } = useOrganization()
  const query = invoiceQuery(get)
  const reading = useRead(`invoices ${JSON.stringify(query)}`, () => read(api.GET('/invoices', { params: { query } })))
  const now = organization?.now ?? ''
  const isOnlyOverdue = get('overdue') === 'yes'
  return (
    <Page
      title="Invoices"
      actions={
        writes && (
          <DialogButton label="New invoice" title="Invoice of your own lines" tone="primary" isWide>
            {(close) => <InvoiceForm close={close} />}
          </DialogButton>
        )
      }
    >
      <InvoiceFilters />
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <InvoiceTable
              invoices={isOnlyOverdue ? data.filter((invoice) => isOverdue(invoice, now)) : data}
              now={now}
              empty={
                isOnlyOverdue ? (
                  <Empty title="None of this page is overdue.">{nextToken && 'Those of the next page may be.'}</Empty>
                ) : (
                  <Empty title="No invoice matches.">An account with a price plan has a draft from the first instant of its cycle.</Empty>
                )
              }
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
