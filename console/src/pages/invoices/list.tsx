import { useParameters } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import { ChoiceFilter, DayFilter, Filters, SearchFilter, SeveralFilter } from '../../parts/filters.tsx'
import { DialogButton } from '../../parts/form.tsx'
import { InvoiceTable, overdueAt } from '../../parts/invoice_table.tsx'
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
  status: get('status'),
  owner_id: get('owner'),
  customer_id: get('customer'),
  start_time: get('from') ? Date.parse(get('from') ?? '') : undefined,
  end_time: get('until') ? Date.parse(get('until') ?? '') + DAY : undefined,
  nextToken: get('page'),
})

/** The query of the list, which at an instant may be of what is overdue then. The token of a later page has all of it. */
const queryAt = (query: ReturnType<typeof invoiceQuery>, isOverdue: boolean, now: string) => {
  const { nextToken } = query
  if (nextToken) return { nextToken }
  return isOverdue ? { ...query, ...overdueAt(now) } : query
}

export const InvoiceFilters = ({ hasStatus = true }: { hasStatus?: boolean }) => (
  <Filters>
    {hasStatus && <SeveralFilter name="status" label="Status" of={STATUSES} clears="overdue" />}
    {hasStatus && <ChoiceFilter name="overdue" label="Overdue" of={[['yes', 'Only overdue']]} clears="status" />}
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
  const now = organization?.now ?? ''
  const isOverdue = get('overdue') === 'yes'
  const reading = useRead(isOverdue && !now ? undefined : `invoices ${isOverdue} ${JSON.stringify(query)}`, () =>
    read(api.GET('/invoices', { params: { query: queryAt(query, isOverdue, now) } })),
  )
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
              invoices={data}
              now={now}
              empty={
                isOverdue ? (
                  <Empty title="No invoice is overdue." />
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
