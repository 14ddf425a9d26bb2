import { linkTo } from '../../parts/address.ts'
import { AuditTrail } from '../../parts/audit_trail.tsx'
import { Badge } from '../../parts/badge.tsx'
import { api, read } from '../../parts/client.ts'
import { money, wordsOf } from '../../parts/format.ts'
import { Empty, Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { AskButton } from '../../parts/status_button.tsx'
import { Table } from '../../parts/table.tsx'
import { Day, Time } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'

export const CreditPage = ({ names: { id = '' } }: { names: Names }) => {
  const { writes } = useRights()
  const params = { path: { credit_id: id } }
  const reading = useRead(`credit ${id}`, () => read(api.GET('/credits/{credit_id}', { params })))
  const credit = reading.data
  const unit = credit?.creditUnit
  return (
    <Page
      title={credit?.purpose ?? 'Credit'}
      above={
        <>
          <a href={linkTo('credits')}>Credits</a> · <code>{id}</code>
        </>
      }
      beside={credit && <Badge of={credit.status} />}
      actions={
        writes &&
        credit?.status === 'ACTIVE' && (
          <AskButton
            label="Make void"
            title="Make this credit void?"
            send={() => read(api.POST('/credits/{credit_id}/void', { params }))}
            isDangerous
          >
            What is left of it cannot be taken any more.
          </AskButton>
        )
      }
    >
      <Shown reading={reading}>
        {({
          accountId,
          effectiveFrom,
          effectiveUntil,
          creditAmount,
          consumedAmount,
          holdAmount,
          priority,
          grantorId,
          applicableEntityIds,
          transactions,
        }) => (
          <>
            <Facts
              of={[
                ['Account', <a href={linkTo('accounts', accountId)}>{accountId}</a>],
                ['Given', money(creditAmount ?? 0, unit)],
                ['Consumed', money(consumedAmount ?? 0, unit)],
                ['Held by open drafts', money(holdAmount ?? 0, unit)],
                ['From', <Day at={effectiveFrom} />],
                ['Until before', <Day at={effectiveUntil} />],
                ['Priority', priority],
                ['Given by', grantorId],
                ['Pays only', applicableEntityIds?.join(', ')],
              ]}
            />
            <Section title="Movements">
              <Table
                label="Movements"
                rows={transactions}
                keyOf={(one) => one.id}
                empty={<Empty title="Nothing has moved yet." />}
                columns={[
                  { title: 'What', cell: ({ transactionType }) => wordsOf(transactionType) },
                  { title: 'When', cell: ({ createdAt }) => <Time at={createdAt} /> },
                  { title: 'Invoice', cell: ({ invoiceId }) => invoiceId && <a href={linkTo('invoices', invoiceId)}>{invoiceId}</a> },
                  { title: 'Amount', cell: ({ amount }) => money(amount, unit), isNumber: true },
                ]}
              />
            </Section>
            <Section title="Audit trail">
              <AuditTrail type="CREDIT" id={id} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  )
}
