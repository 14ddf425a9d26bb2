import { useState } from 'preact/hooks'
import { useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceField, DialogButton, TextField } from '../../parts/form.tsx'
import { quantity } from '../../parts/format.ts'
import { Empty, Section, Shown } from '../../parts/page.tsx'
import { type Reading, useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { useRights } from '../../parts/session.ts'
import { Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { TrialForm } from '../../parts/trial_form.tsx'
import { instantTyped, requireNumber } from '../../parts/typed.ts'

const MOST_SHOWN = 20

const useAddOns = (): Reading<Schemas['AddOn'][]> =>
  useRead('all add-ons', () => readAll((nextToken) => read(api.GET('/addons', { params: { query: { nextToken, pageSize: 100 } } }))))

const LicenceForm = ({ accountId, close }: { accountId: string; close: () => void }) => {
  const addOns = useAddOns()
  const [licence, setLicence] = useState('')
  const [type, setType] = useState('ABSOLUTE')
  const [count, setCount] = useState('')
  const [from, setFrom] = useState('')
  const changeLicences = (isTry: boolean) => {
    const body = {
      accountId,
      licenseId: licence,
      updateType: type as 'ABSOLUTE',
      quantity: requireNumber(count, 'How many'),
      effectiveFrom: instantTyped(from, 'From'),
    }
    return read(api.POST('/license_updates', { params: { query: isTry ? { dry_run: true } : {} }, body }))
  }
  return (
    <TrialForm
      action="Set licences"
      typed={[licence, type, count, from]}
      attempt={changeLicences}
      done={close}
      cancel={close}
      shows={({ quantity: after, effectiveFrom }) => (
        <p>
          The account has <strong>{quantity(after)}</strong> from <Time at={effectiveFrom} />
        </p>
      )}
    >
      <Shown reading={addOns}>
        {(all) => (
          <ChoiceField
            label="Licence"
            value={licence}
            set={setLicence}
            none="Choose one"
            of={all.filter(({ type: kind }) => kind === 'LICENSE').map(({ id, displayName }) => [id, displayName] as const)}
          />
        )}
      </Shown>
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

/** The names that have licences of the account, and had them. */
const Names = ({ accountId, nameOf }: { accountId: string; nameOf: (id: string) => string }) => {
  const { get } = useParameters()
  const query = { account_id: accountId, nextToken: get('names'), pageSize: MOST_SHOWN }
  const reading = useRead(`named licences ${JSON.stringify(query)}`, () => read(api.GET('/named_license_updates', { params: { query } })))
  return (
    <Shown reading={reading}>
      {({ data, nextToken }) =>
        data.length > 0 && (
          <div class="below">
            <Table
              label="Names with licences"
              rows={data}
              keyOf={({ id }) => id}
              columns={[
                { title: 'Name', cell: ({ name }) => name },
                { title: 'Licence', cell: ({ licenseId }) => nameOf(licenseId) },
                { title: 'From', cell: ({ effectiveFrom }) => <Time at={effectiveFrom} />, isMinor: true },
                { title: 'Until', cell: ({ effectiveUntil }) => (effectiveUntil ? <Time at={effectiveUntil} /> : 'no end') },
              ]}
            />
            <Pager next={nextToken} name="names" />
          </div>
        )
      }
    </Shown>
  )
}

/** What the account has of each licence: numbers, and names. */
export const Licences = ({ accountId }: { accountId: string }) => {
  const { get } = useParameters()
  const { writes } = useRights()
  const addOns = useAddOns()
  const query = { account_id: accountId, nextToken: get('licences'), pageSize: MOST_SHOWN }
  const numbers = useRead(`licences ${JSON.stringify(query)}`, () => read(api.GET('/license_updates', { params: { query } })))
  const nameOf = (id: string): string => addOns.data?.find((one) => one.id === id)?.displayName ?? id
  return (
    <Section
      title="Licences"
      id="licences"
      actions={writes && <DialogButton label="Set licences">{(close) => <LicenceForm accountId={accountId} close={close} />}</DialogButton>}
    >
      <Shown reading={numbers}>
        {({ data, nextToken }) => (
          <>
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
            <Pager next={nextToken} name="licences" />
          </>
        )}
      </Shown>
      <Names accountId={accountId} nameOf={nameOf} />
    </Section>
  )
}
