import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { AddressFields, addressOf, draftOfAddress } from '../../parts/address_fields.tsx'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { Failure } from '../../parts/failure.ts'
import { Form, TextField } from '../../parts/form.tsx'
import { useOrganization } from '../../parts/organization.ts'

type Account = Schemas['Account']

const daysOf = (typed: string): number | undefined => {
  if (!typed.trim()) return undefined
  const days = Number(typed)
  if (!Number.isInteger(days) || days < 0) throw new Failure(400, 'Days to pay: type a whole number of days.')
  return days
}

/** Creates an account of a customer, or changes one. What an account has once of these can be changed, and not be taken away. */
export const AccountForm = ({ account, customerId = '', close }: { account?: Account; customerId?: string; close: () => void }) => {
  const [customer, setCustomer] = useState(account?.customerId ?? customerId)
  const [id, setId] = useState('')
  const [name, setName] = useState(account?.name ?? '')
  const baseCurrency = useOrganization().data?.baseCurrency
  const [typedCurrency, setCurrency] = useState<string>()
  const currency = typedCurrency ?? (account ? '' : (baseCurrency ?? ''))
  const [primaryEmail, setEmail] = useState(account?.primaryEmail ?? '')
  const [days, setDays] = useState(String(account?.netTermDays ?? ''))
  const [address, setAddress] = useState(draftOfAddress(account?.address))
  /** What somebody else changes while the form is open is not overwritten. */
  const [tag] = useState(account && tagOf(account))
  const send = async (): Promise<void> => {
    const typedAddress = addressOf(address)
    const common = {
      name,
      ...(currency.trim() && { invoiceCurrency: currency.trim().toUpperCase() }),
      ...(primaryEmail && { primaryEmail }),
      netTermDays: daysOf(days),
      /** Invoices of an account that has no address show that of its customer. */
      ...((account?.address || Object.keys(typedAddress).length > 0) && { address: typedAddress }),
    }
    if (account) {
      const header = { 'If-Match': tag }
      await read(api.PATCH('/accounts/{account_id}', { params: { path: { account_id: account.id }, header }, body: common }))
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
        {!account?.invoiceCurrency && (
          <TextField
            label="Currency of its invoices"
            value={currency}
            set={setCurrency}
            isOptional={account !== undefined}
            hint="ISO 4217, such as EUR. It cannot be changed."
          />
        )}
        <TextField label="Days to pay" value={days} set={setDays} isOptional={account?.netTermDays === undefined} isNumber />
      </div>
      <TextField label="E-mail" type="email" value={primaryEmail} set={setEmail} isOptional={account?.primaryEmail === undefined} />
      <AddressFields value={address} set={setAddress} />
    </Form>
  )
}
