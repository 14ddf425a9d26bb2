import { linkTo } from '../../parts/address.ts'
import { AddressLines } from '../../parts/address_fields.tsx'
import { AuditTrail } from '../../parts/audit_trail.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { differenceOf, money, quantity, wordsOf } from '../../parts/format.ts'
import { InvoiceTree } from '../../parts/invoice_lines.tsx'
import { InvoiceBadge, currencyOf, invoiceTypeOf, isAwaitingPayment, numberOf } from '../../parts/invoice_table.tsx'
import { useOrganization } from '../../parts/organization.ts'
import { Empty, Facts, Loading, Page, Refusal, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { useRights } from '../../parts/session.ts'
import { Table } from '../../parts/table.tsx'
import { Day, Days, Time } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { InvoiceActions } from './actions.tsx'
import { ChargesForm } from './charges.tsx'

export type Invoice = Schemas['Invoice']

const OwnerLink = ({ invoice: { invoiceDetails, ownerId = '' } }: { invoice: Invoice }) => (
  <a href={linkTo(invoiceDetails?.invoiceGroup ? 'groups' : 'accounts', ownerId)}>
    {invoiceDetails?.account?.name ?? invoiceDetails?.invoiceGroup?.name ?? ownerId}
  </a>
)

/** The lines, each with its explanation. Until that is read, the lines are shown as they are. */
const Lines = ({ invoice }: { invoice: Invoice }) => {
  const path = { invoice_id: invoice.id }
  const reading = useRead(`explanation ${invoice.id} ${invoice.updatedAt}`, () =>
    read(api.GET('/invoices/{invoice_id}/explanation', { params: { path } })),
  )
  const currency = currencyOf(invoice)
  const root = reading.data?.grandTotal ?? invoice.revenueInfo
  return (
    <>
      {reading.failure && <Refusal failure={reading.failure} retry={reading.reload} />}
      {root ? <InvoiceTree root={root} currency={currency} /> : !reading.failure && <Loading />}
    </>
  )
}

/** Reads the payments of an invoice, the newest first. The token of a later page has all of the query. */
const readPayments = (invoiceId: string): Promise<Schemas['Payment'][]> =>
  readAll((nextToken) =>
    read(api.GET('/payments', { params: { query: nextToken ? { nextToken } : { invoice_id: invoiceId, pageSize: 50 } } })),
  )

const Payments = ({ invoice }: { invoice: Invoice }) => {
  const reading = useRead(`payments of ${invoice.id}`, () => readPayments(invoice.id))
  return (
    <Shown reading={reading}>
      {(payments) => (
        <Table
          label="Payments"
          rows={payments}
          keyOf={({ id }) => id}
          empty={<Empty title="Nothing has been paid by a payment." />}
          columns={[
            {
              title: 'Reference',
              cell: ({ externalPaymentReferences: { transactionNumber, sourceName } }) => `${transactionNumber} (${sourceName})`,
            },
            { title: 'When', cell: ({ createdAt }) => <Time at={createdAt} /> },
            {
              title: 'Of this invoice',
              cell: ({ lineItemRecords, currency }) =>
                money(lineItemRecords.find(({ togaiId }) => togaiId === invoice.id)?.amount ?? 0, currency),
              isNumber: true,
            },
          ]}
        />
      )}
    </Shown>
  )
}

const Rules = ({ invoice }: { invoice: Invoice }) => {
  const reading = useRead(`rules of ${invoice.id}`, () =>
    read(api.GET('/invoice/{invoice_id}/pricing_rules_logs', { params: { path: { invoice_id: invoice.id } } })),
  )
  if (!reading.failure && !reading.data?.data.length) return null
  const currency = currencyOf(invoice)
  return (
    <Section title="Pricing rules">
      {reading.failure && <Refusal failure={reading.failure} retry={reading.reload} />}
      <Table
        label="Pricing rules"
        rows={reading.data?.data ?? []}
        keyOf={({ id }) => id}
        columns={[
          { title: 'Rule', cell: ({ rule }) => rule.name ?? rule.id },
          { title: 'What it did', cell: ({ type, changes }) => changes.errorMessage ?? wordsOf(type) },
          { title: 'Before', cell: ({ changes }) => money(changes.oldRevenue, currency), isNumber: true, isMinor: true },
          { title: 'After', cell: ({ changes }) => money(changes.newRevenue, currency), isNumber: true },
        ]}
      />
    </Section>
  )
}

/** What an invoice says of itself. The id of another invoice leads to it. */
const InfoLine = ({ value }: { value: string }) => (
  <div>{value.startsWith('inv.') ? <a href={linkTo('invoices', value)}>{value}</a> : value}</div>
)

const Details = ({ invoice }: { invoice: Invoice }) => {
  const {
    invoiceDetails,
    startDate,
    endDate,
    invoiceDate,
    dueDate,
    generatedAt,
    paidAmount,
    totalAmount,
    usageInfo,
    info,
    pricePlanId,
    invoiceType,
  } = invoice
  const { writes } = useRights()
  const currency = currencyOf(invoice)
  return (
    <>
      <Facts
        of={[
          ['Amount', <strong>{money(totalAmount, currency)}</strong>],
          ['Paid', money(paidAmount, currency)],
          ['Open', isAwaitingPayment(invoice) && money(differenceOf(totalAmount, paidAmount), currency)],
          ['Account', <OwnerLink invoice={invoice} />],
          ['Period', <Days from={startDate} until={endDate} />],
          ['Invoice date', <Day at={invoiceDate} />],
          ['To be paid by', <Day at={dueDate} />],
          ['Kind', invoiceTypeOf(invoiceType)],
          ['Price plan', pricePlanId && <a href={linkTo('plans', pricePlanId)}>{invoiceDetails?.pricePlanName ?? pricePlanId}</a>],
          ['Fell due', generatedAt && <Time at={generatedAt} />],
          ['Address', AddressLines({ of: invoiceDetails?.account?.address ?? invoiceDetails?.invoiceGroup?.address })],
          ...Array.from(
            Map.groupBy(info ?? [], ({ type }) => type),
            ([type, all]) => [wordsOf(type), all.map(({ value }) => <InfoLine key={value} value={value} />)] as const,
          ),
        ]}
      />
      <Section
        title="Lines"
        note="Each line opens to how it came to its value."
        actions={writes && invoice.status === 'DRAFT' && <ChargesForm invoiceId={invoice.id} root={invoice.revenueInfo} />}
      >
        <Lines invoice={invoice} />
      </Section>
      {usageInfo && usageInfo.length > 0 && (
        <Section title="Usage">
          <Table
            label="Usage"
            rows={usageInfo}
            keyOf={({ id, description }) => id ?? description}
            columns={[
              {
                title: 'Measured',
                cell: ({ id, description }) => (id?.startsWith('um.') ? <a href={linkTo('meters', id)}>{description}</a> : description),
              },
              { title: 'Quantity', cell: ({ value }) => quantity(value), isNumber: true },
            ]}
          />
        </Section>
      )}
      <Rules invoice={invoice} />
      {invoice.status !== 'DRAFT' && (
        <Section title="Payments">
          <Payments invoice={invoice} />
        </Section>
      )}
      <Section title="Audit trail">
        <AuditTrail type="INVOICE" id={invoice.id} />
      </Section>
    </>
  )
}

const titleOf = (invoice: Invoice | undefined): string => {
  if (!invoice) return 'Invoice'
  return invoice.sequenceId === undefined && invoice.invoiceClass !== 'ORDER' ? `${numberOf(invoice)} invoice` : numberOf(invoice)
}

export const InvoicePage = ({ names: { id = '' } }: { names: Names }) => {
  const { data: organization } = useOrganization()
  const reading = useRead(`invoice ${id}`, () => read(api.GET('/invoices/{invoice_id}', { params: { path: { invoice_id: id } } })))
  const invoice = reading.data
  return (
    <Page
      title={titleOf(invoice)}
      above={
        <>
          <a href={linkTo('invoices')}>Invoices</a> · <code>{id}</code>
        </>
      }
      beside={invoice && <InvoiceBadge invoice={invoice} now={organization?.now ?? ''} />}
      actions={invoice && <InvoiceActions invoice={invoice} />}
    >
      <Shown reading={reading}>{(shown) => <Details invoice={shown} />}</Shown>
    </Page>
  )
}
