import * as z from 'zod/mini'
import { Address } from '../../lib/address.ts'
import { explainIssues } from '../../lib/errors.ts'
import { displayName, email, named, textMap } from '../../lib/fields.ts'

/** The most facts that an organization says about itself beside its name and address. */
const MOST_FACTS = 10

/** Who the organization is, as its invoices show it. `metadata` has what else must stand there, such as tax numbers and bank accounts, by its name. */
export const BusinessDetails = named(
  'InvoiceDetailsOrganization',
  z.strictObject({
    businessName: displayName(1, 255),
    address: Address,
    primaryEmail: email(),
    metadata: z.optional(textMap(MOST_FACTS)),
  }),
)
export type BusinessDetails = z.infer<typeof BusinessDetails>

/** A setting, as far as it says what its value means. */
interface Named {
  entityType: string
  namespace: string
  id: string
  value: string
  dataType: string
}

const holdsBusinessDetails = ({ namespace, id, entityType }: Named): boolean =>
  entityType === 'ORGANIZATION' && namespace === 'SYSTEM' && id === 'business_details'

const TAXED: ReadonlySet<string> = new Set(['CUSTOMER', 'ACCOUNT', 'INVOICE_GROUP'])
const LONGEST_TAX_ID = 50

/** Says what is wrong with the value of a setting, if it is to hold who the organization is. Undefined if nothing is. */
export const explainBusinessDetails = (setting: Named): string | undefined => {
  if (!holdsBusinessDetails(setting)) return undefined
  if (setting.dataType !== 'JSON') return 'must be JSON in a setting of business details'
  const { success, error } = z.safeParse(BusinessDetails, JSON.parse(setting.value))
  return success ? undefined : explainIssues(error.issues, 'business_details')
}

/** Says what is wrong with the value of a setting, if it is to hold the tax number of who pays. Undefined if nothing is. */
export const explainTaxId = ({ namespace, id, entityType, value }: Named): string | undefined =>
  namespace === 'SYSTEM' &&
  id === 'tax_id' &&
  TAXED.has(entityType) &&
  (value.length > LONGEST_TAX_ID || !value.trim() || /\p{Cc}/u.test(value))
    ? `must be 1 to ${LONGEST_TAX_ID} characters without control characters`
    : undefined
