import { useState } from 'preact/hooks'
import { useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceField, DialogButton, Form, TextField, UNCHANGED } from '../../parts/form.tsx'
import { wordsOf } from '../../parts/format.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { session, useRights } from '../../parts/session.ts'
import { AskButton } from '../../parts/status_button.tsx'
import { type Column, Pager, Table } from '../../parts/table.tsx'
import { Day, Time } from '../../parts/time.tsx'
import { instantTyped, requireNumber } from '../../parts/typed.ts'

type Token = Schemas['Token']

const ROLES = [
  ['ANALYST', 'Analyst: reads only'],
  ['DEVELOPER', 'Developer: everything but tokens, secrets of webhooks, and erasing customers'],
  ['ADMINISTRATOR', 'Administrator: everything'],
] as const

/** A secret, which is shown this once. */
const Secret = ({ secret, close }: { secret: string; close: () => void }) => {
  const [copied, setCopied] = useState<string>()
  /** The clipboard can be forbidden, and is not there without https. */
  const copySecret = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(secret)
      setCopied('Copied')
    } catch {
      setCopied('Not copied: mark it, and copy it by hand')
    }
  }
  return (
    <div class="form">
      <p>Copy the token now. It is shown this once, and is kept nowhere.</p>
      <pre tabIndex={0} class="secret">
        {secret}
      </pre>
      <div class="form-actions">
        <button type="button" onClick={() => void copySecret()}>
          {copied ?? 'Copy'}
        </button>
        <button type="button" class="primary" onClick={close}>
          Done
        </button>
      </div>
    </div>
  )
}

const TokenForm = ({ close }: { close: () => void }) => {
  const [name, setName] = useState('')
  const [role, setRole] = useState('ANALYST')
  const [expires, setExpires] = useState('')
  const [secret, setSecret] = useState<string>()
  const send = async (): Promise<void> => {
    const expiresAt = instantTyped(expires, 'Ends')
    const made = await read(api.POST('/tokens', { body: { name, role: role as Token['role'], ...(expiresAt && { expiresAt }) } }))
    setSecret(made.token)
  }
  if (secret !== undefined) return <Secret secret={secret} close={close} />
  return (
    <Form action="Create token" send={send} cancel={close}>
      <TextField label="Name" value={name} set={setName} hint="Who or what uses it." />
      <ChoiceField label="Role" value={role} set={setRole} of={ROLES} />
      <TextField label="Ends (UTC)" type="datetime-local" value={expires} set={setExpires} isOptional />
    </Form>
  )
}

const SECONDS = 'Seconds for which the old secret stays valid'

const RotateForm = ({ token, close }: { token: Token; close: () => void }) => {
  const [grace, setGrace] = useState('3600')
  const [secret, setSecret] = useState<string>()
  const send = async (): Promise<unknown> => {
    const body = { gracePeriod: requireNumber(grace, SECONDS) }
    setSecret((await read(api.POST('/tokens/{token_id}/rotate', { params: { path: { token_id: token.id } }, body }))).token)
    /** Nothing that the list shows is another. To read it again could end the session before the secret has been copied. */
    return UNCHANGED
  }
  if (secret !== undefined) return <Secret secret={secret} close={close} />
  return (
    <Form action="Rotate" send={send} cancel={close}>
      <p>
        The token gets a new secret. Sessions that were opened with the old one end with it
        {token.id === session.get()?.tokenId && ': yours too'}.
      </p>
      <TextField label={SECONDS} path="gracePeriod" value={grace} set={setGrace} isNumber hint="At most 604800, which is a week" />
    </Form>
  )
}

const stateOf = ({ revokedAt, expiresAt }: Token): string => {
  if (revokedAt) return 'REVOKED'
  return expiresAt && expiresAt <= new Date().toISOString() ? 'EXPIRED' : 'ACTIVE'
}

const RowActions = ({ token }: { token: Token }) => (
  <span class="row-actions">
    <DialogButton label="Rotate" title={`Rotate ${token.name}`} tone="quiet">
      {(close) => <RotateForm token={token} close={close} />}
    </DialogButton>
    <AskButton
      label="Revoke"
      title={`Revoke ${token.name}?`}
      tone="quiet"
      send={() => read(api.DELETE('/tokens/{token_id}', { params: { path: { token_id: token.id } } }))}
      isDangerous
    >
      {token.id === session.get()?.tokenId
        ? 'You are signed in with this token: your session ends with it.'
        : 'Whoever uses it is refused within half a minute.'}
    </AskButton>
  </span>
)

const COLUMNS: readonly Column<Token>[] = [
  {
    title: 'Name',
    cell: ({ name, id }) => (
      <>
        <strong>{name}</strong>
        {id === session.get()?.tokenId && <span class="muted"> yours</span>}
      </>
    ),
  },
  { title: 'Role', cell: ({ role }) => wordsOf(role) },
  { title: 'Status', cell: (token) => <Badge of={stateOf(token)} /> },
  { title: 'Last used', cell: ({ lastUsedOn }) => <Day at={lastUsedOn} />, isMinor: true },
  { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isMinor: true },
  { title: 'Ends', cell: ({ expiresAt }) => (expiresAt ? <Time at={expiresAt} /> : 'never'), isMinor: true },
  { title: '', cell: (token) => stateOf(token) === 'ACTIVE' && <RowActions token={token} /> },
]

export const Tokens = () => {
  const { get } = useParameters()
  const { administers } = useRights()
  const query = { nextToken: get('page'), pageSize: 50 }
  const reading = useRead(administers ? `tokens ${query.nextToken ?? ''}` : undefined, () =>
    read(api.GET('/tokens', { params: { query } })),
  )
  if (!administers)
    return (
      <Page title="Tokens">
        <Empty title="Only an administrator sees tokens.">Ask one for a token with the role that you need.</Empty>
      </Page>
    )
  return (
    <Page
      title="Tokens"
      actions={
        <DialogButton label="New token" tone="primary">
          {(close) => <TokenForm close={close} />}
        </DialogButton>
      }
    >
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <Table label="Tokens" columns={COLUMNS} rows={data} keyOf={({ id }) => id} empty={<Empty title="There are no tokens." />} />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
