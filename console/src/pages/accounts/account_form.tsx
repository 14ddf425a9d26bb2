import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { AddressFields, addressOf, draftOfAddress } from '../../parts/address_fields.tsx'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { Failure } from '../../parts/failure.ts'
import { Form, TextField } from '../../parts/form.tsx'

type Account = Schemas['Account']

const daysOf = (typed: string): number | undefined => {
  if (!typed.trim()) return undefined
  const days = Number(typed)
  if (!Number.isInteger(days) || days < 0) throw new Failure(400, 'Days to pay: type a whole number of days.')
  return days
}

/** Creates an account of a customer, or changes one. */
export const AccountForm = ({ account, customerId = '', close }: { account?: Account; customerId?: string; close: () => void }) => {
  const [customer, setCustomer] = useState(account?.customerId ?? customerId)
  const [id, setId] = useState('')
  const [name, setName] = useState(account?.name ?? '')
  const [currency, setCurrency] = useState(account?.invoiceCurrency ?? 'USD')
  const [primaryEmail, setEmail] = useState(account?.primaryEmail ?? '')
  const [days, setDays] = useState(String(account?.netTermDays ?? ''))
  const [address, setAddress] = useState(draftOfAddress(account?.address))
  /** What somebody else changes while the form is open is not overwritten. */
  const [tag] = useState(account && tagOf(account))
  const send = async (): Promise<void> => {
    const common = {
      name,
      invoiceCurrency: currency.trim().toUpperCase(),
      ...(primaryEmail && { primaryEmail }),
      netTermDays: daysOf(days),
      address: addressOf(address),
    }
    if (account) {
      const { invoiceCurrency, ...rest } = common
      const body = { ...rest, ...(invoiceCurrency !== account.invoiceCurrency && { invoiceCurrency }) }
      const header = { 'If-Match': tag }
      await read(api.PATCH('/accounts/{account_id}', { params: { path: { account_id: account.id }, header }, body }))
      close()
      return
    }
    await read(api.POST('/accounts', { body: { ...common, id, customerId: customer } }))
    close()
    goTo(linkTo('accounts', id))
  }
  return (
    <Form action={account ? 'Save' : 'Create account'} send={send} cancel={close}>
      {!account && (
        <>
          <TextField label="Customer" value={customer} set={setCustomer} hint="The id of the customer that it belongs to." />
          <TextField label="Id" value={id} set={setId} hint="Your own name for the account. It cannot be changed." />
        </>
      )}
      <TextField label="Name" value={name} set={setName} />
      <div class="columns">
        <TextField label="Currency of its invoices" value={currency} set={setCurrency} hint="ISO 4217, such as EUR" />
        <TextField label="Days to pay" value={days} set={setDays} isOptional isNumber />
      </div>
      <TextField label="E-mail" type="email" value={primaryEmail} set={setEmail} isOptional />
      <AddressFields value={address} set={setAddress} />
    </Form>
  )
}
