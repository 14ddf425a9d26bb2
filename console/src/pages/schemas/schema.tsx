import { goTo, linkTo, useParameters } from '../../parts/address.ts'
import { AuditTrail } from '../../parts/audit_trail.tsx'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { Empty, Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { useRights } from '../../parts/session.ts'
import { Settings } from '../../parts/settings.tsx'
import { AskButton } from '../../parts/status_button.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { SchemaForm } from './schema_form.tsx'

type Schema = Schemas['EventSchema']

const Actions = ({ schema }: { schema: Schema }) => {
  const params = { path: { event_schema_name: schema.name } }
  if (schema.status === 'ARCHIVED') return null
  return (
    <>
      {schema.status === 'ACTIVE' ? (
        <AskButton
          label="Deactivate"
          title={`Deactivate ${schema.name}?`}
          send={() => read(api.POST('/event_schema/{event_schema_name}/deactivate', { params }))}
          isDangerous
        >
          Its events are not processed any more until it is activated again.
        </AskButton>
      ) : (
        <AskButton
          label="Activate"
          title={`Activate ${schema.name}?`}
          tone="primary"
          send={() => read(api.POST('/event_schema/{event_schema_name}/activate', { params }))}
        >
          Events that come from now on are processed.
        </AskButton>
      )}
      <DialogButton label="Edit" title={`Edit ${schema.name}`} isWide>
        {(close) => <SchemaForm schema={schema} close={close} />}
      </DialogButton>
      {schema.status !== 'ACTIVE' && (
        <AskButton
          label="Archive"
          title={`Archive ${schema.name}?`}
          tone="quiet"
          send={() => read(api.DELETE('/event_schema/{event_schema_name}', { params }))}
          done={() => goTo(linkTo('schemas'))}
          isDangerous
        >
          It cannot be activated again, and its name stays taken.
        </AskButton>
      )}
    </>
  )
}

const Fields = ({ schema: { attributes, dimensions, filterFields = [], enrichments } }: { schema: Schema }) => {
  const rows = [
    ...attributes.map(({ name, defaultUnit = '' }) => ({ name, kind: 'Attribute, a number', more: defaultUnit })),
    ...dimensions.map(({ name }) => ({ name, kind: 'Dimension, a text', more: '' })),
    ...(enrichments?.fields ?? []).map(({ name, type, value }) => ({ name, kind: `Added ${type.toLowerCase()}`, more: value })),
  ]
  return (
    <Table
      label="Fields"
      rows={rows}
      keyOf={({ name, kind }) => kind + name}
      columns={[
        { title: 'Field', cell: ({ name }) => <code>{name}</code> },
        { title: 'Kind', cell: ({ kind }) => kind },
        { title: 'Meters can filter by it', cell: ({ name }) => (filterFields.includes(name) ? 'yes' : 'no'), isMinor: true },
        { title: 'More', cell: ({ more }) => more, isMinor: true },
      ]}
    />
  )
}

const Meters = ({ name }: { name: string }) => {
  const reading = useRead(`meters of ${name}`, () =>
    readAll((nextToken) => read(api.GET('/usage_meters', { params: { query: { event_schema_name: name, nextToken, pageSize: 100 } } }))),
  )
  return (
    <Shown reading={reading}>
      {(meters) => (
        <Table
          label="Usage meters"
          rows={meters}
          keyOf={({ id }) => id}
          linkOf={({ id }) => linkTo('meters', id)}
          empty={<Empty title="No meter counts events of this schema." />}
          columns={[
            { title: 'Meter', cell: ({ displayName }) => displayName },
            { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
          ]}
        />
      )}
    </Shown>
  )
}

export const SchemaPage = ({ names: { name = '' } }: { names: Names }) => {
  const { get } = useParameters()
  const { writes } = useRights()
  const version = get('version')
  const params = { path: { event_schema_name: name }, query: version ? { version: Number(version) } : {} }
  const reading = useRead(`schema ${name} ${version ?? ''}`, () => read(api.GET('/event_schema/{event_schema_name}', { params })))
  const versions = useRead(`schema versions ${name}`, () =>
    read(api.GET('/event_schema/{event_schema_name}/versions', { params: { path: { event_schema_name: name } } })),
  )
  const schema = reading.data
  const newest = versions.data?.data[0]?.version
  return (
    <Page
      title={name}
      above={<a href={linkTo('schemas')}>Event schemas</a>}
      beside={schema && <Badge of={schema.status} />}
      actions={
        schema && (
          <>
            <a class="button" href={linkTo('events', { schema: name })}>
              Events
            </a>
            {writes && !version && <Actions schema={schema} />}
          </>
        )
      }
    >
      <Shown reading={reading}>
        {(shown) => (
          <>
            {shown.description && <p class="lead">{shown.description}</p>}
            <Facts
              of={[
                ['Version', shown.version],
                ['Changed', <Time at={shown.updatedAt} />],
                ['Template of event ids', shown.eventIdTemplate && <code>{shown.eventIdTemplate}</code>],
                ['Revenue of each event', shown.eventLevelRevenue ? 'shown' : 'not shown'],
                [
                  'Feature',
                  shown.featureDetails && (
                    <>
                      <a href={linkTo('features', shown.featureDetails.featureId)}>{shown.featureDetails.featureId}</a>, as many as its{' '}
                      <code>{shown.featureDetails.attributeName}</code>
                    </>
                  ),
                ],
              ]}
            />
            <Section title="Fields">
              <Fields schema={shown} />
            </Section>
            <Section title="Usage meters">
              <Meters name={name} />
            </Section>
            {versions.data && versions.data.data.length > 1 && (
              <Section title="Versions">
                <Table
                  label="Versions"
                  rows={versions.data.data}
                  keyOf={(one) => String(one.version)}
                  linkOf={({ version: number }) => linkTo('schemas', name, { version: number === newest ? undefined : String(number) })}
                  columns={[
                    { title: 'Version', cell: (one) => one.version },
                    { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
                    { title: 'Made', cell: ({ createdAt }) => <Time at={createdAt} /> },
                  ]}
                />
              </Section>
            )}
            <Settings entityType="EVENT_SCHEMA" entityId={name} />
            <Section title="Audit trail">
              <AuditTrail type="EVENT_SCHEMA" id={name} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  )
}
