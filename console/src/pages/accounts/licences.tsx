import { useState } from 'preact/hooks'
import { api, read } from '../../parts/client.ts'
import { ChoiceField, DialogButton, TextField } from '../../parts/form.tsx'
import { quantity } from '../../parts/format.ts'
import { Empty, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { TrialForm } from '../../parts/trial_form.tsx'
import { requireNumber } from '../../parts/typed.ts'

const readAddOns = async () => (await read(api.GET('/addons', { params: { query: { pageSize: 100 } } }))).data

const LicenceForm = ({ accountId, close }: { accountId: string; close: () => void }) => {
  const addOns = useRead('add-ons', readAddOns)
  const [licence, setLicence] = useState('')
  const [type, setType] = useState('ABSOLUTE')
  const [count, setCount] = useState('')
  const [from, setFrom] = useState('')
  const change = (isTry: boolean) => {
    const body = {
      accountId,
      licenseId: licence,
      updateType: type as 'ABSOLUTE',
      quantity: requireNumber(count, 'How many'),
      ...(from && { effectiveFrom: new Date(`${from}Z`).toISOString() }),
    }
    return read(api.POST('/license_updates', { params: { query: isTry ? { dry_run: true } : {} }, body }))
  }
  return (
    <TrialForm
      action="Set licences"
      typed={[licence, type, count, from]}
      attempt={change}
      done={close}
      cancel={close}
      shows={({ quantity: after, effectiveFrom }) => (
        <p>
          The account has <strong>{quantity(after)}</strong> from <Time at={effectiveFrom} />
        </p>
      )}
    >
      <ChoiceField
        label="Licence"
        value={licence}
        set={setLicence}
        none="Choose one"
        of={(addOns.data ?? []).filter(({ type: kind }) => kind === 'LICENSE').map(({ id, displayName }) => [id, displayName] as const)}
      />
      <ChoiceField
        label="Change"
        value={type}
        set={setType}
        of={[
          ['ABSOLUTE', 'To this many'],
          ['RELATIVE', 'By this many, which may be below 0'],
        ]}
      />
      <div class="columns">
        <TextField label="How many" value={count} set={setCount} isNumber />
        <TextField label="From (UTC)" type="datetime-local" value={from} set={setFrom} isOptional hint="Left empty: from now" />
      </div>
    </TrialForm>
  )
}

/** What the account has of each licence: numbers, and names. */
export const Licences = ({ accountId }: { accountId: string }) => {
  const { writes } = useRights()
  const addOns = useRead('add-ons', readAddOns)
  const query = { account_id: accountId, pageSize: 20 }
  const numbers = useRead(`licences ${accountId}`, () => read(api.GET('/license_updates', { params: { query } })))
  const names = useRead(`named licences ${accountId}`, () => read(api.GET('/named_license_updates', { params: { query } })))
  const nameOf = (id: string): string => addOns.data?.find((one) => one.id === id)?.displayName ?? id
  return (
    <Section
      title="Licences"
      id="licences"
      actions={writes && <DialogButton label="Set licences">{(close) => <LicenceForm accountId={accountId} close={close} />}</DialogButton>}
    >
      <Shown reading={numbers}>
        {({ data }) => (
          <Table
            label="Licences"
            rows={data}
            keyOf={({ licenseId, effectiveFrom, createdAt }) => licenseId + effectiveFrom + createdAt}
            empty={<Empty title="The account has no licences." />}
            columns={[
              { title: 'Licence', cell: ({ licenseId }) => nameOf(licenseId) },
              { title: 'From', cell: ({ effectiveFrom }) => <Time at={effectiveFrom} /> },
              { title: 'Recorded', cell: ({ createdAt }) => <Time at={createdAt} />, isMinor: true },
              { title: 'Number', cell: ({ quantity: count }) => quantity(count), isNumber: true },
            ]}
          />
        )}
      </Shown>
      {names.data && names.data.data.length > 0 && (
        <div class="below">
          <Table
            label="Names with licences"
            rows={names.data.data}
            keyOf={({ id }) => id}
            columns={[
              { title: 'Name', cell: ({ name }) => name },
              { title: 'Licence', cell: ({ licenseId }) => nameOf(licenseId) },
              { title: 'From', cell: ({ effectiveFrom }) => <Time at={effectiveFrom} />, isMinor: true },
              { title: 'Until', cell: ({ effectiveUntil }) => <Time at={effectiveUntil} /> },
            ]}
          />
        </div>
      )}
    </Section>
  )
}
