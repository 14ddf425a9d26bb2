import { useState } from 'preact/hooks'
import { goTo, linkTo, useParameters } from '../../parts/address.ts'
import { AddressFields, addressOf, draftOfAddress } from '../../parts/address_fields.tsx'
import { api, read } from '../../parts/client.ts'
import { CheckField, DialogButton, Form, TextField } from '../../parts/form.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Pager, Table } from '../../parts/table.tsx'
import { requireNumber } from '../../parts/typed.ts'

/** The ids that were typed, with commas or line breaks between them: an id can have spaces in it. */
const idsOf = (typed: string): string[] =>
  typed
    .split(/[\n,]/)
    .map((one) => one.trim())
    .filter(Boolean)

const GroupForm = ({ close }: { close: () => void }) => {
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [accounts, setAccounts] = useState('')
  const [days, setDays] = useState('')
  const [consolidates, setConsolidates] = useState(true)
  const [address, setAddress] = useState(draftOfAddress())
  const send = async (): Promise<void> => {
    const { id } = await read(
      api.POST('/invoice_groups', {
        body: {
          name,
          email,
          dailyInvoiceConsolidation: consolidates,
          accountIds: idsOf(accounts),
          address: addressOf(address),
          ...(days && { netTermDays: requireNumber(days, 'Days to pay') }),
        },
      }),
    )
    close()
    goTo(linkTo('groups', id))
  }
  return (
    <Form action="Create group" send={send} cancel={close}>
      <div class="columns">
        <TextField label="Name" value={name} set={setName} />
        <TextField label="E-mail" type="email" value={email} set={setEmail} />
        <TextField label="Days to pay" value={days} set={setDays} isOptional isNumber />
      </div>
      <TextField
        label="Accounts"
        value={accounts}
        set={setAccounts}
        hint="Their ids, with commas between them. All have the same currency."
      />
      <CheckField label="Invoices of a day become one" value={consolidates} set={setConsolidates} />
      <AddressFields value={address} set={setAddress} />
    </Form>
  )
}

export const InvoiceGroups = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const query = { nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`groups ${query.nextToken ?? ''}`, () => read(api.GET('/invoice_groups', { params: { query } })))
  return (
    <Page
      title="Invoice groups"
      actions={
        writes && (
          <DialogButton label="New group" tone="primary" isWide>
            {(close) => <GroupForm close={close} />}
          </DialogButton>
        )
      }
    >
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Invoice groups"
              rows={data}
              keyOf={({ id }) => id}
              linkOf={({ id }) => linkTo('groups', id)}
              empty={<Empty title="There is no invoice group.">The accounts of a group are asked to pay together.</Empty>}
              columns={[
                { title: 'Name', cell: ({ name }) => name },
                { title: 'E-mail', cell: ({ email }) => email, isMinor: true },
                { title: 'Currency', cell: ({ invoiceCurrency }) => invoiceCurrency },
                { title: 'Accounts', cell: ({ accountsCount }) => accountsCount, isNumber: true },
              ]}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
