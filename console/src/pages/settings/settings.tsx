import { linkTo, useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { SETTING_ENTITIES } from '../../parts/document.ts'
import { ChoiceFilter, Filters } from '../../parts/filters.tsx'
import { wordsOf } from '../../parts/format.ts'
import { useOrganization } from '../../parts/organization.ts'
import { Empty, Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { Settings as SettingsOf } from '../../parts/settings.tsx'
import { Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'

type Setting = Schemas['Setting']

const PAGES: Readonly<Record<string, string>> = {
  CUSTOMER: 'customers',
  ACCOUNT: 'accounts',
  INVOICE_GROUP: 'groups',
  EVENT_SCHEMA: 'schemas',
  USAGE_METER: 'meters',
  FEATURE: 'features',
  PRICE_PLAN: 'plans',
}

const Owner = ({ entityType, entityId }: Setting) => {
  const page = PAGES[entityType]
  return (
    <>
      {wordsOf(entityType)} {page ? <a href={linkTo(page, entityId)}>{entityId}</a> : <code>{entityId}</code>}
    </>
  )
}

const All = () => {
  const { get } = useParameters()
  const query = { entity_type: get('of') as Setting['entityType'] | undefined, nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`all settings ${JSON.stringify(query)}`, () => read(api.GET('/settings', { params: { query } })))
  return (
    <Section title="Settings of everything">
      <Filters>
        <ChoiceFilter name="of" label="Of" of={SETTING_ENTITIES} />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="All settings"
              rows={data}
              keyOf={({ entityType, entityId, namespace, id }) => [entityType, entityId, namespace, id].join()}
              empty={<Empty title="There are no settings." />}
              columns={[
                { title: 'Of', cell: (setting) => <Owner {...setting} /> },
                { title: 'Setting', cell: ({ namespace, id }) => <code>{`${namespace}.${id}`}</code> },
                { title: 'Value', cell: ({ value }) => <code>{value}</code> },
              ]}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Section>
  )
}

export const Settings = () => {
  const organization = useOrganization()
  return (
    <Page title="Settings">
      <Shown reading={organization}>
        {({ id, name, baseCurrency, createdAt, now, testClock }) => (
          <>
            <Facts
              of={[
                ['Organization', name],
                ['Base currency', baseCurrency],
                ['Created', <Time at={createdAt} />],
                [testClock === 'SET' ? 'Test clock' : 'Time', <Time at={now} />],
                ['Id', <code>{id}</code>],
              ]}
            />
            <p class="muted lead">
              Settings of the namespace SYSTEM that mean something here: of the organization <code>exchange_rates</code>,{' '}
              <code>auto_advance_invoice</code> and <code>business_details</code>; of customers, accounts and invoice groups{' '}
              <code>tax_id</code>; of an event schema <code>event_level_revenue</code>. Formulas of schemas and meters read the others.
            </p>
            <SettingsOf entityType="ORGANIZATION" entityId={id} />
            <All />
          </>
        )}
      </Shown>
    </Page>
  )
}
