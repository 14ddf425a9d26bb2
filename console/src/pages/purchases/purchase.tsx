import { linkTo } from '../../parts/address.ts'
import { AuditTrail } from '../../parts/audit_trail.tsx'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { money, quantity } from '../../parts/format.ts'
import { currencyOf } from '../../parts/invoice_table.tsx'
import { Empty, Facts, Page, Refusal, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Table } from '../../parts/table.tsx'
import { Days, Time } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { RateCards } from '../plans/cards.tsx'
import { useBillables } from '../plans/names.ts'
import { AnswerButtons, CancelButton } from './answer.tsx'
import { ProposalBadge, PurchaseBadge } from './table.tsx'
import { KINDS, PAYMENT_MODES } from './words.ts'

type Proposal = Schemas['GetProposalResponse']
type Purchase = Schemas['GetPurchaseResponse']

const readPurchase = (id: string) => read(api.GET('/purchases/{purchase_id}', { params: { path: { purchase_id: id } } }))

/** The order or the invoice that bills it. */
const Bill = ({ id }: { id: string }) => {
  const reading = useRead(`invoice ${id}`, () => read(api.GET('/invoices/{invoice_id}', { params: { path: { invoice_id: id } } })))
  return (
    <Shown reading={reading}>
      {({ invoiceClass, sequenceId, status, totalAmount, paidAmount, invoiceDetails }) => {
        const currency = currencyOf({ invoiceDetails })
        return (
          <Table
            label="What was billed"
            rows={[{ id }]}
            keyOf={(row) => row.id}
            linkOf={() => linkTo('invoices', id)}
            columns={[
              { title: invoiceClass === 'ORDER' ? 'Order' : 'Invoice', cell: () => sequenceId ?? <code>{id}</code> },
              { title: 'Status', cell: () => <Badge of={status} /> },
              { title: 'Total', cell: () => money(totalAmount, currency), isNumber: true },
              { title: 'Paid', cell: () => money(paidAmount, currency), isNumber: true },
            ]}
          />
        )
      }}
    </Shown>
  )
}

/** What a purchase has brought the account. */
const Granted = ({ purchase: { features = [], status, accountId, type } }: { purchase: Purchase }) => (
  <Section title="What was granted">
    <Table
      label="Units of features"
      rows={features.map((feature, at) => ({ ...feature, at }))}
      keyOf={({ at }) => String(at)}
      linkOf={({ id }) => linkTo('features', id)}
      empty={
        <Empty title={status === 'SUCCESS' ? 'No units of features belong to it.' : 'Nothing yet.'}>
          {type === 'WALLET_TOPUP' || status === 'SUCCESS' ? (
            <a href={linkTo('accounts', accountId)}>Credits, wallet and plan are on the page of the account.</a>
          ) : (
            'It is done once it has been paid.'
          )}
        </Empty>
      }
      columns={[
        { title: 'Feature', cell: ({ name }) => name },
        {
          title: 'Days (UTC)',
          cell: ({ effectiveFrom, effectiveUntil }) => <Days from={effectiveFrom} until={effectiveUntil} />,
          isMinor: true,
        },
        { title: 'Granted', cell: ({ creditsGranted }) => quantity(creditsGranted), isNumber: true },
        { title: 'Left', cell: ({ creditsAvailable }) => quantity(creditsAvailable), isNumber: true },
      ]}
    />
  </Section>
)

