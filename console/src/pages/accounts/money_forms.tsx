import { useState } from 'preact/hooks'
import { api, read } from '../../parts/client.ts'
import { ChoiceField, Form, TextField } from '../../parts/form.tsx'
import { requireNumber } from '../../parts/typed.ts'

interface MoneyForm {
  accountId: string
  close: () => void
}

export const TopUpForm = ({ accountId, currency, close }: MoneyForm & { currency: string }) => {
  const [amount, setAmount] = useState('')
  const send = () =>
    read(
      api.POST('/accounts/{account_id}/wallet_topup', {
        params: { path: { account_id: accountId } },
        body: { topupAmount: requireNumber(amount, 'Amount') },
      }),
    )
  return (
    <Form action="Top up" send={send} done={close} cancel={close}>
      <TextField
        label={`Amount in ${currency}`}
        value={amount}
        set={setAmount}
        isNumber
        hint="Invoices that are due already stay as they are."
      />
    </Form>
  )
}

export const WalletForm = ({ accountId, status, close }: MoneyForm & { status: string }) => {
  const [next, setNext] = useState(status)
  const send = () =>
    read(
      api.PATCH('/accounts/{account_id}/wallet', {
        params: { path: { account_id: accountId } },
        body: { status: next as 'ACTIVE' },
      }),
    )
  return (
    <Form action="Save" send={send} done={close} cancel={close}>
      <ChoiceField
        label="Status"
        value={next}
        set={setNext}
        of={[
          ['ACTIVE', 'Active: pays invoices that fall due'],
          ['INACTIVE', 'Inactive: pays nothing'],
        ]}
      />
    </Form>
  )
}

export const CreditForm = ({ accountId, currency, close }: MoneyForm & { currency: string | undefined }) => {
  const [purpose, setPurpose] = useState('')
  const [amount, setAmount] = useState('')
  const [from, setFrom] = useState('')
  const [until, setUntil] = useState('')
  const [priority, setPriority] = useState('1')
  const send = () => {
    const request = {
      accountId,
      purpose,
      creditAmount: requireNumber(amount, 'Amount'),
      effectiveFrom: from,
      ...(until && { effectiveUntil: until }),
      priority: requireNumber(priority, 'Priority'),
    }
    return read(api.POST('/credits', { body: { creditRequests: [request] } }))
  }
  return (
    <Form action="Give credit" send={send} done={close} cancel={close}>
      <TextField label="What it is for" value={purpose} set={setPurpose} />
      <div class="columns">
        <TextField label={currency ? `Amount in ${currency}` : 'Amount'} value={amount} set={setAmount} isNumber />
        <TextField label="Priority" value={priority} set={setPriority} isNumber hint="The lowest is taken first." />
        <TextField label="From (UTC)" type="date" value={from} set={setFrom} />
        <TextField label="Until before" type="date" value={until} set={setUntil} isOptional hint="Left empty: without end" />
      </div>
    </Form>
  )
}
