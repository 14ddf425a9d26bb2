import { useState } from 'preact/hooks'
import { linkTo, goTo } from '../../parts/address.ts'
import { api, read, tagOf } from '../../parts/client.ts'
import { ChoiceField, DialogButton, Form, TextField } from '../../parts/form.tsx'
import { differenceOf, money } from '../../parts/format.ts'
import { currencyOf, isAwaitingPayment } from '../../parts/invoice_table.tsx'
import { useRights } from '../../parts/session.ts'
import { requireNumber } from '../../parts/typed.ts'
import type { Invoice } from './invoice.tsx'

type Next = 'DUE' | 'PAID' | 'VOID' | 'UN_COLLECTIBLE' | 'REFUND_INITIATED'

type Step = readonly [next: Next, label: string, words: string]

const GIVE_BACK: Step = [
  'REFUND_INITIATED',
  'Give back',
  'What was paid is to be given back. It is done when all of it is recorded as a refund.',
]

/** What an invoice can become, with what that means. */
const NEXT: Readonly<Record<string, readonly Step[]>> = {
  DRAFT: [
    [
      'DUE',
      'Let it fall due',
      'It is reckoned for the last time, gets its number, and never changes again. Later events of its cycle are refused.',
    ],
    ['VOID', 'Make void', 'It is not billed. If it is of a cycle, that is closed.'],
  ],
  DUE: [
    ['PAID', 'Mark as paid', 'All that is open is recorded as a payment by hand.'],
    ['UN_COLLECTIBLE', 'Give up', 'It stays open in the books, but nobody is asked to pay it.'],
    ['VOID', 'Make void', 'What credits and the wallet paid comes back to them.'],
  ],
  PARTIALLY_PAID: [
    ['PAID', 'Mark as paid', 'All that is open is recorded as a payment by hand.'],
    ['UN_COLLECTIBLE', 'Give up', 'What is open is not asked for any more.'],
    GIVE_BACK,
    ['VOID', 'Make void', 'What credits and the wallet paid comes back to them.'],
  ],
  UN_COLLECTIBLE: [
    ['PAID', 'Mark as paid', 'All that is open is recorded as a payment by hand.'],
    ['VOID', 'Make void', 'What credits and the wallet paid comes back to them.'],
  ],
  PAID: [
    GIVE_BACK,
    ['VOID', 'Make void', 'What credits and the wallet paid comes back to them. An invoice with a payment cannot be made void.'],
  ],
}

const SOURCES = ['BANK_TRANSFER', 'CARD', 'GATEWAY', 'CHEQUE', 'CASH'] as const

/** What is still to be paid. */
const openOf = ({ totalAmount, paidAmount }: Invoice): string => differenceOf(totalAmount, paidAmount)

/** A payment, or with `isRefund` what was given back of payments, which the API takes as a payment below 0. */
const PaymentForm = ({ invoice, isRefund = false, close }: { invoice: Invoice; isRefund?: boolean; close: () => void }) => {
  const currency = currencyOf(invoice) ?? ''
  const open = isRefund ? String(invoice.paidAmount) : openOf(invoice)
  const label = `Amount in ${currency}`
  /** Until another amount is typed, it is what is open, also if the page is read again meanwhile. */
  const [typed, setAmount] = useState<string>()
  const amount = typed ?? open
  const [reference, setReference] = useState('')
  const [source, setSource] = useState('')
  const [type, setType] = useState<string>('BANK_TRANSFER')
  const send = () => {
    const value = requireNumber(isRefund ? `-${amount.trim()}` : amount, label)
    return read(
      api.POST('/payments', {
        body: {
          accountId: invoice.ownerId ?? '',
          currency,
          totalAmount: value,
          externalPaymentReference: { sourceName: source, sourceType: type as 'CARD', transactionNumber: reference },
          lineItemRecords: [{ type: 'INVOICE', togaiId: invoice.id, amount: value, order: 1 }],
        },
      }),
    )
  }
  return (
    <Form action={isRefund ? 'Record refund' : 'Record payment'} send={send} done={close} cancel={close}>
      <p class="muted">
        {money(open, currency)} are {isRefund ? 'still to be given back' : 'open'}.
      </p>
      <TextField label={label} path="totalAmount" value={amount} set={setAmount} isNumber />
      <div class="columns">
        <ChoiceField label={isRefund ? 'Given back by' : 'Paid by'} value={type} set={setType} of={SOURCES} />
        <TextField label="At" path="externalPaymentReference.sourceName" value={source} set={setSource} hint="The bank or the gateway" />
      </div>
      <TextField
        label="Reference"
        path="externalPaymentReference.transactionNumber"
        value={reference}
        set={setReference}
        hint="Its number there. The same payment is recorded once."
      />
    </Form>
  )
}

