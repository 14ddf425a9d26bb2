import { useState } from 'preact/hooks'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton, Form, TextField } from '../../parts/form.tsx'
import { RowEditor } from '../../parts/row_editor.tsx'
import { requireNumber } from '../../parts/typed.ts'

type Line = Schemas['InvoiceLineItem']

interface Charge {
  name: string
  rate: string
  quantity: string
}

const EMPTY: Charge = { name: '', rate: '', quantity: '1' }

/** The lines of the charges that are on an invoice. */
const chargeLinesOf = (line: Line): Line[] =>
  line.type === 'MISCELLANEOUS_CHARGE' ? [line] : (line.lineItems ?? []).flatMap(chargeLinesOf)

const isFormula = ({ quantity, valuePerQuantity }: Line): boolean => quantity === undefined || valuePerQuantity === undefined

const draftOf = ({ description, quantity, valuePerQuantity }: Line): Charge => ({
  name: description,
  rate: String(valuePerQuantity),
  quantity: String(quantity),
})

interface ChargesParts {
  invoiceId: string
  /** The lines of the invoice as it is. */
  root: Line | undefined
}

const Charges = ({ invoiceId, root, close }: ChargesParts & { close: () => void }) => {
  const [lines] = useState(() => (root ? chargeLinesOf(root) : []))
  const formulas = lines.filter(isFormula)
  const [charges, setCharges] = useState<readonly Charge[]>(() => {
    const drafts = lines.filter((line) => !isFormula(line)).map(draftOf)
    return drafts.length ? drafts : [EMPTY]
  })
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
      <p class="muted">They take the place of those that are there, and do not count as revenue. Without any, all are taken off.</p>
      {formulas.length > 0 && (
        <p class="notice">
          {formulas.map(({ description }) => description).join(', ')}: charges by a formula can only be changed by the API. They are taken
          off when you save these.
        </p>
      )}
      <RowEditor title="Charges" rows={charges} set={setCharges} empty={EMPTY} add="Add charge">
        {(charge, change, at) => (
          <>
            <TextField label="Name" path={`items[${at}].name`} value={charge.name} set={(name) => change({ name })} />
            <TextField
              label="Quantity"
              path={`items[${at}].quantity`}
              called={`Charge ${at + 1}, quantity`}
              value={charge.quantity}
              set={(quantity) => change({ quantity })}
              isNumber
            />
            <TextField
              label="Price of one"
              path={`items[${at}].rate`}
              called={`Charge ${at + 1}, price`}
              value={charge.rate}
              set={(rate) => change({ rate })}
              isNumber
            />
          </>
        )}
      </RowEditor>
    </Form>
  )
}

/** Charges beside the lines of a draft. */
export const ChargesForm = ({ invoiceId, root }: ChargesParts) => (
  <DialogButton label="Charges" title="Charges on this invoice" isWide>
    {(close) => <Charges invoiceId={invoiceId} root={root} close={close} />}
  </DialogButton>
)
