import { useState } from 'preact/hooks'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { WEBHOOK_EVENTS } from '../../parts/document.ts'
import { CheckField, Form, TextField } from '../../parts/form.tsx'
import { useRights } from '../../parts/session.ts'
import { requireNumber } from '../../parts/typed.ts'

type Endpoint = Schemas['WebhookEndpoint']
type EventType = (typeof WEBHOOK_EVENTS)[number]

/** The secret that signs, which is shown this once. */
const SigningSecret = ({ secret, close }: { secret: string; close: () => void }) => (
  <div class="form">
    <p>Copy the secret now. The receiver checks the signature with it. It is shown this once.</p>
    <pre tabIndex={0} class="secret">
      {secret}
    </pre>
    <div class="form-actions">
      <button type="button" class="primary" onClick={close}>
        Done
      </button>
    </div>
  </div>
)

/** Makes an endpoint, or changes one. Only an administrator says where it is. */
export const EndpointForm = ({ endpoint, close }: { endpoint?: Endpoint; close: () => void }) => {
  const { administers } = useRights()
  const [url, setUrl] = useState(endpoint?.url ?? 'https://')
  const [description, setDescription] = useState(endpoint?.description ?? '')
  const [isAll, setAll] = useState(endpoint?.eventTypes === undefined)
  const [types, setTypes] = useState<readonly EventType[]>(endpoint?.eventTypes ?? [])
  const [secret, setSecret] = useState<string>()
  /** What somebody else changes while the form is open is not overwritten. */
  const [tag] = useState(endpoint && tagOf(endpoint))
  const send = async (): Promise<void> => {
    const eventTypes = isAll ? [] : [...types]
    if (endpoint) {
      const params = { path: { webhook_endpoint_id: endpoint.id }, header: { 'If-Match': tag } }
      const body = { ...(administers && { url }), description, eventTypes }
      await read(api.PATCH('/webhook_endpoints/{webhook_endpoint_id}', { params, body }))
      close()
      return
    }
    const body = { url, ...(description && { description }), ...(eventTypes.length && { eventTypes }) }
    setSecret((await read(api.POST('/webhook_endpoints', { body }))).secret)
  }
  if (secret !== undefined) return <SigningSecret secret={secret} close={close} />
  return (
    <Form action={endpoint ? 'Save' : 'Create endpoint'} send={send} cancel={close} isDisabled={!isAll && !types.length}>
      {(!endpoint || administers) && (
        <TextField label="Address" path="url" value={url} set={setUrl} hint="https, and open to the internet" />
      )}
      <TextField label="Description" path="description" value={description} set={setDescription} isOptional />
      <fieldset>
        <legend>It is sent</legend>
        <CheckField label="Everything that happens" value={isAll} set={setAll} />
        {!isAll && (
          <div class="columns">
            {WEBHOOK_EVENTS.map((type) => (
              <CheckField
                key={type}
                label={type}
                value={types.includes(type)}
                set={(isChosen) => setTypes(isChosen ? [...types, type] : types.filter((one) => one !== type))}
              />
            ))}
          </div>
        )}
      </fieldset>
    </Form>
  )
}

const SECONDS = 'Seconds for which the old secret signs too'

export const RotateForm = ({ endpoint, close }: { endpoint: Endpoint; close: () => void }) => {
  const [validFor, setValidFor] = useState('86400')
  const [secret, setSecret] = useState<string>()
  const send = async (): Promise<void> => {
    const body = { previousValidFor: requireNumber(validFor, SECONDS) }
    const params = { path: { webhook_endpoint_id: endpoint.id } }
    setSecret((await read(api.POST('/webhook_endpoints/{webhook_endpoint_id}/rotate', { params, body }))).secret)
  }
  if (secret !== undefined) return <SigningSecret secret={secret} close={close} />
  return (
    <Form action="Rotate" send={send} cancel={close}>
      <TextField label={SECONDS} path="previousValidFor" value={validFor} set={setValidFor} isNumber />
    </Form>
  )
}
