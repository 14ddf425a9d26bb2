import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { Failure } from '../../parts/failure.ts'
import { Form, TextArea, TextField } from '../../parts/form.tsx'
import { RowEditor } from '../../parts/row_editor.tsx'

type Schema = Schemas['EventSchema']

const ENRICHMENTS = 'JSON with dependencies (settings) and fields. Each field is computed by JSON Logic, or is a value.'

const parseEnrichments = (typed: string): Schema['enrichments'] | undefined => {
  if (!typed.trim()) return undefined
  try {
    return JSON.parse(typed) as Schema['enrichments']
  } catch (error) {
    throw new Failure(400, `Enrichments: this is not JSON. ${(error as Error).message}`)
  }
}

/** What a schema that was published has, and what was typed has not: the API would leave it as it is, and add what has another name. */
const refuseMissing = (what: string, published: readonly string[], typed: readonly string[]): void => {
  const missing = published.filter((name) => !typed.includes(name))
  if (missing.length)
    throw new Failure(400, `${what}: ${missing.join(', ')} has been published, and can be neither removed nor called otherwise.`)
}

const namesOf = (fields: readonly { name: string }[]): string[] => fields.map(({ name }) => name)

/** Creates a schema, or changes one: a published one only gets more fields. */
export const SchemaForm = ({ schema: shown, close }: { schema?: Schema; close: () => void }) => {
  /** What the form was opened with. What somebody else changes meanwhile is not overwritten. */
  const [schema] = useState(shown)
  const [name, setName] = useState(schema?.name ?? '')
  const [description, setDescription] = useState(schema?.description ?? '')
  const [attributes, setAttributes] = useState<readonly { name: string; defaultUnit: string }[]>(
    schema?.attributes.map((one) => ({ name: one.name, defaultUnit: one.defaultUnit ?? '' })) ?? [{ name: '', defaultUnit: '' }],
  )
  const [dimensions, setDimensions] = useState<readonly { name: string; isFilter: boolean }[]>(
    schema?.dimensions.map((one) => ({ name: one.name, isFilter: schema.filterFields?.includes(one.name) ?? false })) ?? [],
  )
  const [template, setTemplate] = useState(schema?.eventIdTemplate ?? '')
  const isPublished = schema !== undefined && schema.status !== 'DRAFT'
  const [enrichments, setEnrichments] = useState(schema?.enrichments ? JSON.stringify(schema.enrichments, null, 2) : '')
  const send = async (): Promise<void> => {
    const enriched = parseEnrichments(enrichments) ?? (schema?.enrichments && { fields: [] })
    /** Attributes and added fields can be filtered by too, which is not typed here. */
    const others = new Set([...namesOf(attributes), ...namesOf(enriched?.fields ?? [])])
    const filterFields = [
      ...(schema?.filterFields ?? []).filter((one) => others.has(one)),
      ...namesOf(dimensions.filter(({ isFilter }) => isFilter)),
    ]
    if (isPublished) {
      refuseMissing('Attributes', namesOf(schema.attributes), namesOf(attributes))
      refuseMissing('Dimensions', namesOf(schema.dimensions), namesOf(dimensions))
      refuseMissing('What meters can filter by', schema.filterFields ?? [], filterFields)
      refuseMissing('Enrichments', namesOf(schema.enrichments?.fields ?? []), namesOf(enriched?.fields ?? []))
    }
    const content = {
      ...(description !== (schema?.description ?? '') && { description }),
      attributes: attributes.map((one) => ({ name: one.name, ...(one.defaultUnit && { defaultUnit: one.defaultUnit }) })),
      dimensions: dimensions.map((one) => ({ name: one.name })),
      filterFields,
      ...(template && { eventIdTemplate: template }),
      ...(enriched && { enrichments: enriched }),
    }
    if (schema) {
      const params = { path: { event_schema_name: schema.name }, header: { 'If-Match': tagOf(schema) } }
      await read(api.PATCH('/event_schema/{event_schema_name}', { params, body: content }))
    } else await read(api.POST('/event_schema', { body: { name, ...content } }))
    close()
    if (!schema) goTo(linkTo('schemas', name))
  }
  return (
    <Form action={schema ? 'Save' : 'Create schema'} send={send} cancel={close}>
      {!schema && <TextField label="Name" value={name} set={setName} hint="Events name it as their schemaName." />}
      <TextField label="Description" value={description} set={setDescription} isOptional />
      <RowEditor
        title="Attributes, which are numbers"
        rows={attributes}
        set={setAttributes}
        empty={{ name: '', defaultUnit: '' }}
        add="Add attribute"
      >
        {(row, change) => (
          <>
            <TextField label="Name" value={row.name} set={(typed) => change({ name: typed })} />
            <TextField label="Unit" value={row.defaultUnit} set={(defaultUnit) => change({ defaultUnit })} isOptional />
          </>
        )}
      </RowEditor>
      <RowEditor
        title="Dimensions, which are texts"
        rows={dimensions}
        set={setDimensions}
        empty={{ name: '', isFilter: true }}
        add="Add dimension"
      >
        {(row, change) => (
          <>
            <TextField label="Name" value={row.name} set={(typed) => change({ name: typed })} />
            <label class="check">
              <input type="checkbox" checked={row.isFilter} onChange={(event) => change({ isFilter: event.currentTarget.checked })} />
              Meters can filter by it
            </label>
          </>
        )}
      </RowEditor>
      <TextField
        label="Template of event ids"
        value={template}
        set={setTemplate}
        isOptional={!schema?.eventIdTemplate}
        hint="For events that come without an id, such as ${accountId}-${timestamp}."
      />
      <TextArea label="Enrichments" value={enrichments} set={setEnrichments} isOptional hint={ENRICHMENTS} rows={3} />
    </Form>
  )
}
