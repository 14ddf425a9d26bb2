import { linkTo, useParameters } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { FeatureForm } from './feature_form.tsx'

export const Features = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const query = { nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`features ${query.nextToken ?? ''}`, () => read(api.GET('/features', { params: { query } })))
  return (
    <Page
      title="Features"
      actions={
        writes && (
          <DialogButton label="New feature" tone="primary" isWide>
            {(close) => <FeatureForm close={close} />}
          </DialogButton>
        )
      }
    >
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Features"
              rows={data}
              keyOf={({ id }) => id}
              linkOf={({ id }) => linkTo('features', id)}
              empty={<Empty title="There is no feature.">A feature is what accounts are entitled to: events take credits of it.</Empty>}
              columns={[
                { title: 'Name', cell: ({ displayName }) => displayName },
                { title: 'Schemas', cell: ({ schemaCount }) => schemaCount, isNumber: true },
                { title: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} />, isMinor: true },
                { title: 'Id', cell: ({ id }) => <code>{id}</code>, isMinor: true },
              ]}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
