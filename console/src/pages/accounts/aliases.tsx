import { useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton, Form } from '../../parts/form.tsx'
import { isForever } from '../../parts/format.ts'
import { Empty, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { GiveAliasForm } from '../aliases/give_form.tsx'

type AccountAlias = Schemas['AccountAlias']

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

export const Aliases = ({ accountId: id, now }: { accountId: string; now: string }) => {
  const { get } = useParameters()
  const { writes } = useRights()
  const params = { path: { account_id: id }, query: { nextToken: get('aliases'), pageSize: 50 } }
  const reading = useRead(`aliases ${id} ${params.query.nextToken ?? ''}`, () =>
    read(api.GET('/accounts/{account_id}/account_aliases', { params })),
  )
  return (
    <Section
      title="Aliases"
      id="aliases"
      actions={
        writes && (
          <DialogButton label="Add alias">{(close) => <GiveAliasForm accountId={id} action="Add alias" close={close} />}</DialogButton>
        )
      }
    >
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
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
                        cell: (alias: AccountAlias) =>
                          alias.effectiveUntil > now && (
                            <DialogButton label="Remove" title={`Remove ${alias.value}`} tone="quiet">
                              {(close) => <RemoveForm accountId={id} alias={alias} close={close} />}
                            </DialogButton>
                          ),
                      },
                    ]
                  : []),
              ]}
            />
            <Pager next={nextToken} name="aliases" />
          </>
        )}
      </Shown>
    </Section>
  )
}
