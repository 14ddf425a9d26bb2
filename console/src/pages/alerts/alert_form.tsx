import { useState } from 'preact/hooks'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { ChoiceField, Form, TextField } from '../../parts/form.tsx'
import { wordsOf } from '../../parts/format.ts'
import { Refusal, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { requireNumber } from '../../parts/typed.ts'
import { useBillables } from '../plans/names.ts'
import { type TemplateField, fieldsOf, useTemplates, valuesOf } from './templates.ts'

type Alert = Schemas['Alert']
type Values = Readonly<Record<string, string>>

const keyOf = ({ part, group, name }: TemplateField): string => `${part}.${group}.${name}`

const labelOf = ({ group, name }: TemplateField): string =>
  name === 'value' || name === 'id' ? wordsOf(group.replaceAll(/([a-z])([A-Z])/g, '$1_$2')) : wordsOf(name)

/** The maps of an alert from what was typed. What is optional and was left empty is left out. */
const mapsOf = (fields: readonly TemplateField[], values: Values) => {
  const maps: Record<string, Record<string, Record<string, unknown>>> = {}
  for (const field of fields) {
    const typed = values[keyOf(field)] ?? ''
    if (!typed && !field.isRequired) continue
    const map = (maps[field.part] ??= {})
    const group = (map[field.group] ??= {})
    group[field.name] = field.isNumber ? requireNumber(typed, labelOf(field)) : typed
  }
  return maps as Pick<Schemas['CreateAlertRequest'], 'entityDetails' | 'ownerDetails' | 'parameters'>
}

const TemplateInput = ({ field, value, set }: { field: TemplateField; value: string; set: (value: string) => void }) => {
  const { all } = useBillables()
  const label = labelOf(field)
  const kind = field.group === 'usageMeter' ? 'METER' : field.group === 'feature' ? 'FEATURE' : undefined
  if (kind)
    return (
      <ChoiceField
        label={label}
        path={keyOf(field)}
        hint={field.hint}
        value={value}
        set={set}
        none="Choose one"
        of={all.filter((one) => one.kind === kind).map((one) => [one.id, one.name] as const)}
      />
    )
  return (
    <TextField
      label={label}
      path={keyOf(field)}
      hint={field.hint}
      value={value}
      set={set}
      isNumber={field.isNumber}
      isOptional={!field.isRequired}
    />
  )
}

/** Changes an alert, as it is when the form is opened. */
export const EditAlert = ({ id, close }: { id: string; close: () => void }) => {
  /** What was read before may be old. */
  const [opening] = useState(() => crypto.randomUUID())
  const reading = useRead(`alert ${id} ${opening}`, () => read(api.GET('/alerts/{alert_id}', { params: { path: { alert_id: id } } })))
  return <Shown reading={reading}>{(alert) => <AlertForm alert={alert} close={close} />}</Shown>
}

/** Makes an alert of a template, or changes one: what it watches stays. */
export const AlertForm = ({ alert, close }: { alert?: Alert; close: () => void }) => {
  const templates = useTemplates()
  const [templateId, setTemplateId] = useState(alert?.alertTemplateId ?? '')
  const [description, setDescription] = useState(alert?.description ?? '')
  const [interval, setInterval] = useState(String(alert?.interval ?? 30))
  const [validity, setValidity] = useState(String(alert?.validity ?? ''))
  const [values, setValues] = useState<Values>(alert ? valuesOf(alert) : {})
  /** What somebody else changes while the form is open is not overwritten. */
  const [tag] = useState(alert && tagOf(alert))
  const template = templates.data?.find(({ id }) => id === templateId)
  const fields = template ? fieldsOf(template).filter(({ part }) => !alert || part === 'parameters') : []
  const send = () => {
    const maps = mapsOf(fields, values)
    const common = { interval: requireNumber(interval, 'Minutes between checks') }
    const valid = validity ? requireNumber(validity, 'Valid for minutes') : undefined
    if (!alert) {
      const more = { ...(description && { description }), ...(valid !== undefined && { validity: valid }) }
      return read(api.POST('/alerts', { body: { alertTemplateId: templateId, status: 'ACTIVE', ...common, ...more, ...maps } }))
    }
    const params = { path: { alert_id: alert.id }, header: { 'If-Match': tag } }
    const body = { ...common, description, validity: valid ?? null, parameters: maps.parameters ?? {} }
    return read(api.PATCH('/alerts/{alert_id}', { params, body }))
  }
  return (
    <Form action={alert ? 'Save' : 'Create alert'} send={send} done={close} cancel={close} isDisabled={!template}>
      {templates.failure && <Refusal failure={templates.failure} retry={templates.reload} />}
      {!alert && (
        <ChoiceField
          label="What it watches"
          path="alertTemplateId"
          value={templateId}
          set={setTemplateId}
          none="Choose one"
          hint={template?.description}
          of={(templates.data ?? []).map(({ id, name }) => [id, name] as const)}
        />
      )}
      {fields.map((field) => (
        <TemplateInput
          key={keyOf(field)}
          field={field}
          value={values[keyOf(field)] ?? ''}
          set={(value) => setValues({ ...values, [keyOf(field)]: value })}
        />
      ))}
      <TextField label="Description" path="description" value={description} set={setDescription} isOptional />
      <div class="columns">
        <TextField label="Minutes between checks" path="interval" value={interval} set={setInterval} isNumber />
        <TextField
          label="Valid for minutes"
          path="validity"
          value={validity}
          set={setValidity}
          isNumber
          isOptional
          hint="Since it was made. Left empty: without end"
        />
      </div>
    </Form>
  )
}
