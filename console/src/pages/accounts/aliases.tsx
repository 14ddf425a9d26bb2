import { useState } from 'preact/hooks'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton, Form, TextField } from '../../parts/form.tsx'
import { isForever } from '../../parts/format.ts'
import { Empty, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { instantTyped } from '../../parts/typed.ts'

type AccountAlias = Schemas['AccountAlias']

const AliasForm = ({ accountId, close }: { accountId: string; close: () => void }) => {
  const [value, setValue] = useState('')
  const [from, setFrom] = useState('')
  const [until, setUntil] = useState('')
  const send = () => {
    const accountAliases = [{ value, effectiveFrom: instantTyped(from, 'From'), effectiveUntil: instantTyped(until, 'Until') }]
    const body = from || until ? { accountAliases } : { aliases: [value] }
    return read(api.POST('/accounts/{account_id}/add_aliases', { params: { path: { account_id: accountId } }, body }))
  }
  return (
    <Form action="Add alias" send={send} done={close} cancel={close}>
      <TextField
        label="Alias"
        value={value}
        set={setValue}
        hint="Another name of the account in events. Events that wait for it are counted then."
      />
      <div class="columns">
        <TextField label="From (UTC)" type="datetime-local" value={from} set={setFrom} isOptional />
        <TextField label="Until before" type="datetime-local" value={until} set={setUntil} isOptional />
      </div>
    </Form>
  )
}

const RemoveForm = ({ accountId, alias, close }: { accountId: string; alias: AccountAlias; close: () => void }) => {
  const send = () => {
    const body = { accountAliases: [{ id: alias.id }] }
    return read(api.POST('/accounts/{account_id}/remove_aliases', { params: { path: { account_id: accountId } }, body }))
  }
  return (
    <Form action="Remove alias" send={send} done={close} cancel={close} isDangerous>
      <p>Events that come with the name {alias.value} are then not of this account any more. Those that were counted stay counted.</p>
    </Form>
  )
}

export const Aliases = ({ account: { id } }: { account: Schemas['Account'] }) => {
  const { writes } = useRights()
  const reading = useRead(`aliases ${id}`, () =>
    read(api.GET('/accounts/{account_id}/account_aliases', { params: { path: { account_id: id } } })),
  )
  return (
    <Section
      title="Aliases"
      id="aliases"
      actions={writes && <DialogButton label="Add alias">{(close) => <AliasForm accountId={id} close={close} />}</DialogButton>}
    >
      <Shown reading={reading}>
        {({ data }) => (
          <Table
            label="Aliases"
            rows={data}
            keyOf={(alias) => alias.id}
            empty={<Empty title="The account has no other names." />}
            columns={[
              { title: 'Alias', cell: ({ value }) => <code>{value}</code> },
              { title: 'From', cell: ({ effectiveFrom }) => (effectiveFrom < '1971' ? 'always' : <Time at={effectiveFrom} />) },
              {
                title: 'Until',
                cell: ({ effectiveUntil }) => (isForever(effectiveUntil) ? 'no end' : <Time at={effectiveUntil} />),
                isMinor: true,
              },
              ...(writes
                ? [
                    {
                      title: '',
                      cell: (alias: AccountAlias) => (
                        <DialogButton label="Remove" title={`Remove ${alias.value}`} tone="quiet">
                          {(close) => <RemoveForm accountId={id} alias={alias} close={close} />}
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
