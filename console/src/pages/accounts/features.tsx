import { linkTo, useParameters } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import type { Exact } from '../../parts/exact_json.ts'
import { quantity } from '../../parts/format.ts'
import { Empty, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { Pager, Table } from '../../parts/table.tsx'

interface FeatureCredits {
  id: string
  name: string
  granted: Exact
  balance: Exact
  usedOverage: Exact
}

/** Each feature is asked for by itself. */
const MOST_SHOWN = 20

/** What credits an account has of the features of the organization, a page of them at a time. */
const readCredits = async (accountId: string, page: string | undefined): Promise<{ data: FeatureCredits[]; nextToken?: string }> => {
  const query = { nextToken: page, pageSize: MOST_SHOWN }
  const { data: features, nextToken } = await read(api.GET('/features', { params: { query } }))
  const data = await Promise.all(
    features.map(async ({ id, displayName }) => {
      const path = { account_id: accountId, feature_id: id }
      const { granted, balance, usedOverage } = await read(api.GET('/accounts/{account_id}/features/{feature_id}', { params: { path } }))
      return { id, name: displayName, granted, balance, usedOverage }
    }),
  )
  return { data, ...(nextToken && { nextToken }) }
}

export const Features = ({ accountId }: { accountId: string }) => {
  const { get } = useParameters()
  const page = get('features')
  const reading = useRead(`features of ${accountId} ${page ?? ''}`, () => readCredits(accountId, page))
  return (
    <Section title="Features" id="features">
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Features"
              rows={data}
              keyOf={({ id }) => id}
              linkOf={({ id }) => linkTo('features', id)}
              empty={<Empty title="There are no features." />}
              columns={[
                { title: 'Feature', cell: ({ name }) => name },
                { title: 'Granted', cell: ({ granted }) => quantity(granted), isNumber: true },
                { title: 'Left', cell: ({ balance }) => quantity(balance), isNumber: true },
                { title: 'Beyond credits', cell: ({ usedOverage }) => quantity(usedOverage), isNumber: true, isMinor: true },
              ]}
            />
            <Pager next={nextToken} name="features" />
          </>
        )}
      </Shown>
    </Section>
  )
}
