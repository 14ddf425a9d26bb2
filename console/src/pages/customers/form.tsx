import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { AddressFields, addressOf, draftOfAddress } from '../../parts/address_fields.tsx'
import { Form, TextField } from '../../parts/form.tsx'
import { useOrganization } from '../../parts/organization.ts'

type Customer = Schemas['Customer']

/** Creates a customer with an account of the same id, or changes one. */
export const CustomerForm = ({ customer, close }: { customer?: Customer; close: () => void }) => {
  const [id, setId] = useState('')
  const [name, setName] = useState(customer?.name ?? '')
  const [primaryEmail, setEmail] = useState(customer?.primaryEmail ?? '')
  const [address, setAddress] = useState(draftOfAddress(customer?.address))
  const baseCurrency = useOrganization().data?.baseCurrency
  const [typedCurrency, setCurrency] = useState<string>()
  const currency = typedCurrency ?? baseCurrency ?? ''
  /** What somebody else changes while the form is open is not overwritten. */
  const [tag] = useState(customer && tagOf(customer))
  const send = async (): Promise<void> => {
    if (customer) {
      const header = { 'If-Match': tag }
      await read(
        api.PATCH('/customers/{customer_id}', {
          params: { path: { customer_id: customer.id }, header },
          body: { name, primaryEmail, address: addressOf(address) },
        }),
      )
      close()
      return
    }
    const account = { id, name, invoiceCurrency: currency.trim().toUpperCase() }
    await read(api.POST('/customers', { body: { id, name, primaryEmail, address: addressOf(address), account } }))
    close()
    goTo(linkTo('customers', id))
  }
  return (
    <Form action={customer ? 'Save' : 'Create customer'} send={send} cancel={close}>
      {!customer && <TextField label="Id" value={id} set={setId} hint="Your own name for the customer. It cannot be changed." />}
      <TextField label="Name" value={name} set={setName} />
      <TextField label="E-mail" type="email" value={primaryEmail} set={setEmail} />
      <AddressFields value={address} set={setAddress} />
      {!customer && (
        <TextField
          label="Currency of its invoices"
          value={currency}
          set={setCurrency}
          hint="ISO 4217, such as EUR. An account of the same id and name is made with the customer, and is billed in it."
        />
      )}
    </Form>
  )
}
