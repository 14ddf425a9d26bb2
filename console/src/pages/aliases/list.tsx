import { useState } from 'preact/hooks'
import { linkTo, useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceFilter, Filters } from '../../parts/filters.tsx'
import { DialogButton, Form, TextArea } from '../../parts/form.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { AskButton } from '../../parts/status_button.tsx'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { GiveAliasForm } from './give_form.tsx'

type Alias = Schemas['Alias']

const AddForm = ({ close }: { close: () => void }) => {
  const [typed, setTyped] = useState('')
  const values = typed
    .split('\n')
    .map((one) => one.trim())
    .filter(Boolean)
  const send = () => read(api.POST('/aliases', { body: { aliases: values.map((value) => ({ value })) } }))
  return (
    <Form action="Add aliases" send={send} done={close} cancel={close} isDisabled={!values.length}>
      <TextArea
        label="Aliases"
        value={typed}
        set={setTyped}
        hint="One in each line, 100 at most. They wait until an account is given them."
      />
    </Form>
  )
}

const removeAlias = (value: string) => read(api.DELETE('/aliases/{alias}', { params: { path: { alias: value } } }))

const COLUMNS: readonly Column<Alias>[] = [
  { title: 'Alias', cell: ({ value }) => <code>{value}</code> },
  { title: 'Since', cell: ({ createdAt }) => <Time at={createdAt} />, isMinor: true },
]

const CHANGES: Column<Alias> = {
  title: '',
  cell: ({ value }) => (
    <div class="row-actions">
      <DialogButton label="Give" title={`Give ${value} to an account`}>
        {(close) => <GiveAliasForm alias={value} action="Give alias" close={close} />}
      </DialogButton>
      <AskButton label="Remove" title={`Remove ${value}?`} tone="quiet" send={() => removeAlias(value)} isDangerous>
        It can be added again.
      </AskButton>
    </div>
  ),
}

/** The aliases that wait without an account, or all of the pool. */
export const Aliases = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const isAll = get('all') === 'yes'
  const query = { ...(!isAll && { without_account: true }), nextToken: get('page'), pageSize: 50 }
  const reading = useRead(`pool ${JSON.stringify(query)}`, () => read(api.GET('/aliases', { params: { query } })))
  return (
    <Page title="Aliases" actions={writes && <DialogButton label="Add aliases">{(close) => <AddForm close={close} />}</DialogButton>}>
      <p class="muted lead">
        Other names of accounts in events. Those that no account has now stand here; those of an account are on its{' '}
        <a href={linkTo('accounts')}>page</a>.
      </p>
      <Filters>
        <ChoiceFilter name="all" label="Which" of={[['yes', 'All']]} usual="Without an account" />
      </Filters>
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table
              label="Aliases"
              rows={data}
              keyOf={({ value }) => value}
              columns={writes && !isAll ? [...COLUMNS, CHANGES] : COLUMNS}
              empty={<Empty title={isAll ? 'There are no aliases.' : 'No alias waits for an account.'} />}
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
