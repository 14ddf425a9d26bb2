import { useState } from 'preact/hooks'
import { goTo, linkTo, useParameters } from '../../parts/address.ts'
import { EventBadge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceField, TextField } from '../../parts/form.tsx'
import { quantity } from '../../parts/format.ts'
import { useOrganization } from '../../parts/organization.ts'
import { Page, Refusal, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { TrialForm } from '../../parts/trial_form.tsx'
import { isInstant, requireInstant } from '../../parts/typed.ts'

type Event = Schemas['Event']

const TIME = 'Time (UTC)'

interface Processed {
  id?: string
  status: string
  usageMeters?: { id: string; name: string; units?: number | string }[]
}

const readSchemas = () =>
  readAll((nextToken) => read(api.GET('/event_schema', { params: { query: { status: 'ACTIVE', pageSize: 100, nextToken } } })))

/** The event as a command for a shell, with a place for the token. */
const commandOf = (event: Event): string =>
  `curl ${location.origin}/ingest \\\n  -H "Authorization: Bearer $TOKEN" \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify({ event }).replaceAll("'", String.raw`'\''`)}'`

const Outcome = ({ processed }: { processed: Processed }) => (
  <>
    <EventBadge status={processed.status} />
    <ul>
      {processed.usageMeters?.map(({ id, name, units }) => (
        <li key={id}>
          {name}: <strong>{units === undefined ? 'filtered out' : quantity(units)}</strong>
        </li>
      ))}
    </ul>
  </>
)

const SendForm = ({ now }: { now: string }) => {
  const { get } = useParameters()
  const schemas = useRead('active schemas', readSchemas)
  const [schemaName, setSchemaName] = useState(get('schema') ?? '')
  const [account, setAccount] = useState(get('account') ?? '')
  const [id, setId] = useState(() => `console-${crypto.randomUUID().slice(0, 8)}`)
  const [at, setAt] = useState(now.slice(0, 16))
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const schema = schemas.data?.find(({ name }) => name === schemaName)
  const put = (name: string, value: string): void => setValues({ ...values, [name]: value })
  const eventAt = (timestamp: string): Event => ({
    id,
    schemaName,
    accountId: account.trim(),
    timestamp,
    attributes: (schema?.attributes ?? []).map(({ name }) => ({ name, value: values[`attribute ${name}`] ?? '' })),
    dimensions: Object.fromEntries((schema?.dimensions ?? []).map(({ name }) => [name, values[`dimension ${name}`] ?? ''])),
  })
  const attempt = async (isTry: boolean): Promise<Processed> => {
    const query = isTry ? { dry_run: true } : {}
    const event = eventAt(requireInstant(at, TIME))
    const { details } = await read(api.POST('/ingest', { params: { query }, body: { event } }))
    return (details as { events?: Processed[] } | undefined)?.events?.[0] ?? { status: 'INGESTION_IN_PROGRESS' }
  }
  return (
    <>
      <div class="card narrow-card">
        {schemas.failure && <Refusal failure={schemas.failure} retry={schemas.reload} />}
        <TrialForm
          action="Send event"
          typed={[schemaName, account, id, at, values]}
          attempt={attempt}
          done={() => goTo(linkTo('events', id))}
          shows={(processed) => <Outcome processed={processed} />}
        >
          <div class="columns">
            <ChoiceField
              label="Event schema"
              value={schemaName}
              set={setSchemaName}
              none="Choose one"
              of={(schemas.data ?? []).map(({ name }) => [name, name] as const)}
            />
            <TextField label="Account" value={account} set={setAccount} hint="Its id or an alias" />
            <TextField label="Event id" value={id} set={setId} hint="It is counted once." />
            <TextField label={TIME} type="datetime-local" value={at} set={setAt} />
          </div>
          {schema && (
            <div class="columns">
              {schema.attributes.map(({ name, defaultUnit }) => (
                <TextField
                  key={name}
                  label={name}
                  hint={defaultUnit}
                  value={values[`attribute ${name}`] ?? ''}
                  set={(value) => put(`attribute ${name}`, value)}
                  isNumber
                />
              ))}
              {schema.dimensions.map(({ name }) => (
                <TextField
                  key={name}
                  label={name}
                  value={values[`dimension ${name}`] ?? ''}
                  set={(value) => put(`dimension ${name}`, value)}
                />
              ))}
            </div>
          )}
        </TrialForm>
      </div>
      {schema && (
        <Section title="As a command">
          <pre tabIndex={0}>{commandOf(eventAt(isInstant(at) ? requireInstant(at, TIME) : at))}</pre>
        </Section>
      )}
    </>
  )
}

/** Sends one event by hand. How it would be processed is shown first. */
export const SendEvent = () => {
  const organization = useOrganization()
  return (
    <Page title="Send an event" above={<a href={linkTo('events')}>Events</a>}>
      <Shown reading={organization}>{({ now }) => <SendForm now={now} />}</Shown>
    </Page>
  )
}
