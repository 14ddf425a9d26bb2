import { useState } from 'preact/hooks'
import { useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { ChoiceFilter, Filters, SearchFilter } from '../../parts/filters.tsx'
import { ChoiceField, DialogButton, Form, TextField } from '../../parts/form.tsx'
import { wordsOf } from '../../parts/format.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { AskButton } from '../../parts/status_button.tsx'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'

type AddOn = Schemas['AddOn']

const TYPES = ['FIXED_FEE', 'LICENSE', 'NAMED_LICENSE', 'CREDIT_GRANT'] as const

const AddOnForm = ({ addOn, close }: { addOn?: AddOn; close: () => void }) => {
  const [name, setName] = useState(addOn?.name ?? '')
  const [billableName, setBillableName] = useState(addOn?.billableName ?? '')
  const [type, setType] = useState<string>('FIXED_FEE')
  /** What somebody else changes while the form is open is not overwritten. */
  const [tag] = useState(addOn && tagOf(addOn))
  const send = () => {
    if (addOn) {
      const params = { path: { addon_id: addOn.id }, header: { 'If-Match': tag } }
      return read(api.PATCH('/addons/{addon_id}', { params, body: { name, billableName } }))
    }
    return read(api.POST('/addons', { body: { name, ...(billableName && { billableName }), type: type as AddOn['type'] } }))
  }
  return (
    <Form action={addOn ? 'Save' : 'Create add-on'} send={send} done={close} cancel={close}>
      <TextField label="Name" value={name} set={setName} />
      <TextField label="Name on invoices" value={billableName} set={setBillableName} isOptional />
      {!addOn && <ChoiceField label="Kind" value={type} set={setType} of={TYPES} hint="It cannot be changed." />}
    </Form>
  )
}

/** Changes an add-on, as it is when the form is opened. */
const EditAddOn = ({ id, close }: { id: string; close: () => void }) => {
  /** What was read before may be old. */
  const [opening] = useState(() => crypto.randomUUID())
  const reading = useRead(`add-on ${id} ${opening}`, () => read(api.GET('/addons/{addon_id}', { params: { path: { addon_id: id } } })))
  return <Shown reading={reading}>{(addOn) => <AddOnForm addOn={addOn} close={close} />}</Shown>
}

const RowActions = ({ addOn }: { addOn: AddOn }) => (
  <span class="row-actions">
    <DialogButton label="Edit" title={`Edit ${addOn.displayName}`} tone="quiet">
      {(close) => <EditAddOn id={addOn.id} close={close} />}
    </DialogButton>
    <AskButton
      label="Archive"
      title={`Archive ${addOn.displayName}?`}
      tone="quiet"
      send={() => read(api.DELETE('/addons/{addon_id}', { params: { path: { addon_id: addOn.id } } }))}
      isDangerous
    >
      Plans cannot price it any more, for good. One that a plan prices, or that is in force for an account, cannot be archived.
    </AskButton>
  </span>
)

const columnsOf = (writes: boolean): Column<AddOn>[] => [
  { title: 'Name', cell: ({ displayName }) => <strong>{displayName}</strong> },
  { title: 'Kind', cell: ({ type }) => wordsOf(type) },
  { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
  { title: 'Id', cell: ({ id }) => <code>{id}</code>, isMinor: true },
  { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isMinor: true },
  ...(writes ? [{ title: '', cell: (addOn: AddOn) => addOn.status === 'ACTIVE' && <RowActions addOn={addOn} /> }] : []),
]

export const AddOns = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const query = {
    _search: get('q'),
    status: get('status') as AddOn['status'] | undefined,
    type: get('type') as AddOn['type'] | undefined,
    nextToken: get('page'),
    pageSize: 50,
  }
  const reading = useRead(`add-ons ${JSON.stringify(query)}`, () => read(api.GET('/addons', { params: { query } })))
  return (
    <Page
      title="Add-ons"
      actions={
        writes && (
          <DialogButton label="New add-on" tone="primary">
            {(close) => <AddOnForm close={close} />}
          </DialogButton>
        )
      }
    >
      <Filters>
        <SearchFilter name="q" label="Search" placeholder="Name or id begins with…" />
        <ChoiceFilter name="type" label="Kind" of={TYPES} />
        <ChoiceFilter name="status" label="Status" of={['ARCHIVED']} usual="Active" />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Add-ons"
              columns={columnsOf(writes)}
              rows={data}
              keyOf={({ id }) => id}
              empty={<Empty title="There is no add-on.">Add-ons are fees, licences and credits that plans put a price on.</Empty>}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
