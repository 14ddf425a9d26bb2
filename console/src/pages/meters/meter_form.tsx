import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { ChoiceField, Form, TextArea, TextField } from '../../parts/form.tsx'
import { RowEditor } from '../../parts/row_editor.tsx'
import { useRead } from '../../parts/read.ts'

type Meter = Schemas['UsageMeter']

const readSchemas = async () => (await read(api.GET('/event_schema', { params: { query: { pageSize: 100 } } }))).data

/** The attribute that a computation reads, if it does nothing else. */
const attributeOf = (computation: string): string | undefined =>
  /^\{"var":"attributes\.([^"]+)"\}$/.exec(computation.replaceAll(' ', ''))?.[1]

/** Creates a meter, or changes one. Of an active one only the texts can be changed. */
export const MeterForm = ({ meter, close }: { meter?: Meter; close: () => void }) => {
  const schemas = useRead('schemas of the organization', readSchemas)
  const first = meter?.computations?.[0]?.computation ?? ''
  const [name, setName] = useState(meter?.name ?? '')
  const [billableName, setBillableName] = useState(meter?.billableName ?? '')
  const [description, setDescription] = useState(meter?.description ?? '')
  const [schemaName, setSchemaName] = useState(meter?.eventSchema?.name ?? '')
  const [aggregation, setAggregation] = useState<string>(meter?.aggregation ?? 'SUM')
  const [attribute, setAttribute] = useState(first ? (attributeOf(first) ?? '=') : '')
  const [formula, setFormula] = useState(first)
  const [filters, setFilters] = useState<readonly { field: string; value: string }[]>(meter?.filters ?? [])
  const schema = schemas.data?.find((one) => one.name === schemaName)
  const isActive = meter?.status === 'ACTIVE'
  const computation = attribute === '=' ? formula : JSON.stringify({ var: `attributes.${attribute}` })
  /** What somebody else changes while the form is open is not overwritten. */
  const [tag] = useState(meter && tagOf(meter))
  const send = async (): Promise<void> => {
    const texts = { ...(billableName && { billableName }), ...(description !== (meter?.description ?? '') && { description }) }
    const content = {
      name,
      aggregation: aggregation as Meter['aggregation'],
      filters: [...filters],
      ...(aggregation === 'SUM' && { computations: [{ computation, order: 1 }] }),
      eventSchemaName: schemaName,
    }
    if (meter) {
      const params = { path: { usage_meter_id: meter.id }, header: { 'If-Match': tag } }
      await read(api.PATCH('/usage_meters/{usage_meter_id}', { params, body: isActive ? texts : { ...texts, ...content } }))
      close()
      return
    }
    const { id } = await read(api.POST('/usage_meters', { body: { ...texts, ...content, type: 'COUNTER' } }))
    close()
    goTo(linkTo('meters', id))
  }
  return (
    <Form action={meter ? 'Save' : 'Create meter'} send={send} cancel={close}>
      <div class="columns">
        {!isActive && <TextField label="Name" value={name} set={setName} />}
        <TextField label="Name on invoices" value={billableName} set={setBillableName} isOptional />
      </div>
      <TextField label="Description" value={description} set={setDescription} isOptional />
      {isActive ? (
        <p class="muted">What an active meter counts cannot be changed. Deactivate it first.</p>
      ) : (
        <>
          <div class="columns">
            <ChoiceField
              label="Event schema"
              value={schemaName}
              set={setSchemaName}
              none="Choose one"
              of={(schemas.data ?? []).map((one) => [one.name, one.name] as const)}
            />
            <ChoiceField
              label="What it counts"
              value={aggregation}
              set={setAggregation}
              of={[
                ['SUM', 'The sum of a value of each event'],
                ['COUNT', 'The events'],
              ]}
            />
            {aggregation === 'SUM' && (
              <ChoiceField
                label="The value of an event"
                value={attribute}
                set={setAttribute}
                none="Choose one"
                of={[...(schema?.attributes ?? []).map((one) => [one.name, one.name] as const), ['=', 'A formula'] as const]}
              />
            )}
          </div>
          {aggregation === 'SUM' && attribute === '=' && (
            <TextArea
              label="Formula in JSON Logic"
              value={formula}
              set={setFormula}
              hint='Such as {"*":[{"var":"attributes.gigabytes"},{"var":"attributes.hours"}]}'
            />
          )}
          <RowEditor title="Only events in which" rows={filters} set={setFilters} empty={{ field: '', value: '' }} add="Add filter">
            {(row, change) => (
              <>
                <ChoiceField
                  label="Field"
                  value={row.field}
                  set={(field) => change({ field })}
                  none="Choose one"
                  of={(schema?.filterFields ?? []).map((one) => [one, one] as const)}
                />
                <TextField label="is" value={row.value} set={(value) => change({ value })} />
              </>
            )}
          </RowEditor>
        </>
      )}
    </Form>
  )
}
