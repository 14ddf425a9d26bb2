import { useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { isForever } from '../../parts/format.ts'
import { Empty, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { AskButton } from '../../parts/status_button.tsx'
import { Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { GiveAliasForm } from '../aliases/give_form.tsx'

type AccountAlias = Schemas['AccountAlias']

const RemoveButton = ({ accountId, alias: { id, value } }: { accountId: string; alias: AccountAlias }) => {
  const body = { accountAliases: [{ id }] }
  const params = { path: { account_id: accountId } }
  return (
    <AskButton
      label="Remove"
      title={`Remove ${value}`}
      action="Remove alias"
      tone="quiet"
      send={() => read(api.POST('/accounts/{account_id}/remove_aliases', { params, body }))}
      isDangerous
    >
      Events that come with the name {value} are then not of this account any more. Those that were counted stay counted.
    </AskButton>
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
                        cell: (alias: AccountAlias) => alias.effectiveUntil > now && <RemoveButton accountId={id} alias={alias} />,
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
