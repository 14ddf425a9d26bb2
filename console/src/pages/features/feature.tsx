import { linkTo } from '../../parts/address.ts'
import { AuditTrail } from '../../parts/audit_trail.tsx'
import { api, read } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { Empty, Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Settings } from '../../parts/settings.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { FeatureForm } from './feature_form.tsx'

export const FeaturePage = ({ names: { id = '' } }: { names: Names }) => {
  const { writes } = useRights()
  const reading = useRead(`feature ${id}`, () => read(api.GET('/features/{feature_id}', { params: { path: { feature_id: id } } })))
  const feature = reading.data
  return (
    <Page
      title={feature?.displayName ?? 'Feature'}
      above={
        <>
          <a href={linkTo('features')}>Features</a> · <code>{id}</code>
        </>
      }
      actions={
        writes &&
        feature && (
          <DialogButton label="Edit" title={`Edit ${feature.displayName}`} isWide>
            {(close) => <FeatureForm feature={feature} close={close} />}
          </DialogButton>
        )
      }
    >
      <Shown reading={reading}>
        {({ name, createdAt, updatedAt, schemaAssociations }) => (
          <>
            <Facts
              of={[
                ['Name', name],
                ['Created', <Time at={createdAt} />],
                ['Changed', <Time at={updatedAt} />],
              ]}
            />
            <Section title="Events that take credits of it">
              <Table
                label="Event schemas"
                rows={schemaAssociations}
                keyOf={({ schemaName }) => schemaName}
                linkOf={({ schemaName }) => linkTo('schemas', schemaName)}
                empty={<Empty title="No schema feeds it." />}
                columns={[
                  { title: 'Schema', cell: ({ schemaName }) => schemaName },
                  { title: 'As many as its', cell: ({ attributeName }) => <code>{attributeName}</code> },
                ]}
              />
            </Section>
            <Settings entityType="FEATURE" entityId={id} />
            <Section title="Audit trail">
              <AuditTrail type="FEATURE" id={id} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  )
}