const Bought = ({ of }: { of: Proposal | Purchase }) => {
  const { nameOf } = useBillables()
  const { walletTopupDetails: topup, rateCardQuantities = {}, invoiceCurrency: currency, pricePlanId, pricePlanVersion } = of
  const version = pricePlanVersion?.toString()
  const cards = Object.entries(rateCardQuantities)
  const plan = useRead(pricePlanId && `plan ${pricePlanId} ${version ?? ''}`, () =>
    read(
      api.GET('/price_plans/{price_plan_id}', {
        params: { path: { price_plan_id: pricePlanId ?? '' }, query: { version: pricePlanVersion } },
      }),
    ),
  )
  const details = ('purchasePlan' in of && of.purchasePlan) || plan.data?.pricingSchedule[0]?.pricePlanDetails
  return (
    <>
      <Facts
        of={[
          ['What', KINDS[of.type]],
          ['Price', of.price !== undefined && <strong>{money(of.price, currency)}</strong>],
          ['Account', <a href={linkTo('accounts', of.accountId)}>{of.accountId}</a>],
          ['Price plan', pricePlanId && <a href={linkTo('plans', pricePlanId, { version })}>{plan.data?.name ?? pricePlanId}</a>],
          ['How often', of.quantity],
          ['Single cards', cards.length > 0 && cards.map(([id, count]) => <div key={id}>{`${quantity(count)} × ${nameOf(id)}`}</div>)],
          ['Comes into the wallet', topup && money(topup.topupAmount, currency)],
          ['Days (UTC)', of.effectiveFrom && of.effectiveUntil && <Days from={of.effectiveFrom} until={of.effectiveUntil} />],
          ['Made', <Time at={of.createdAt} />],
          ['Can be approved and paid until', of.expiryDate && <Time at={of.expiryDate} />],
          ['How', 'paymentMode' in of && PAYMENT_MODES[of.paymentMode]],
          ['Answered', 'proposalResponseDate' in of && of.proposalResponseDate && <Time at={of.proposalResponseDate} />],
          ['Remark', of.comment],
        ]}
      />
      {(of.purchasePlanOverride ?? of.associationOverride) && (
        <p class="notice below">It has prices of its own in place of some of those of the plan.</p>
      )}
      {plan.failure && !details && <Refusal failure={plan.failure} retry={plan.reload} />}
      {details && <RateCards details={details} />}
    </>
  )
}

const Outcome = ({ purchase }: { purchase: Purchase }) => (
  <>
    <Section title="What was billed">
      {purchase.invoiceId ? <Bill id={purchase.invoiceId} /> : <Empty title="Nothing by itself: the invoices of the price plan bill it." />}
    </Section>
    <Granted purchase={purchase} />
  </>
)

const above = (id: string) => (
  <>
    <a href={linkTo('purchases')}>Purchases</a> · <code>{id}</code>
  </>
)

/** A proposal, how it was answered, and what has become of it. */
export const ProposalPage = ({ names: { id = '' } }: { names: Names }) => {
  const { writes } = useRights()
  const reading = useRead(`proposal ${id}`, () =>
    read(api.GET('/purchase_proposals/{purchase_proposal_id}', { params: { path: { purchase_proposal_id: id } } })),
  )
  const proposal = reading.data
  const isApproved = proposal?.status === 'PROPOSAL_APPROVED'
  const purchase = useRead(isApproved ? `purchase ${id}` : undefined, () => readPurchase(id))
  return (
    <Page
      title={`Proposal to ${proposal?.accountId ?? '…'}`}
      above={above(id)}
      beside={
        proposal && (
          <>
            <ProposalBadge status={proposal.status} />
            {purchase.data && <PurchaseBadge status={purchase.data.status} />}
          </>
        )
      }
      actions={
        writes &&
        proposal && (
          <>
            {proposal.status === 'PROPOSAL_ACTIVE' && <AnswerButtons proposal={proposal} />}
            {purchase.data?.status === 'PENDING' && purchase.data.invoiceId && <CancelButton invoiceId={purchase.data.invoiceId} />}
          </>
        )
      }
    >
      <Shown reading={reading}>
        {(shown) => (
          <>
            <Bought
              of={
                purchase.data
                  ? { ...purchase.data, paymentMode: shown.paymentMode, proposalResponseDate: shown.proposalResponseDate }
                  : shown
              }
            />
            {isApproved && <Shown reading={purchase}>{(its) => <Outcome purchase={its} />}</Shown>}
            <Section title="Audit trail">
              <AuditTrail type="PURCHASE" id={id} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  )
}

/** What was bought without a proposal. */
export const PurchasePage = ({ names: { id = '' } }: { names: Names }) => {
  const { writes } = useRights()
  const reading = useRead(`purchase ${id}`, () => readPurchase(id))
  const purchase = reading.data
  return (
    <Page
      title={`Purchase of ${purchase?.accountId ?? '…'}`}
      above={above(id)}
      beside={purchase && <PurchaseBadge status={purchase.status} />}
      actions={writes && purchase?.status === 'PENDING' && purchase.invoiceId && <CancelButton invoiceId={purchase.invoiceId} />}
    >
      <Shown reading={reading}>
        {(shown) => (
          <>
            <Bought of={shown} />
            <Outcome purchase={shown} />
            <Section title="Audit trail">
              <AuditTrail type="PURCHASE" id={id} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  )
}
