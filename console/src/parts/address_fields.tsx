import type { Schemas } from './client.ts'
import { TextField } from './form.tsx'

const FIELDS = [
  ['line1', 'Street'],
  ['line2', 'Street, second line'],
  ['postalCode', 'Postal code'],
  ['city', 'City'],
  ['state', 'State'],
  ['country', 'Country'],
  ['phoneNumber', 'Telephone'],
] as const

export type AddressDraft = Readonly<Record<(typeof FIELDS)[number][0], string>>

type Address = Schemas['Address']

export const draftOfAddress = (address: Address = {}): AddressDraft =>
  Object.fromEntries(FIELDS.map(([name]) => [name, address[name] ?? ''])) as AddressDraft

/** The parts of an address that have been typed. */
export const addressOf = (draft: AddressDraft): Address =>
  Object.fromEntries(Object.entries(draft).flatMap(([name, value]) => (value.trim() ? [[name, value.trim()]] : [])))

export const AddressFields = ({ value, set }: { value: AddressDraft; set: (value: AddressDraft) => void }) => (
  <fieldset class="columns">
    <legend>Address</legend>
    {FIELDS.map(([name, label]) => (
      <TextField
        key={name}
        label={label}
        value={value[name]}
        set={(typed) => set({ ...value, [name]: typed })}
        isOptional
        {...(name === 'country' && { hint: 'Two letters, such as DE' })}
      />
    ))}
  </fieldset>
)

/** An address in lines, as on an envelope. */
export const AddressLines = ({ of }: { of: Address | undefined }) => {
  if (!of) return null
  const lines = [of.line1, of.line2, [of.postalCode, of.city].filter(Boolean).join(' '), [of.state, of.country].filter(Boolean).join(', ')]
  const shown = lines.filter(Boolean)
  return shown.length ? (
    <address>
      {shown.map((line, at) => (
        <div key={at}>{line}</div>
      ))}
    </address>
  ) : null
}
