import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import { CheckField, ChoiceField, Form, TextField } from '../../parts/form.tsx'
import { RowEditor } from '../../parts/row_editor.tsx'
import { requireNumber } from '../../parts/typed.ts'

interface DraftLine {
  description: string
  quantity: string
  price: string
}

const EMPTY: DraftLine = { description: '', quantity: '1', price: '' }

/** An invoice of lines that a person writes. */
export const InvoiceForm = ({ close, accountId = '' }: { close: () => void; accountId?: string }) => {
  const [account, setAccount] = useState(accountId)
  const [from, setFrom] = useState('')
  const [until, setUntil] = useState('')
  const [status, setStatus] = useState('DRAFT')
  const [advances, setAdvances] = useState(false)
  const [lines, setLines] = useState<readonly DraftLine[]>([EMPTY])
  const send = async (): Promise<void> => {
    const lineItems = lines.map(({ description, quantity, price }, at) => ({
      description,
      quantity: requireNumber(quantity, `Line ${at + 1}, quantity`),
      valuePerQuantity: requireNumber(price, `Line ${at + 1}, price`),
    }))
    const { id } = await read(
      api.POST('/invoices', {
        body: {
          accountId: account.trim(),
          startDate: `${from}T00:00:00Z`,
          endDate: `${until}T00:00:00Z`,
          status: status as 'DRAFT',
          lineItems,
          ...(status === 'DRAFT' && { autoAdvance: advances }),
        },
      }),
    )
    close()
    goTo(linkTo('invoices', id))
  }
  return (
    <Form action="Create invoice" send={send} cancel={close}>
      <div class="columns">
        <TextField label="Account" path="accountId" value={account} set={setAccount} />
        <TextField label="For the time from (UTC)" path="startDate" type="date" value={from} set={setFrom} />
        <TextField label="until before" path="endDate" type="date" value={until} set={setUntil} />
        <ChoiceField
          label="Status"
          value={status}
          set={setStatus}
          of={[
            ['DRAFT', 'Draft, which can be changed'],
            ['DUE', 'Due at once'],
          ]}
        />
      </div>
      {status === 'DRAFT' && <CheckField label="Falls due by itself at its end" value={advances} set={setAdvances} />}
      <RowEditor title="Lines" rows={lines} set={setLines} empty={EMPTY} add="Add line" least={1}>
        {(line, change, at) => (
          <>
            <TextField
              label="Description"
              path={`lineItems[${at}].description`}
              value={line.description}
              set={(description) => change({ description })}
            />
            <TextField
              label="Quantity"
              path={`lineItems[${at}].quantity`}
              called={`Line ${at + 1}, quantity`}
              value={line.quantity}
              set={(quantity) => change({ quantity })}
              isNumber
            />
            <TextField
              label="Price of one"
              path={`lineItems[${at}].valuePerQuantity`}
              called={`Line ${at + 1}, price`}
              value={line.price}
              set={(price) => change({ price })}
              isNumber
            />
          </>
        )}
      </RowEditor>
    </Form>
  )
}
