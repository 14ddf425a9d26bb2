import type { ComponentChildren } from 'preact'
import { linkTo } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { money } from '../../parts/format.ts'
import { type Column, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { KINDS, PROPOSAL_WORDS, type Purchase, linkToPurchase } from './words.ts'

export const ProposalBadge = ({ status }: { status: string }) => (
  <Badge of={status} tone={status === 'PROPOSAL_ACTIVE' ? 'warm' : status === 'PROPOSAL_APPROVED' ? 'good' : 'calm'}>
    {PROPOSAL_WORDS[status] ?? status}
  </Badge>
)

export const PurchaseBadge = ({ status }: { status: string }) => <Badge of={status} {...(status === 'FAILURE' && { tone: 'bad' })} />

const none = <span class="muted">–</span>

const COLUMNS: readonly Column<Purchase>[] = [
  {
    title: 'What',
    cell: ({ type, pricePlanName, quantity = 1 }) => `${pricePlanName ?? KINDS[type]}${quantity > 1 ? `, ${quantity} times` : ''}`,
  },
  { title: 'Kind', cell: ({ type }) => KINDS[type], isMinor: true },
  { title: 'Proposal', cell: ({ proposalStatus }) => (proposalStatus ? <ProposalBadge status={proposalStatus} /> : none) },
  { title: 'Purchase', cell: ({ purchaseStatus }) => (purchaseStatus ? <PurchaseBadge status={purchaseStatus} /> : none) },
  { title: 'Made', cell: ({ createdAt }) => <Time at={createdAt} />, isMinor: true },
  { title: 'Price', cell: ({ price, invoiceCurrency }) => money(price, invoiceCurrency), isNumber: true },
]

const ACCOUNT: Column<Purchase> = {
  title: 'Account',
  cell: ({ accountId }) => <a href={linkTo('accounts', accountId)}>{accountId}</a>,
  isMinor: true,
}

/** What was bought and proposed. */
export const PurchaseTable = ({
  purchases,
  hasAccount,
  empty,
}: {
  purchases: readonly Purchase[]
  hasAccount: boolean
  empty: ComponentChildren
}) => {
  const [what, ...others] = COLUMNS
  return (
    <Table
      label="Purchases and proposals"
      rows={purchases}
      keyOf={({ id }) => id}
      linkOf={linkToPurchase}
      columns={hasAccount && what ? [what, ACCOUNT, ...others] : COLUMNS}
      empty={empty}
    />
  )
}
