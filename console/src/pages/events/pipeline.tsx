import type { ComponentChildren } from 'preact'
import { linkTo } from '../../parts/address.ts'
import { money, quantity } from '../../parts/format.ts'
import { Day } from '../../parts/time.tsx'
import type { TracedEvent } from './event.tsx'

type Tone = 'good' | 'bad' | 'calm'

const Stage = ({ title, tone, children }: { title: string; tone: Tone; children: ComponentChildren }) => (
  <li class={`stage ${tone}`}>
    <h3>
      <span aria-hidden="true">{tone === 'good' ? '✓' : tone === 'bad' ? '✕' : '○'}</span> {title}
      <span class="hidden">{tone === 'good' ? ', passed' : tone === 'bad' ? ', here it ended' : ', not reached'}</span>
    </h3>
    <div>{children}</div>
  </li>
)

/** At which stage an event ended, by its status. */
const ENDS: Readonly<Record<string, string>> = {
  INGESTION_FAILED_NO_EVENT_ID: 'arrival',
  INGESTION_FAILED_DUPLICATE_EVENT: 'arrival',
  INGESTION_FAILED_SCHEMA_NOT_DEFINED: 'schema',
  INGESTION_FAILED: 'schema',
  INGESTION_FAILED_ENRICHMENT_FAILED: 'schema',
  INGESTION_FAILED_ACCOUNT_NOT_FOUND: 'account',
  INGESTION_FAILED_UNITS_INVALID: 'meters',
  INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT: 'meters',
  INGESTION_FAILED_INSUFFICIENT_CREDITS: 'meters',
  INGESTION_COMPLETED_NO_MATCHING_METERS: 'meters',
  INGESTION_FAILED_PAST_GRACE_PERIOD: 'plan',
}

/** What became of an event, stage by stage: from its arrival to its price. */
export const Pipeline = ({ event }: { event: TracedEvent }) => {
  const { eventPayload, ingestionStatus, eventPipelineInfo: info } = event
  const { eventSchema, usageMeters = [], pricePlans = [], account, customer, featureDetails, revenueDetails, enrichments } = info
  const end = ENDS[ingestionStatus.status]
  const toneOf = (stage: string, isReached: boolean): Tone => (stage === end ? 'bad' : isReached ? 'good' : 'calm')
  const enriched = [...(enrichments?.attributes ?? []), ...(enrichments?.dimensions ?? [])].length
  return (
    <ol class="pipeline">
      <Stage title="Arrival" tone={toneOf('arrival', true)}>
        <code>{eventPayload.id ?? 'without an id'}</code>
      </Stage>
      <Stage title="Schema" tone={toneOf('schema', eventSchema !== undefined)}>
        {eventSchema ? <a href={linkTo('schemas', eventSchema.name)}>{eventSchema.name}</a> : eventPayload.schemaName}
        {eventSchema && (
          <p class="muted">
            Version {eventSchema.version}
            {enriched > 0 && `, ${enriched} fields added`}
          </p>
        )}
      </Stage>
      <Stage title="Account" tone={toneOf('account', account !== undefined)}>
        {account ? <a href={linkTo('accounts', account.id)}>{account.name}</a> : eventPayload.accountId}
        {account?.alias && <p class="muted">by its alias {account.alias}</p>}
        {customer && <p class="muted">of {customer.name}</p>}
      </Stage>
      <Stage title={usageMeters.length === 1 ? '1 meter' : `${usageMeters.length} meters`} tone={toneOf('meters', usageMeters.length > 0)}>
        <ul>
          {usageMeters.map(({ id, name, status, units }) => (
            <li key={id}>
              <a href={linkTo('meters', id)}>{name}</a>{' '}
              {status === 'PROCESSED_FILTERED_OUT' ? <span class="muted">filtered out</span> : <strong>{quantity(units ?? 0)}</strong>}
            </li>
          ))}
        </ul>
        {featureDetails && (
          <p class="muted">
            Feature <a href={linkTo('features', featureDetails.featureId)}>{featureDetails.mappedAttribute}</a>
            {featureDetails.overageInEvent !== undefined && `, ${quantity(featureDetails.overageInEvent)} beyond its credits`}
          </p>
        )}
      </Stage>
      <Stage title="Price plan" tone={toneOf('plan', pricePlans.length > 0)}>
        {pricePlans.map(({ id, name, scheduleId, cycleStart, cycleEnd }) => (
          <div key={scheduleId}>
            <a href={linkTo('plans', id)}>{name}</a>
            <p class="muted">
              Cycle <Day at={cycleStart} /> – <Day at={cycleEnd} />
            </p>
          </div>
        ))}
        {!pricePlans.length && <span class="muted">{account ? 'None at that time' : '–'}</span>}
      </Stage>
      <Stage title="Price" tone={revenueDetails?.length ? 'good' : 'calm'}>
        {revenueDetails?.map(({ usageMeterId, revenueInvoiceCurrency }) => (
          <p key={usageMeterId}>{money(revenueInvoiceCurrency, info.invoiceCurrency)}</p>
        ))}
        {!revenueDetails?.length && <span class="muted">{pricePlans.length ? 'With its cycle, on the invoice' : '–'}</span>}
      </Stage>
    </ol>
  )
}