const StatusForm = ({ invoice, next, words, close }: { invoice: Invoice; next: Next; words: string; close: () => void }) => {
  const params = { path: { invoice_id: invoice.id }, header: { 'If-Match': tagOf(invoice) } }
  const isGrave = next === 'VOID' || next === 'UN_COLLECTIBLE'
  return (
    <Form
      action={isGrave ? 'Yes, do it' : 'Do it'}
      send={() => read(api.PATCH('/invoices/{invoice_id}', { params, body: { status: next } }))}
      done={close}
      cancel={close}
      isDangerous={isGrave}
    >
      <p>{words}</p>
    </Form>
  )
}

const DeleteForm = ({ invoice, close }: { invoice: Invoice; close: () => void }) => (
  <Form
    action="Delete draft"
    send={() => read(api.DELETE('/invoices/{invoice_id}', { params: { path: { invoice_id: invoice.id } } }))}
    done={() => goTo(linkTo('invoices'))}
    cancel={close}
    isDangerous
  >
    <p>The draft is not billed.</p>
  </Form>
)

/** Whether an invoice can be paid. An order that was given up cannot: its purchase has ended. */
const isPayable = (invoice: Invoice): boolean =>
  isAwaitingPayment(invoice) || (invoice.status === 'UN_COLLECTIBLE' && invoice.invoiceClass !== 'ORDER')

const isAboveZero = (amount: string): boolean => amount !== '0' && !amount.startsWith('-')

/** What an invoice can become now. Nothing can be given back of one of which nothing was paid, and an order that was given up is not paid any more. */
const nextOf = ({ status, invoiceClass, paidAmount }: Invoice): readonly Step[] => {
  const hasEnded = status === 'UN_COLLECTIBLE' && invoiceClass === 'ORDER'
  const all = [...(NEXT[status] ?? []), ...(hasEnded ? [GIVE_BACK] : [])]
  return all.filter(([next]) => (next === 'REFUND_INITIATED' ? String(paidAmount) !== '0' : !hasEnded || next !== 'PAID'))
}

const ORDINARY = new Set<Next>(['DUE', 'PAID'])

/** The paper of an invoice, and what can be done with it. */
export const InvoiceActions = ({ invoice }: { invoice: Invoice }) => {
  const { writes } = useRights()
  const { pdfUrl } = invoice
  return (
    <>
      {pdfUrl && (
        <a class="button" href={pdfUrl} target="_blank" rel="noreferrer">
          PDF
        </a>
      )}
      {writes && isPayable(invoice) && isAboveZero(openOf(invoice)) && (
        <DialogButton label="Record payment" tone="primary">
          {(close) => <PaymentForm invoice={invoice} close={close} />}
        </DialogButton>
      )}
      {writes && invoice.status === 'REFUND_INITIATED' && (
        <DialogButton label="Record refund" tone="primary">
          {(close) => <PaymentForm invoice={invoice} close={close} isRefund />}
        </DialogButton>
      )}
      {writes &&
        nextOf(invoice).map(([next, label, words]) => (
          <DialogButton key={next} label={label} title={`${label}?`} tone={ORDINARY.has(next) ? '' : 'quiet'}>
            {(close) => <StatusForm invoice={invoice} next={next} words={words} close={close} />}
          </DialogButton>
        ))}
      {writes && invoice.status === 'DRAFT' && invoice.invoiceType === 'CUSTOM' && (
        <DialogButton label="Delete" title="Delete this draft?" tone="quiet">
          {(close) => <DeleteForm invoice={invoice} close={close} />}
        </DialogButton>
      )}
    </>
  )
}
