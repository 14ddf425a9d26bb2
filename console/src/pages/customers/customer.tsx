import { useState } from 'preact/hooks'
import { linkTo } from '../../parts/address.ts'
import { AddressLines } from '../../parts/address_fields.tsx'
import { AuditTrail } from '../../parts/audit_trail.tsx'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { CheckField, DialogButton, Form, TextField } from '../../parts/form.tsx'
import { Empty, Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Settings } from '../../parts/settings.tsx'
import { AskButton } from '../../parts/status_button.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { AccountForm } from '../accounts/account_form.tsx'
import { EraseButton, ErasureOf } from './erasure.tsx'
import { CustomerForm } from './form.tsx'

type Customer = Schemas['Customer']

const ContactForm = ({ customerId, close }: { customerId: string; close: () => void }) => {
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [phone, setPhone] = useState('')
  const [loginAccess, setLoginAccess] = useState(false)
  const send = () => {
    const body = { name, email, ...(phone && { phone }), loginAccess }
    return read(api.POST('/customers/{customer_id}/contacts', { params: { path: { customer_id: customerId } }, body }))
  }
  return (
    <Form action="Add contact" send={send} done={close} cancel={close}>
      <TextField label="Name" value={name} set={setName} />
      <TextField label="E-mail" type="email" value={email} set={setEmail} />
      <TextField label="Telephone" value={phone} set={setPhone} isOptional />
      <CheckField label="May sign in to the portal" value={loginAccess} set={setLoginAccess} />
    </Form>
  )
}

const Actions = ({ customer }: { customer: Customer }) => {
  const { administers } = useRights()
  const path = { customer_id: customer.id }
  if (customer.status === 'ARCHIVED')
    return (
      <>
        <AskButton
          label="Restore"
          title={`Restore ${customer.name}`}
          action="Restore customer"
          send={() => read(api.POST('/customers/{customer_id}/restore', { params: { path } }))}
        >
          Its accounts stay archived, until each of them is restored.
        </AskButton>
        {administers && <EraseButton customer={customer} />}
      </>
    )
  return (
    <>
      <DialogButton label="Edit" title={`Edit ${customer.name}`}>
        {(close) => <CustomerForm customer={customer} close={close} />}
      </DialogButton>
      <DialogButton label="Add contact">{(close) => <ContactForm customerId={customer.id} close={close} />}</DialogButton>
      <AskButton
        label="Archive"
        title={`Archive ${customer.name}`}
        action="Archive customer"
        send={() => read(api.DELETE('/customers/{customer_id}', { params: { path } }))}
        isDangerous
      >
        Its accounts have to be archived before. It can be restored.
      </AskButton>
    </>
  )
}

const MOST_SHOWN = 50

/** The accounts of a customer. Those of one that is archived are archived too. */
const AccountsOf = ({ customerId, isArchived }: { customerId: string; isArchived: boolean }) => {
  const { writes } = useRights()
  const status = isArchived ? 'ARCHIVED' : undefined
  const query = { customer_id: customerId, status, pageSize: MOST_SHOWN } as const
  const reading = useRead(`accounts of ${customerId} ${status ?? ''}`, () => read(api.GET('/accounts', { params: { query } })))
  return (
    <Section
      title="Accounts"
      actions={
        <>
          {reading.data?.nextToken && <a href={linkTo('accounts', { customer: customerId, status })}>All</a>}
          {!isArchived && <a href={linkTo('accounts', { customer: customerId, status: 'ARCHIVED' })}>Archived ones</a>}
          {writes && !isArchived && (
            <DialogButton label="New account">{(close) => <AccountForm customerId={customerId} close={close} />}</DialogButton>
          )}
        </>
      }
    >
      <Shown reading={reading}>
        {({ data }) => (
          <Table
            label="Accounts"
            rows={data}
            keyOf={({ togaiAccountId }) => togaiAccountId}
            linkOf={({ id }) => linkTo('accounts', id)}
            empty={<Empty title="The customer has no accounts." />}
            columns={[
              { title: 'Name', cell: ({ name }) => name },
              { title: 'Id', cell: ({ id }) => <code>{id}</code> },
              { title: 'Currency', cell: ({ invoiceCurrency }) => invoiceCurrency, isMinor: true },
              { title: 'Status', cell: (account) => <Badge of={account.status} /> },
            ]}
          />
        )}
      </Shown>
    </Section>
  )
}

export const CustomerPage = ({ names: { id = '' } }: { names: Names }) => {
  const { writes } = useRights()
  const reading = useRead(`customer ${id}`, () => read(api.GET('/customers/{customer_id}', { params: { path: { customer_id: id } } })))
  const customer = reading.data
  return (
    <Page
      title={customer?.name ?? id}
      above={
        <>
          <a href={linkTo('customers')}>Customers</a> · <code>{id}</code>
        </>
      }
      beside={customer && <Badge of={customer.status} />}
      actions={writes && customer && <Actions customer={customer} />}
    >
      <Shown reading={reading}>
        {(shown) => (
          <>
            <Facts
              of={[
                ['E-mail', shown.primaryEmail],
                ['Address', AddressLines({ of: shown.address })],
                ['Created', <Time at={shown.createdAt} />],
                ['Id here', <code>{shown.togaiCustomerId}</code>],
                [
                  'Lists',
                  <>
                    <a href={linkTo('invoices', { customer: id })}>Invoices</a> · <a href={linkTo('events', { customer: id })}>Events</a>
                  </>,
                ],
              ]}
            />
            <AccountsOf customerId={id} isArchived={shown.status === 'ARCHIVED'} />
            <Settings entityType="CUSTOMER" entityId={id} />
            {shown.status === 'ARCHIVED' && <ErasureOf customerId={id} />}
            <Section title="Audit trail">
              <AuditTrail type="CUSTOMER" id={id} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  )
}
