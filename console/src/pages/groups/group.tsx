import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { AddressLines } from '../../parts/address_fields.tsx'
import { AuditTrail } from '../../parts/audit_trail.tsx'
import { api, read } from '../../parts/client.ts'
import { DialogButton, Form, TextField } from '../../parts/form.tsx'
import { InvoiceTable } from '../../parts/invoice_table.tsx'
import { useOrganization } from '../../parts/organization.ts'
import { Empty, Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Settings } from '../../parts/settings.tsx'
import { AskButton } from '../../parts/status_button.tsx'
import { Table } from '../../parts/table.tsx'
import type { Names } from '../../routes.ts'

const AddForm = ({ groupId, close }: { groupId: string; close: () => void }) => {
  const [account, setAccount] = useState('')
  const send = () =>
    read(
      api.POST('/invoice_groups/{invoice_group_id}/add_accounts', {
        params: { path: { invoice_group_id: groupId } },
        body: { accountIds: [account.trim()] },
      }),
    )
  return (
    <Form action="Add account" send={send} done={close} cancel={close}>
      <TextField label="Account" value={account} set={setAccount} hint="Its id. What falls due from now on is paid by the group." />
    </Form>
  )
}

const Members = ({ groupId, accounts }: { groupId: string; accounts: readonly string[] }) => {
  const { writes } = useRights()
  /** With its last account a group ends, and cannot be read any more. */
  const isLast = accounts.length === 1
  const removeAccount = (account: string) =>
    read(
      api.POST('/invoice_groups/{invoice_group_id}/remove_accounts', {
        params: { path: { invoice_group_id: groupId } },
        body: { accountIds: [account] },
      }),
    )
  return (
    <Table
      label="Accounts"
      rows={accounts.map((id) => ({ id }))}
      keyOf={({ id }) => id}
      empty={<Empty title="The group has no accounts." />}
      columns={[
        { title: 'Account', cell: ({ id }) => <a href={linkTo('accounts', id)}>{id}</a> },
        ...(writes
          ? [
              {
                title: '',
                cell: ({ id }: { id: string }) => (
                  <AskButton
                    label="Remove"
                    title={`Remove ${id}?`}
                    tone="quiet"
                    send={() => removeAccount(id)}
                    done={() => isLast && goTo(linkTo('groups'))}
                    isDangerous
                  >
                    It is asked to pay by itself from now on.{isLast && ' It is the last one: the group ends with it.'}
                  </AskButton>
                ),
              },
            ]
          : []),
      ]}
    />
  )
}

export const GroupPage = ({ names: { id = '' } }: { names: Names }) => {
  const { writes } = useRights()
  const organization = useOrganization()
  const reading = useRead(`group ${id}`, () =>
    read(api.GET('/invoice_groups/{invoice_group_id}', { params: { path: { invoice_group_id: id } } })),
  )
  const invoices = useRead(`invoices of group ${id}`, () =>
    read(api.GET('/invoices', { params: { query: { owner_id: id, pageSize: 20 } } })),
  )
  return (
    <Page
      title={reading.data?.name ?? 'Invoice group'}
      above={
        <>
          <a href={linkTo('groups')}>Invoice groups</a> · <code>{id}</code>
        </>
      }
      actions={
        writes && reading.data && <DialogButton label="Add account">{(close) => <AddForm groupId={id} close={close} />}</DialogButton>
      }
    >
      <Shown reading={reading}>
        {({ email, invoiceCurrency, netTermDays, dailyInvoiceConsolidation, billingAddress, accounts }) => (
          <>
            <Facts
              of={[
                ['E-mail', email],
                ['Currency', invoiceCurrency],
                ['Days to pay', netTermDays],
                ['Invoices of a day', dailyInvoiceConsolidation ? 'become one' : 'stay as they are'],
                ['Address', AddressLines({ of: billingAddress })],
              ]}
            />
            <Section title="Accounts">
              <Members groupId={id} accounts={accounts} />
            </Section>
            <Section title="Invoices" actions={invoices.data?.nextToken && <a href={linkTo('invoices', { owner: id })}>All</a>}>
              <Shown reading={invoices}>
                {({ data }) => (
                  <Shown reading={organization}>
                    {({ now }) => (
                      <InvoiceTable invoices={data} now={now} hasOwner={false} empty={<Empty title="There are no invoices yet." />} />
                    )}
                  </Shown>
                )}
              </Shown>
            </Section>
            <Settings entityType="INVOICE_GROUP" entityId={id} />
            <Section title="Audit trail">
              <AuditTrail type="INVOICE_GROUP" id={id} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  )
}
