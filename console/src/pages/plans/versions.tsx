import { linkTo } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { Section, Shown } from '../../parts/page.tsx'
import { type Reading, useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'

type Version = Schemas['PricePlanV2']

/** All versions of a plan, the newest first. */
export const useVersions = (planId: string): Reading<Version[]> =>
  useRead(`versions ${planId}`, () =>
    readAll((nextToken) =>
      read(
        api.GET('/v2/price_plans/{price_plan_id}/versions', {
          params: { path: { price_plan_id: planId }, query: { pageSize: 100, nextToken } },
        }),
      ),
    ),
  )

export const Versions = ({ planId }: { planId: string }) => (
  <Section title="Versions">
    <Shown reading={useVersions(planId)}>
      {(versions) => (
        <Table
          label="Versions"
          rows={versions}
          keyOf={({ referenceId }) => referenceId}
          columns={[
            {
              title: 'Version',
              cell: ({ version, status }) => (
                <a href={linkTo('plans', planId, { version: String(version) })}>{status === 'DRAFT' ? 'Draft' : version}</a>
              ),
            },
            { title: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} /> },
            {
              title: '',
              cell: ({ version }) =>
                version > 1 && (
                  <a href={linkTo('plans', planId, 'compare', { left: String(version - 1), right: String(version) })}>What changed</a>
                ),
            },
          ]}
        />
      )}
    </Shown>
  </Section>
)
