import { useState } from 'preact/hooks'
import { type Schemas, api, read } from './client.ts'
import { ChoiceField, DialogButton, Form, TextArea, TextField } from './form.tsx'
import { Empty, Section, Shown } from './page.tsx'
import { useRead } from './read.ts'
import { readAll } from './read_all.ts'
import { useRights } from './session.ts'
import { Table } from './table.tsx'

type Setting = Schemas['Setting']
type Entity = Pick<Setting, 'entityType' | 'entityId'>

const TYPES = ['STRING', 'NUMERIC', 'JSON', 'JSON_LOGIC'] as const

const SettingForm = ({ entity, setting, close }: { entity: Entity; setting?: Setting; close: () => void }) => {
  const [id, setId] = useState('')
  const [name, setName] = useState(setting?.name ?? '')
  const [namespace, setNamespace] = useState('USER')
  const [dataType, setDataType] = useState<string>(setting?.dataType ?? 'STRING')
  const [value, setValue] = useState(setting?.value ?? '')
  const send = (): Promise<unknown> => {
    const content = { name, value, dataType: dataType as Setting['dataType'] }
    if (!setting) return read(api.POST('/settings', { body: { ...entity, ...content, id, namespace } }))
    const path = { setting_id_str: `setting.${setting.namespace}.${setting.id}.${setting.entityType}.${setting.entityId}` }
    return read(api.PATCH('/settings/{setting_id_str}', { params: { path }, body: content }))
  }
  return (
    <Form action={setting ? 'Save' : 'Add setting'} send={send} done={close} cancel={close}>
      {!setting && (
        <div class="columns">
          <TextField label="Id" value={id} set={setId} />
          <TextField label="Namespace" value={namespace} set={setNamespace} hint="USER, or SYSTEM for what means something here" />
        </div>
      )}
      <TextField label="Name" value={name} set={setName} />
      <ChoiceField label="Type" value={dataType} set={setDataType} of={TYPES} />
      <TextArea label="Value" value={value} set={setValue} />
    </Form>
  )
}

/** The settings of an entity, which enrich its events and its prices. */
export const Settings = ({ entityType, entityId, id }: Entity & { id?: string }) => {
  const { writes } = useRights()
  const query = { entity_type: entityType, entity_id: entityId, pageSize: 100 }
  const reading = useRead(`settings ${entityType} ${entityId}`, () =>
    readAll((nextToken) => read(api.GET('/settings', { params: { query: { ...query, nextToken } } }))),
  )
  const entity = { entityType, entityId }
  return (
    <Section
      title="Settings"
      id={id}
      actions={writes && <DialogButton label="Add setting">{(close) => <SettingForm entity={entity} close={close} />}</DialogButton>}
    >
      <Shown reading={reading}>
        {(settings) => (
          <Table
            label="Settings"
            rows={settings}
            keyOf={(setting) => `${setting.namespace}.${setting.id}`}
            empty={<Empty title="There are no settings." />}
            columns={[
              { title: 'Name', cell: ({ name }) => name },
              { title: 'Id', cell: (setting) => <code>{`${setting.namespace}.${setting.id}`}</code>, isMinor: true },
              { title: 'Value', cell: ({ value }) => <code>{value}</code> },
              ...(writes
                ? [
                    {
                      title: '',
                      cell: (setting: Setting) => (
                        <DialogButton label="Change" title={setting.name} tone="quiet">
                          {(close) => <SettingForm entity={entity} setting={setting} close={close} />}
                        </DialogButton>
                      ),
                    },
                  ]
                : []),
            ]}
          />
        )}
      </Shown>
    </Section>
  )
}
