import * as z from 'zod/mini'
import { decimalFromNumber, formatDecimal } from '../../lib/decimal.ts'
import { described, identifier, label, named, text, textMap } from '../../lib/fields.ts'
import { ledgerPage, ledgerPageQuery } from '../../lib/page.ts'
import { dateTime, instant } from '../../lib/time.ts'
import { UPDATE_TYPES } from './table.ts'

export { UPDATE_TYPES } from './table.ts'

const MOST_PAIRS = 50

/** No update sets or adds more: sums of them are written as numbers that every client reads. */
export const MOST_LICENSES = 1e15

const accountId = () => described('The id of the account. An account can be created later than its licences.', identifier())

const licenseId = () => described('The id of an add-on of type LICENSE.', identifier())

const metadata = () => described('Notes about the update, such as the number of an order.', textMap(MOST_PAIRS))

const quantity = () =>
  z.pipe(
    z.number().register(z.globalRegistry, {
      minimum: -MOST_LICENSES,
      maximum: MOST_LICENSES,
      description: 'The number of licences that RELATIVE adds (or takes away, below 0), or that ABSOLUTE sets.',
    }),
    z.transform((number: number, { issues }) => {
      const decimal = Math.abs(number) <= MOST_LICENSES ? decimalFromNumber(number) : undefined
      if (decimal) return formatDecimal(decimal)
      issues.push({ code: 'custom', input: number, message: `must be a number from -${MOST_LICENSES} to ${MOST_LICENSES}` })
      return '0'
    }),
  )

export const LicenseUpdateRequest = named(
  'LicenseUpdateRequest',
  z.strictObject({
    licenseId: licenseId(),
    accountId: accountId(),
    updateType: z.enum(UPDATE_TYPES),
    quantity: quantity(),
    effectiveFrom: z.optional(described('When the update takes effect: by default now, or earlier or later.', instant())),
    idempotencyKey: z.optional(
      described(
        'Your key for this update. For an account, the same update with the same key is made once, however often it is sent. Keys do not expire.',
        label(1, 255),
      ),
    ),
    metadata: z.optional(metadata()),
  }),
)
export type LicenseUpdateRequest = z.infer<typeof LicenseUpdateRequest>

export const LicenseUpdateResponse = named(
  'LicenseUpdateResponse',
  z.strictObject({
    licenseId: z.string(),
    accountId: z.string(),
    quantity: described('The number of licences that the account has after this update.', z.number()),
    effectiveFrom: dateTime(),
    metadata: z.optional(z.record(z.string(), z.string())),
    createdAt: dateTime(),
  }),
)
export type LicenseUpdateResponse = z.infer<typeof LicenseUpdateResponse>

export const SORTS = ['created_at:DESC', 'created_at:ASC', 'effective_from:DESC', 'effective_from:ASC'] as const

export const GetLicenseUpdatesQuery = ledgerPageQuery({
  account_id: z.optional(described('Lists the updates of one account.', identifier())),
  licenseId: z.optional(described('Lists the updates of one add-on.', identifier())),
  license_id: z.optional(described('The same as licenseId.', identifier())),
  effectiveFrom: z.optional(described('Lists the updates that take effect at this time or later.', instant())),
  _sort: z.optional(described('The order of the updates, by default created_at:DESC.', z.enum(SORTS))),
})
export type GetLicenseUpdatesQuery = z.infer<typeof GetLicenseUpdatesQuery>

export const GetLicenseUpdatesResponse = named('GetLicenseUpdatesResponse', ledgerPage(LicenseUpdateResponse))
export type GetLicenseUpdatesResponse = z.infer<typeof GetLicenseUpdatesResponse>

export const LicensePath = z.strictObject({ license_id: identifier() })

export const UpdateLicenseEntryQuery = z.strictObject({
  licenseId: z.optional(described("The id of the add-on, if the path has the text {license_id}, as with Togai's clients.", identifier())),
})
export type UpdateLicenseEntryQuery = z.infer<typeof UpdateLicenseEntryQuery>

export const LicenseEntryDetailsUpdateRequest = named(
  'LicenseEntryDetailsUpdateRequest',
  z.strictObject({
    accountId: accountId(),
    effectiveFrom: described('When the update takes effect, exactly. Of several, the one that was made last is changed.', instant()),
    metadata: metadata(),
  }),
)
export type LicenseEntryDetailsUpdateRequest = z.infer<typeof LicenseEntryDetailsUpdateRequest>

const LONGEST_NAME = 50

export const NamedLicenseUpdate = named(
  'NamedLicenseUpdate',
  z.strictObject({
    id: z.string(),
    licenseId: z.string(),
    accountId: z.string(),
    name: z.string(),
    effectiveFrom: described('The time of the event that added the name.', dateTime()),
    effectiveUntil: z.optional(described('The time of the event that removed the name, if there is one.', dateTime())),
    createdAt: described('When the event arrived that added the name.', dateTime()),
    updatedAt: described('When the event arrived that removed the name. Until then, the same as createdAt.', dateTime()),
  }),
)
export type NamedLicenseUpdate = z.infer<typeof NamedLicenseUpdate>

export const GetNamedLicenseUpdatesQuery = ledgerPageQuery({
  account_id: z.optional(described('Lists the names of one account.', identifier())),
  licenseId: z.optional(described('Lists the names of one add-on.', identifier())),
  license_id: z.optional(described('The same as licenseId.', identifier())),
  name: z.optional(described('Lists the times in which this name had a licence.', text(LONGEST_NAME))),
})
export type GetNamedLicenseUpdatesQuery = z.infer<typeof GetNamedLicenseUpdatesQuery>

export const NamedLicenseUpdatesPaginatedResponse = named('NamedLicenseUpdatesPaginatedResponse', ledgerPage(NamedLicenseUpdate))
export type NamedLicenseUpdatesPaginatedResponse = z.infer<typeof NamedLicenseUpdatesPaginatedResponse>
