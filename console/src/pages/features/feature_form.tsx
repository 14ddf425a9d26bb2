import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { ChoiceField, Form, TextField } from '../../parts/form.tsx'
import { Refusal } from '../../parts/page.tsx'
import { RowEditor } from '../../parts/row_editor.tsx'
import { choicesOf, numbersOf, useSchemas } from '../schemas/choices.ts'

type Feature = Schemas['Feature']

export const FeatureForm = ({ feature, close }: { feature?: Feature; close: () => void }) => {
  const schemas = useSchemas()
  const [name, setName] = useState(feature?.name ?? '')
  const [billableName, setBillableName] = useState(feature?.billableName ?? '')
  const [associations, setAssociations] = useState(feature?.schemaAssociations ?? [{ schemaName: '', attributeName: '' }])
  /** What somebody else changes while the form is open is not overwritten. */
  const [tag] = useState(feature && tagOf(feature))
  const send = async (): Promise<void> => {
    const body = { name, ...((feature || billableName) && { billableName }), schemaAssociations: associations }
    if (feature) {
      const params = { path: { feature_id: feature.id }, header: { 'If-Match': tag } }
      await read(api.PATCH('/features/{feature_id}', { params, body }))
      close()
      return
    }
    const { id } = await read(api.POST('/features', { body }))
    close()
    goTo(linkTo('features', id))
  }
  return (
    <Form action={feature ? 'Save' : 'Create feature'} send={send} cancel={close}>
      <TextField label="Name" value={name} set={setName} />
      <TextField label="Name on invoices" value={billableName} set={setBillableName} isOptional />
      {schemas.failure && <Refusal failure={schemas.failure} retry={schemas.reload} />}
      <RowEditor
        title="Events that take credits of it"
        rows={associations}
        set={(rows) => setAssociations([...rows])}
        empty={{ schemaName: '', attributeName: '' }}
        add="Add schema"
      >
        {({ schemaName, attributeName }, change) => (
          <>
            <ChoiceField
              label="Event schema"
              value={schemaName}
              set={(chosen) => change({ schemaName: chosen, attributeName: '' })}
              none="Choose one"
              of={choicesOf(
                (schemas.data ?? []).map((one) => one.name),
                schemaName,
              )}
            />
            <ChoiceField
              label="As many as its"
              value={attributeName}
              set={(chosen) => change({ attributeName: chosen })}
              none="Choose one"
              of={choicesOf(numbersOf(schemas.data?.find((one) => one.name === schemaName)), attributeName)}
            />
          </>
        )}
      </RowEditor>
    </Form>
  )
}
