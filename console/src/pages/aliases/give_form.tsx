import { useState } from 'preact/hooks'
import { api, read } from '../../parts/client.ts'
import { Form, TextField } from '../../parts/form.tsx'
import { instantTyped } from '../../parts/typed.ts'

/** Gives an account an alias, for ever or for a time. Which of the two is not given is typed. */
export const GiveAliasForm = ({
  accountId,
  alias,
  action,
  close,
}: {
  accountId?: string
  alias?: string
  action: string
  close: () => void
}) => {
  const [account, setAccount] = useState(accountId ?? '')
  const [value, setValue] = useState(alias ?? '')
  const [from, setFrom] = useState('')
  const [until, setUntil] = useState('')
  const send = () => {
    const path = { account_id: account.trim() }
    const accountAliases = [{ value, effectiveFrom: instantTyped(from, 'From'), effectiveUntil: instantTyped(until, 'Until') }]
    const body = from || until ? { accountAliases } : { aliases: [value] }
    return read(api.POST('/accounts/{account_id}/add_aliases', { params: { path }, body }))
  }
  return (
    <Form action={action} send={send} done={close} cancel={close}>
      {alias === undefined && (
        <TextField
          label="Alias"
          value={value}
          set={setValue}
          hint="Another name of the account in events. Events that wait for it are counted then."
        />
      )}
      {accountId === undefined && (
        <TextField
          label="Account"
          value={account}
          set={setAccount}
          hint="The id of the account. Events that wait for the alias are counted then."
        />
      )}
      <div class="columns">
        <TextField label="From (UTC)" type="datetime-local" value={from} set={setFrom} isOptional />
        <TextField label="Until before" type="datetime-local" value={until} set={setUntil} isOptional />
      </div>
    </Form>
  )
}
