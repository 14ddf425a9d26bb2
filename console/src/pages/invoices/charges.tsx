import { useState } from 'preact/hooks'
import { api, read } from '../../parts/client.ts'
import { DialogButton, Form, TextField } from '../../parts/form.tsx'
import { requireNumber } from '../../parts/typed.ts'

interface Charge {
  name: string
  rate: string
  quantity: string
}

const EMPTY: Charge = { name: '', rate: '', quantity: '1' }

const Charges = ({ invoiceId, close }: { invoiceId: string; close: () => void }) => {
  const [charges, setCharges] = useState<readonly Charge[]>([EMPTY])
  const change = (at: number, part: Partial<Charge>): void =>
    setCharges(charges.map((one, index) => (index === at ? { ...one, ...part } : one)))
  const send = () => {
    const items = charges.map(({ name, rate, quantity }, at) => ({
      name,
      rate: requireNumber(rate, `Charge ${at + 1}, price`),
      quantity: requireNumber(quantity, `Charge ${at + 1}, quantity`),
    }))
    const path = { invoice_id: invoiceId }
    return read(api.PUT('/invoices/{invoice_id}/miscellaneous_charges', { params: { path }, body: { items } }))
  }
  return (
    <Form action="Save charges" send={send} done={close} cancel={close}>
      <p class="muted">They take the place of those that are there. Without any, all are taken off.</p>
      {charges.map((charge, at) => (
        <fieldset key={at} class="row-fields">
          <legend class="hidden">Charge {at + 1}</legend>
          <TextField label="Name" value={charge.name} set={(name) => change(at, { name })} />
          <TextField label="Quantity" value={charge.quantity} set={(quantity) => change(at, { quantity })} isNumber />
          <TextField label="Price of one" value={charge.rate} set={(rate) => change(at, { rate })} isNumber />
          <button
            type="button"
            class="quiet"
            aria-label={`Remove charge ${at + 1}`}
            onClick={() => setCharges(charges.filter((_, index) => index !== at))}
          >
            ✕
          </button>
        </fieldset>
      ))}
      <button type="button" onClick={() => setCharges([...charges, EMPTY])}>
        Add charge
      </button>
    </Form>
  )
}

/** Charges beside the lines of a draft. */
export const ChargesForm = ({ invoiceId }: { invoiceId: string }) => (
  <DialogButton label="Charges" title="Charges on this invoice" isWide>
    {(close) => <Charges invoiceId={invoiceId} close={close} />}
  </DialogButton>
)
