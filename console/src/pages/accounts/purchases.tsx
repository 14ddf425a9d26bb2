import { linkTo } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import { Empty, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { PurchaseTable } from '../purchases/table.tsx'

const MOST_SHOWN = 10

/** What an account has bought beside its price plan, and what was proposed to it. */
export const Purchases = ({ accountId }: { accountId: string }) => {
  const { writes } = useRights()
  const query = { account_id: accountId, pageSize: MOST_SHOWN }
  const reading = useRead(`purchases of ${accountId}`, () => read(api.GET('/purchases', { params: { query } })))
  return (
    <Section
      title="Purchases"
      id="purchases"
      actions={
        <>
          {reading.data?.nextToken && <a href={linkTo('purchases', { account: accountId })}>All</a>}
          {writes && (
            <a class="button" href={linkTo('purchases', 'new', { account: accountId })}>
              Propose a purchase
            </a>
          )}
        </>
      }
    >
      <Shown reading={reading}>
        {({ data }) => <PurchaseTable purchases={data} hasAccount={false} empty={<Empty title="Nothing was bought or proposed yet." />} />}
      </Shown>
    </Section>
  )
}
