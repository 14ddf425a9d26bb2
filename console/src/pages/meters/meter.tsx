import { goTo, linkTo } from '../../parts/address.ts'
import { AuditTrail } from '../../parts/audit_trail.tsx'
import { Badge } from '../../parts/badge.tsx'
import { Chart } from '../../parts/chart.tsx'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { quantity, sumOf } from '../../parts/format.ts'
import { useOrganization } from '../../parts/organization.ts'
import { Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Settings } from '../../parts/settings.tsx'
import { AskButton } from '../../parts/status_button.tsx'
import { Time } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { useMetrics } from '../overview/metrics.ts'
import { rangeOf } from '../overview/range.ts'
import { MeterForm } from './meter_form.tsx'

type Meter = Schemas['UsageMeter']

const Actions = ({ meter }: { meter: Meter }) => {
  const params = { path: { usage_meter_id: meter.id } }
  if (meter.status === 'ARCHIVED') return null
  return (
    <>
      {meter.status === 'ACTIVE' ? (
        <AskButton
          label="Deactivate"
          title={`Deactivate ${meter.displayName}?`}
          send={() => read(api.POST('/usage_meters/{usage_meter_id}/deactivate', { params }))}
          isDangerous
        >
          It counts no more events. What it has counted stays.
        </AskButton>
      ) : (
        <AskButton
          label="Activate"
          title={`Activate ${meter.displayName}?`}
          tone="primary"
          send={() => read(api.POST('/usage_meters/{usage_meter_id}/activate', { params }))}
        >
          It counts the events that come from now on.
        </AskButton>
      )}
      <DialogButton label="Edit" title={`Edit ${meter.displayName}`} isWide>
        {(close) => <MeterForm meter={meter} close={close} />}
      </DialogButton>
      {meter.status !== 'ACTIVE' && (
        <AskButton
          label="Archive"
          title={`Archive ${meter.displayName}?`}
          tone="quiet"
          send={() => read(api.DELETE('/usage_meters/{usage_meter_id}', { params: { ...params, header: { 'If-Match': tagOf(meter) } } }))}
          done={() => goTo(linkTo('meters'))}
          isDangerous
        >
          It cannot be activated again, and its name stays taken.
        </AskButton>
      )}
    </>
  )
}

const Usage = ({ meter, now }: { meter: Meter; now: string }) => {
  const range = rangeOf('30', Date.parse(now), undefined, [undefined, undefined])
  const filters = [{ fieldName: 'USAGE_METER_ID', fieldValues: [meter.id] }]
  const reading = useMetrics(range, [{ name: 'METER_USAGE', aggregationPeriod: 'DAY', filters }])
  return (
    <Section title="Last 30 days" note={reading.data && quantity(sumOf(reading.data[0]?.[0]?.metricValues ?? []))}>
      <Shown reading={reading}>
        {([series]) => (
          <div class="card">
            <Chart
              label={`${meter.displayName} in the last 30 days`}
              timestamps={series?.[0]?.timestamps ?? []}
              period="DAY"
              kind="bars"
              show={quantity}
              series={[{ name: meter.displayName, values: series?.[0]?.metricValues ?? [], colour: 'four' }]}
            />
          </div>
        )}
      </Shown>
    </Section>
  )
}

export const MeterPage = ({ names: { id = '' } }: { names: Names }) => {
  const { writes } = useRights()
  const organization = useOrganization()
  const reading = useRead(`meter ${id}`, () =>
    read(api.GET('/usage_meters/{usage_meter_id}', { params: { path: { usage_meter_id: id }, query: { includeSchema: true } } })),
  )
  const meter = reading.data
  return (
    <Page
      title={meter?.displayName ?? 'Usage meter'}
      above={
        <>
          <a href={linkTo('meters')}>Usage meters</a> · <code>{id}</code>
        </>
      }
      beside={meter && <Badge of={meter.status} />}
      actions={writes && meter && <Actions meter={meter} />}
    >
      <Shown reading={reading}>
        {({ name, description, aggregation, eventSchema, filters = [], computations = [], lastActivatedAt }) => (
          <>
            {description && <p class="lead">{description}</p>}
            <Facts
              of={[
                ['Name', <code>{name}</code>],
                ['Event schema', eventSchema && <a href={linkTo('schemas', eventSchema.name)}>{eventSchema.name}</a>],
                ['Counts', aggregation === 'COUNT' ? 'events' : 'the sum of a value'],
                ['Activated', lastActivatedAt && <Time at={lastActivatedAt} />],
                [
                  'Only events in which',
                  filters.length > 0 &&
                    filters.map(({ field, value }) => (
                      <div key={field + value}>
                        {field} is {value}
                      </div>
                    )),
                ],
                [
                  'The value of an event',
                  computations.length > 0 &&
                    computations.map(({ order, matcher, computation }) => (
                      <div key={order}>
                        <code>{computation}</code>
                        {matcher && (
                          <>
                            {' '}
                            if <code>{matcher}</code>
                          </>
                        )}
                      </div>
                    )),
                ],
              ]}
            />
            {meter && organization.data && <Usage meter={meter} now={organization.data.now} />}
            <Settings entityType="USAGE_METER" entityId={id} />
            <Section title="Audit trail">
              <AuditTrail type="USAGE_METER" id={id} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  )
}
