import { linkTo } from '../../parts/address.ts'
import { AddressLines } from '../../parts/address_fields.tsx'
import { AuditTrail } from '../../parts/audit_trail.tsx'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { useOrganization } from '../../parts/organization.ts'
import { Contents, Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Settings } from '../../parts/settings.tsx'
import { AskButton } from '../../parts/status_button.tsx'
import type { Names } from '../../routes.ts'
import { AccountForm } from './account_form.tsx'
import { Aliases } from './aliases.tsx'
import { CycleToDate } from './cycle.tsx'
import { Features } from './features.tsx'
import { Licences } from './licences.tsx'
import { Credits, Invoices, Wallet } from './money.tsx'
import { Purchases } from './purchases.tsx'
import { RestoreForm } from './restore_form.tsx'
import { PlanTimeline, useSchedules } from './timeline.tsx'

type Account = Schemas['Account']

const PARTS = [
  ['plan', 'Price plan'],
  ['cycle', 'Cycle to date'],
  ['invoices', 'Invoices'],
  ['purchases', 'Purchases'],
  ['credits', 'Credits'],
  ['wallet', 'Wallet'],
  ['licences', 'Licences'],
  ['features', 'Features'],
  ['aliases', 'Aliases'],
  ['settings', 'Settings'],
  ['audit', 'Audit trail'],
] as const

const Actions = ({ account }: { account: Account }) => {
  if (account.status === 'ARCHIVED')
    return (
      <DialogButton label="Restore" title={`Restore ${account.name}`}>
        {(close) => <RestoreForm accountId={account.id} close={close} />}
      </DialogButton>
    )
  return (
    <>
      <a class="button" href={linkTo('events', { account: account.id })}>
        Events
      </a>
      <DialogButton label="Edit" title={`Edit ${account.name}`}>
        {(close) => <AccountForm account={account} close={close} />}
      </DialogButton>
      <AskButton
        label="Archive"
        title={`Archive ${account.name}`}
        action="Archive account"
        send={() => read(api.DELETE('/accounts/{account_id}', { params: { path: { account_id: account.id } } }))}
        isDangerous
      >
        Its aliases end now, its price plan ends with this day, and its last invoice falls due after the grace period. It can be restored.
      </AskButton>
    </>
  )
}

const Details = ({ account, now }: { account: Account; now: string }) => {
  const { id, customerId, invoiceCurrency, netTermDays, primaryEmail, address, togaiAccountId, tags, metadata, invoiceGroupDetails } =
    account
  const schedules = useSchedules(id)
  const isInForce = schedules.data?.some(({ startDate, endDate }) => startDate <= now && now < endDate)
  return (
    <>
      <Contents of={PARTS.filter(([part]) => part !== 'cycle' || isInForce)} />
      <Facts
        of={[
          ['Customer', <a href={linkTo('customers', customerId)}>{customerId}</a>],
          ['Currency of its invoices', invoiceCurrency],
          ['Days to pay', netTermDays],
          ['E-mail', primaryEmail],
          ['Address', AddressLines({ of: address })],
          ['Invoice group', invoiceGroupDetails && <a href={linkTo('groups', invoiceGroupDetails.id)}>{invoiceGroupDetails.name}</a>],
          ['Tags', tags?.join(', ')],
          ['Metadata', metadata && Object.keys(metadata).length > 0 && <code>{JSON.stringify(metadata)}</code>],
          ['Id here', <code>{togaiAccountId}</code>],
        ]}
      />
      <PlanTimeline accountId={id} schedules={schedules} now={now} />
      {isInForce && <CycleToDate accountId={id} today={now.slice(0, 10)} />}
      <Invoices accountId={id} now={now} />
      <Purchases accountId={id} />
      <Credits account={account} />
      <Wallet account={account} />
      <Licences accountId={id} />
      <Features accountId={id} />
      <Aliases accountId={id} now={now} />
      <Settings id="settings" entityType="ACCOUNT" entityId={id} />
      <Section title="Audit trail" id="audit">
        <AuditTrail type="ACCOUNT" id={id} />
      </Section>
    </>
  )
}

export const AccountPage = ({ names: { id = '' } }: { names: Names }) => {
  const { writes } = useRights()
  const organization = useOrganization()
  const reading = useRead(`account ${id}`, () =>
    read(api.GET('/accounts/{account_id}', { params: { path: { account_id: id }, query: { includeGroupDetails: true } } })),
  )
  const account = reading.data
  return (
    <Page
      title={account?.name ?? id}
      above={
        <>
          <a href={linkTo('accounts')}>Accounts</a> · <code>{id}</code>
        </>
      }
      beside={account && <Badge of={account.status} />}
      actions={writes && account && <Actions account={account} />}
    >
      <Shown reading={reading}>
        {(shown) => <Shown reading={organization}>{({ now }) => <Details account={shown} now={now} />}</Shown>}
      </Shown>
    </Page>
  )
}
