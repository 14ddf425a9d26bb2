import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { ChoiceField, Form, TextArea, TextField } from '../../parts/form.tsx'
import { Refusal } from '../../parts/page.tsx'
import { RowEditor } from '../../parts/row_editor.tsx'
import { choicesOf, numbersOf, useSchemas } from '../schemas/choices.ts'

type Meter = Schemas['UsageMeter']

/** What stands for a formula among the numbers that a meter can add up. */
const FORMULA = '='

/** The attribute that a computation reads, if it does nothing else. */
const attributeOf = (computation: string): string | undefined =>
  /^\{"var":"attributes\.([^"]+)"\}$/.exec(computation.replaceAll(' ', ''))?.[1]

/** What a meter adds up, as it is chosen: a number of its schema, or a formula. */
const chosenOf = ({ eventSchema }: Meter, computation: string): string => {
  const attribute = attributeOf(computation)
  return attribute !== undefined && numbersOf(eventSchema).includes(attribute) ? attribute : FORMULA
}

/** Creates a meter, or changes one. Of an active one only the texts can be changed. One without a schema counts usage that is sent as such. */
export const MeterForm = ({ meter, close }: { meter?: Meter; close: () => void }) => {
  const schemas = useSchemas()
  const counted = meter?.computations?.[0]
  const first = meter?.aggregation === 'SUM' ? (counted?.computation ?? '') : ''
  const [name, setName] = useState(meter?.name ?? '')
  const [billableName, setBillableName] = useState(meter?.billableName ?? '')
  const [description, setDescription] = useState(meter?.description ?? '')
  const [schemaName, setSchemaName] = useState(meter?.eventSchema?.name ?? '')
  const [aggregation, setAggregation] = useState<string>(meter?.aggregation ?? 'SUM')
  const [attribute, setAttribute] = useState(meter && first ? chosenOf(meter, first) : '')
  const [formula, setFormula] = useState(first)
  const [matcher, setMatcher] = useState(counted?.matcher ?? '')
  const [filters, setFilters] = useState<readonly { field: string; value: string }[]>(meter?.filters ?? [])
  const schema = schemas.data?.find((one) => one.name === schemaName)
  const isActive = meter?.status === 'ACTIVE'
  const isWithoutSchema = meter !== undefined && !schemaName
  /** What somebody else changes while the form is open is not overwritten. */
  const [tag] = useState(meter && tagOf(meter))
  const readComputations = () => {
    const value = attribute === FORMULA ? formula : attribute && JSON.stringify({ var: `attributes.${attribute}` })
    const computation = aggregation === 'SUM' ? value : matcher.trim() && '1'
    return computation ? [{ order: 1, ...counted, computation, matcher: matcher.trim() || undefined }] : []
  }
  const send = async (): Promise<void> => {
    const texts = {
      ...((meter || billableName) && { billableName }),
      ...(description !== (meter?.description ?? '') && { description }),
    }
    const computations = readComputations()
    const content = {
      name,
      aggregation: aggregation as Meter['aggregation'],
      filters: [...filters],
      ...((computations.length > 0 || counted) && { computations }),
      ...(schemaName && { eventSchemaName: schemaName }),
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
          {schemas.failure && <Refusal failure={schemas.failure} retry={schemas.reload} />}
          <div class="columns">
            <ChoiceField
              label="Event schema"
              value={schemaName}
              set={(chosen) => {
                setSchemaName(chosen)
                if (attribute !== FORMULA) setAttribute('')
                setFilters([])
              }}
              none={isWithoutSchema ? 'None' : 'Choose one'}
              isOptional={isWithoutSchema}
              of={choicesOf(
                (schemas.data ?? []).map((one) => one.name),
                schemaName,
              )}
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
                isOptional={isWithoutSchema}
                of={[...choicesOf(numbersOf(schema), attribute === FORMULA ? '' : attribute), [FORMULA, 'A formula'] as const]}
              />
            )}
          </div>
          {aggregation === 'SUM' && attribute === FORMULA && (
            <TextArea
              label="Formula in JSON Logic"
              path="computations[0].computation"
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
                  of={choicesOf(schema?.filterFields ?? [], row.field)}
                />
                <TextField label="is" value={row.value} set={(value) => change({ value })} />
              </>
            )}
          </RowEditor>
          <TextArea
            label="Only events for which this holds"
            path="computations[0].matcher"
            value={matcher}
            set={setMatcher}
            rows={2}
            isOptional
            hint='JSON Logic, such as {">":[{"var":"attributes.gigabytes"},1]}. Left empty: all events'
          />
        </>
      )}
    </Form>
  )
}
