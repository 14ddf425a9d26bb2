import { linkTo } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import type { Exact } from '../../parts/exact_json.ts'
import { quantity } from '../../parts/format.ts'
import { Empty, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { Table } from '../../parts/table.tsx'

interface FeatureCredits {
  id: string
  name: string
  granted: Exact
  balance: Exact
  usedOverage: Exact
}

/** The credits of each feature of the organization that the account has. */
const readFeatures = async (accountId: string): Promise<FeatureCredits[]> => {
  const { data } = await read(api.GET('/features', { params: { query: { pageSize: 100 } } }))
  return Promise.all(
    data.map(async ({ id, displayName }) => {
      const path = { account_id: accountId, feature_id: id }
      const { granted, balance, usedOverage } = await read(api.GET('/accounts/{account_id}/features/{feature_id}', { params: { path } }))
      return { id, name: displayName, granted, balance, usedOverage }
    }),
  )
}

export const Features = ({ accountId }: { accountId: string }) => {
  const reading = useRead(`features of ${accountId}`, () => readFeatures(accountId))
  return (
    <Section title="Features" id="features">
      <Shown reading={reading}>
        {(features) => (
          <Table
            label="Features"
            rows={features}
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
        )}
      </Shown>
    </Section>
  )
}
