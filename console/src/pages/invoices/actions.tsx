import { useState } from 'preact/hooks'
import { linkTo, goTo } from '../../parts/address.ts'
import { api, read, tagOf } from '../../parts/client.ts'
import { numberTyped } from '../../parts/exact_json.ts'
import { ChoiceField, DialogButton, Form, TextField } from '../../parts/form.tsx'
import { money, sumOf } from '../../parts/format.ts'
import { currencyOf } from '../../parts/invoice_table.tsx'
import { useRights } from '../../parts/session.ts'
import { requireNumber } from '../../parts/typed.ts'
import type { Invoice } from './invoice.tsx'

type Next = 'DUE' | 'PAID' | 'VOID' | 'UN_COLLECTIBLE' | 'REFUND_INITIATED'

/** What an invoice can become, with what that means. */
const NEXT: Readonly<Record<string, readonly (readonly [Next, string, string])[]>> = {
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
    ['REFUND_INITIATED', 'Give back', 'What was paid is to be given back, which a payment below 0 completes.'],
    ['VOID', 'Make void', 'What credits and the wallet paid comes back to them.'],
  ],
  UN_COLLECTIBLE: [
    ['PAID', 'Mark as paid', 'All that is open is recorded as a payment by hand.'],
    ['VOID', 'Make void', 'What credits and the wallet paid comes back to them.'],
  ],
  PAID: [
    ['REFUND_INITIATED', 'Give back', 'What was paid is to be given back, which a payment below 0 completes.'],
    ['VOID', 'Make void', 'What credits and the wallet paid comes back to them. An invoice with a payment cannot be made void.'],
  ],
}

const SOURCES = ['BANK_TRANSFER', 'CARD', 'GATEWAY', 'CHEQUE', 'CASH'] as const

/** What is still to be paid. */
const openOf = ({ totalAmount, paidAmount }: Invoice): string =>
  sumOf([totalAmount, String(paidAmount).startsWith('-') ? String(paidAmount).slice(1) : `-${paidAmount}`])

const PaymentForm = ({ invoice, close }: { invoice: Invoice; close: () => void }) => {
  const currency = currencyOf(invoice) ?? ''
  const [amount, setAmount] = useState(openOf(invoice))
  const [reference, setReference] = useState('')
  const [source, setSource] = useState('')
  const [type, setType] = useState<string>('BANK_TRANSFER')
  const send = () => {
    const value = requireNumber(amount, 'Amount')
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
    <Form action="Record payment" send={send} done={close} cancel={close}>
      <p class="muted">{money(openOf(invoice), currency)} are open.</p>
      <TextField label={`Amount in ${currency}`} value={amount} set={setAmount} isNumber />
      <div class="columns">
        <ChoiceField label="Paid by" value={type} set={setType} of={SOURCES} />
        <TextField label="At" value={source} set={setSource} hint="The bank or the gateway" />
      </div>
      <TextField label="Reference" value={reference} set={setReference} hint="Its number there. The same payment is recorded once." />
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

const isOpen = (invoice: Invoice): boolean =>
  ['DUE', 'PARTIALLY_PAID'].includes(invoice.status) && numberTyped(openOf(invoice)) !== undefined && !openOf(invoice).startsWith('-')

const ORDINARY = new Set<Next>(['DUE', 'PAID'])

/** The paper of an invoice, and what can be done with it. */
export const InvoiceActions = ({ invoice }: { invoice: Invoice }) => {
  const { writes } = useRights()
  const { pdfUrl } = invoice as Invoice & { pdfUrl?: string }
  return (
    <>
      {pdfUrl && (
        <a class="button" href={pdfUrl} target="_blank" rel="noreferrer">
          PDF
        </a>
      )}
      {writes && isOpen(invoice) && (
        <DialogButton label="Record payment" tone="primary">
          {(close) => <PaymentForm invoice={invoice} close={close} />}
        </DialogButton>
      )}
      {writes &&
        NEXT[invoice.status]?.map(([next, label, words]) => (
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
