import { useParameters } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import { ChoiceFilter, DayFilter, Filters, SearchFilter, SeveralFilter } from '../../parts/filters.tsx'
import { DialogButton } from '../../parts/form.tsx'
import { afterDay } from '../../parts/format.ts'
import { InvoiceTable, readOverdueQuery } from '../../parts/invoice_table.tsx'
import { useOrganization } from '../../parts/organization.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Pager } from '../../parts/table.tsx'
import { InvoiceForm } from './invoice_form.tsx'

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

export const invoiceQuery = (get: (name: string) => string | undefined) => {
  const [from, until] = [get('from'), get('until')]
  return {
    status: get('status'),
    owner_id: get('owner'),
    customer_id: get('customer'),
    start_time: from === undefined ? undefined : Date.parse(`${from}T00:00:00Z`),
    end_time: until === undefined ? undefined : Date.parse(afterDay(until)),
    nextToken: get('page'),
  }
}

/** Reads a page of the list, which may be of what is overdue now. The token of a later page has all of the query. */
const readInvoices = async (query: ReturnType<typeof invoiceQuery>, isOverdue: boolean) => {
  const { nextToken } = query
  const asked = nextToken ? { nextToken } : { ...query, ...(isOverdue && (await readOverdueQuery())) }
  return read(api.GET('/invoices', { params: { query: asked } }))
}

export const InvoiceFilters = ({ hasStatus = true }: { hasStatus?: boolean }) => (
  <Filters>
    {hasStatus && <SeveralFilter name="status" label="Status" of={STATUSES} clears="overdue" />}
    {hasStatus && <ChoiceFilter name="overdue" label="Overdue" of={[['yes', 'Only overdue']]} clears="status" />}
    <SearchFilter name="owner" label="Account or group" placeholder="The whole id" />
    <SearchFilter name="customer" label="Customer" placeholder="The whole id" />
    <DayFilter name="from" label="Dated from (UTC)" />
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
  const reading = useRead(`invoices ${isOverdue} ${JSON.stringify(query)}`, () => readInvoices(query, isOverdue))
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
