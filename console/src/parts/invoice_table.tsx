import type { ComponentChildren } from 'preact'
import { linkTo } from './address.ts'
import { Badge } from './badge.tsx'
import { type Schemas, api, read } from './client.ts'
import { money, wordsOf } from './format.ts'
import { type Column, Table } from './table.tsx'
import { Day, Days } from './time.tsx'

type InvoiceSummary = Schemas['InvoiceSummary']

export const currencyOf = ({ invoiceDetails }: Pick<InvoiceSummary, 'invoiceDetails'>): string | undefined =>
  invoiceDetails?.account?.invoiceCurrency ?? invoiceDetails?.invoiceGroup?.invoiceCurrency

/** Whether something of an invoice is still asked for. */
export const isAwaitingPayment = ({ status }: Pick<InvoiceSummary, 'status'>): boolean => status === 'DUE' || status === 'PARTIALLY_PAID'

const isOverdue = (invoice: Pick<InvoiceSummary, 'status' | 'dueDate'>, now: string): boolean =>
  isAwaitingPayment(invoice) && invoice.dueDate !== undefined && invoice.dueDate < now

/** The query of the invoices that are overdue now, as isOverdue says it, by the clock of the organization at this moment. */
export const readOverdueQuery = async () => {
  const { now } = await read(api.GET('/organization'))
  return { status: 'DUE,PARTIALLY_PAID', due_end_time: Date.parse(now) }
}

export const InvoiceBadge = ({ invoice, now }: { invoice: Pick<InvoiceSummary, 'status' | 'dueDate'>; now: string }) => (
  <>
    <Badge of={invoice.status} /> {isOverdue(invoice, now) && <Badge of="OVERDUE" />}
  </>
)

const TYPES: Readonly<Record<string, string>> = {
  STANDARD: 'Cycle',
  STANDARD_ADVANCED: 'In advance',
  ADHOC_ADVANCED: 'Added in advance',
  CUSTOM: 'Own lines',
  COMPOSITE: 'Of a group',
}

export const invoiceTypeOf = (type: string): string => TYPES[type] ?? wordsOf(type)

/** The number of an invoice, or what it is while it has none. */
export const numberOf = ({ sequenceId, invoiceClass, status }: Pick<InvoiceSummary, 'sequenceId' | 'invoiceClass' | 'status'>): string =>
  sequenceId ?? (invoiceClass === 'ORDER' ? 'Order' : status === 'DRAFT' ? 'Draft' : 'Unnumbered')

const nameOf = ({ invoiceDetails, ownerId }: InvoiceSummary): string =>
  invoiceDetails?.account?.name ?? invoiceDetails?.invoiceGroup?.name ?? ownerId ?? ''

const columnsOf = (now: string, hasOwner: boolean): readonly Column<InvoiceSummary>[] => [
  { title: 'Number', cell: numberOf, isWhole: true },
  ...(hasOwner
    ? [
        {
          title: 'Account',
          cell: (invoice: InvoiceSummary) => (
            <a href={linkTo(invoice.invoiceDetails?.invoiceGroup ? 'groups' : 'accounts', invoice.ownerId ?? '')}>{nameOf(invoice)}</a>
          ),
        },
      ]
    : []),
  { title: 'Status', cell: (invoice) => <InvoiceBadge invoice={invoice} now={now} /> },
  { title: 'Kind', cell: ({ invoiceType }) => invoiceTypeOf(invoiceType), isMinor: true },
  { title: 'Period', cell: ({ startDate, endDate }) => <Days from={startDate} until={endDate} />, isMinor: true },
  { title: 'Due', cell: ({ dueDate }) => <Day at={dueDate} />, isMinor: true },
  { title: 'Amount', cell: (invoice) => money(invoice.totalAmount, currencyOf(invoice)), isNumber: true },
]

export const InvoiceTable = ({
  invoices,
  now,
  hasOwner = true,
  empty,
}: {
  invoices: readonly InvoiceSummary[]
  now: string
  hasOwner?: boolean
  empty: ComponentChildren
}) => (
  <Table
    label="Invoices"
    columns={columnsOf(now, hasOwner)}
    rows={invoices}
    keyOf={({ id }) => id}
    linkOf={({ id }) => linkTo('invoices', id)}
    empty={empty}
  />
)
