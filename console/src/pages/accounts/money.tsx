import { linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { money, wordsOf } from '../../parts/format.ts'
import { InvoiceTable } from '../../parts/invoice_table.tsx'
import { Empty, Facts, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Pager, Table } from '../../parts/table.tsx'
import { Day, Time } from '../../parts/time.tsx'
import { CreditForm, TopUpForm, WalletForm } from './money_forms.tsx'

type Account = Schemas['Account']

const MOST_SHOWN = 10

export const Invoices = ({ accountId, now }: { accountId: string; now: string }) => {
  const query = { owner_id: accountId, pageSize: MOST_SHOWN }
  const reading = useRead(`invoices of ${accountId}`, () => read(api.GET('/invoices', { params: { query } })))
  return (
    <Section title="Invoices" id="invoices" actions={reading.data?.nextToken && <a href={linkTo('invoices', { owner: accountId })}>All</a>}>
      <Shown reading={reading}>
        {({ data }) => <InvoiceTable invoices={data} now={now} hasOwner={false} empty={<Empty title="There are no invoices yet." />} />}
      </Shown>
    </Section>
  )
}

export const Credits = ({ account: { id, invoiceCurrency } }: { account: Account }) => {
  const { writes } = useRights()
  const balance = useRead(`credit balance ${id}`, () =>
    read(api.GET('/accounts/{account_id}/credit_balance', { params: { path: { account_id: id } } })),
  )
  const list = useRead(`credits of ${id}`, () => read(api.GET('/credits', { params: { query: { account_id: id, pageSize: MOST_SHOWN } } })))
  return (
    <Section
      title="Credits"
      id="credits"
      note={
        balance.data &&
        `${money(balance.data.availableBalance, balance.data.unit)} left, ${money(balance.data.runningBalance, balance.data.unit)} after open drafts`
      }
      actions={
        <>
          {list.data?.nextToken && <a href={linkTo('credits', { account: id })}>All</a>}
          {writes && (
            <DialogButton label="Give credit">
              {(close) => <CreditForm accountId={id} currency={invoiceCurrency} close={close} />}
            </DialogButton>
          )}
        </>
      }
    >
      <Shown reading={list}>
        {({ data }) => (
          <Table
            label="Credits"
            rows={data}
            keyOf={(credit) => credit.id}
            linkOf={(credit) => linkTo('credits', credit.id)}
            empty={<Empty title="There are no credits." />}
            columns={[
              { title: 'For', cell: ({ purpose }) => purpose },
              { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
              { title: 'Until before', cell: ({ effectiveUntil }) => <Day at={effectiveUntil} />, isMinor: true },
              { title: 'Given', cell: ({ creditAmount, creditUnit }) => money(creditAmount ?? 0, creditUnit), isNumber: true },
              {
                title: 'Consumed',
                cell: ({ consumedAmount, creditUnit }) => money(consumedAmount ?? 0, creditUnit),
                isNumber: true,
                isMinor: true,
              },
            ]}
          />
        )}
      </Shown>
    </Section>
  )
}

/** What came into a wallet and went out of it. The page of them is in the address. */
const Movements = ({ accountId, currency }: { accountId: string; currency: string | undefined }) => {
  const { get } = useParameters()
  const query = { nextToken: get('movements'), pageSize: MOST_SHOWN }
  const reading = useRead(`wallet entries ${accountId} ${query.nextToken ?? ''}`, () =>
    read(api.GET('/accounts/{account_id}/wallet/entries', { params: { path: { account_id: accountId }, query } })),
  )
  return (
    <Shown reading={reading}>
      {({ data, nextToken }) =>
        data.length > 0 && (
          <div class="below">
            <Table
              label="Movements of the wallet"
              rows={data}
              keyOf={(entry) => entry.id}
              columns={[
                { title: 'What', cell: ({ description, transactionType }) => description ?? wordsOf(transactionType) },
                { title: 'When', cell: ({ createdAt }) => <Time at={createdAt} />, isMinor: true },
                {
                  title: 'Amount',
                  cell: ({ transactionType, amount }) => `${transactionType === 'DEBITED' ? '−' : '+'}${money(amount, currency)}`,
                  isNumber: true,
                },
                { title: 'Balance', cell: ({ closingBalance }) => money(closingBalance, currency), isNumber: true },
              ]}
            />
            <Pager next={nextToken} name="movements" />
          </div>
        )
      }
    </Shown>
  )
}

export const Wallet = ({ account: { id } }: { account: Account }) => {
  const { writes } = useRights()
  const path = { account_id: id }
  const wallet = useRead(`wallet ${id}`, () => read(api.GET('/accounts/{account_id}/wallet', { params: { path } })))
  const currency = wallet.data?.creditUnit
  return (
    <Section
      title="Wallet"
      id="wallet"
      actions={
        writes &&
        wallet.data && (
          <>
            <DialogButton label="Change">
              {(close) => <WalletForm accountId={id} status={wallet.data?.status ?? ''} close={close} />}
            </DialogButton>
            <DialogButton label="Top up">{(close) => <TopUpForm accountId={id} currency={currency ?? ''} close={close} />}</DialogButton>
          </>
        )
      }
    >
      <Shown reading={wallet}>
        {({ balance, status, effectiveFrom }) => (
          <Facts
            of={[
              ['Balance', <strong>{money(balance, currency)}</strong>],
              ['Status', <Badge of={status} />],
              ['Pays invoices from', <Time at={effectiveFrom} />],
            ]}
          />
        )}
      </Shown>
      <Movements accountId={id} currency={currency} />
    </Section>
  )
}
