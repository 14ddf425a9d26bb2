import * as z from 'zod/mini'
import { InvoiceGroupDetails } from '../invoice_groups/schema.ts'
import { Address } from '../../lib/address.ts'
import { isCurrency } from '../../lib/codes.ts'
import {
  code,
  described,
  displayName,
  email,
  identifier,
  int32,
  isObject,
  label,
  list,
  lowerCaseLabel,
  named,
  set,
  textMap,
} from '../../lib/fields.ts'
import { pageQuery, paginated, paginatedPlainly, searchAndSort } from '../../lib/page.ts'
import { FOREVER, dateTime, instant } from '../../lib/time.ts'
import { CreateEntitySetting, entitySettings } from '../settings/schema.ts'
import { MOST_AT_ONCE, MOST_IN_A_REQUEST, mostAtOnce, rangesOf, repeated } from './ranges.ts'
import { sortable } from './table.ts'

export const AccountsBillingInformation = named(
  'AccountsBillingInformation',
  z.strictObject({
    emailRecipients: z.optional(list(email(), 0, 100)),
    additionalEmailRecipients: z.optional(list(email(), 0, 100)),
  }),
  'The recipients of the invoices of an account.',
)
export type AccountsBillingInformation = z.infer<typeof AccountsBillingInformation>

export const CreateAccountAliasRequest = named(
  'CreateAccountAliasRequest',
  z.strictObject({ value: identifier(), effectiveFrom: z.optional(instant()), effectiveUntil: z.optional(instant()) }).check(
    z.superRefine(
      ({ effectiveFrom = FOREVER.from, effectiveUntil = FOREVER.until }, context) => {
        if (effectiveUntil > effectiveFrom) return
        context.addIssue({
          code: 'custom',
          path: ['effectiveUntil'],
          message: 'must be after effectiveFrom, and that before the end of time',
        })
      },
      {
        when: ({ value }) =>
          isObject(value) && [value['effectiveFrom'], value['effectiveUntil']].every((at) => at === undefined || Number.isFinite(at)),
      },
    ),
  ),
  'An alias that is in effect from effectiveFrom until just before effectiveUntil. If one of them is left out, there is no limit on that side.',
)

const currency = () => code(isCurrency, 'a currency of ISO 4217 in capitals, such as USD', 3)

/** Checks the valid aliases of a request against each other. The database checks them against all others. */
const aliasesAgree = z.superRefine<Parameters<typeof rangesOf>[0]>(
  ({ aliases, accountAliases }, context) => {
    const plain = Array.isArray(aliases) ? aliases : []
    const dated = Array.isArray(accountAliases) ? accountAliases : []
    const given = [
      ...plain.map((value, index) => ({ path: ['aliases', index], value, ...FOREVER })),
      ...dated.map((alias, index) => ({
        path: ['accountAliases', index],
        value: alias?.value,
        from: alias?.effectiveFrom ?? FOREVER.from,
        until: alias?.effectiveUntil ?? FOREVER.until,
      })),
    ].filter(({ value, from, until }) => typeof value === 'string' && from < until)
    const refuse = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    for (const index of repeated(given)) refuse(given[index]?.path ?? [], 'must not be given twice for a time in which both hold')
    if (dated.length && plain.length + dated.length > MOST_IN_A_REQUEST)
      refuse(['accountAliases'], `must hold ${MOST_IN_A_REQUEST} at most, together with aliases`)
    if (dated.length && mostAtOnce(given) > MOST_AT_ONCE)
      refuse(['accountAliases'], `must let ${MOST_AT_ONCE} at most hold at any instant, together with aliases`)
  },
  { when: ({ value }) => isObject(value) },
)

const created = {
  id: described('Your own id of the account. It cannot be changed, and stays taken after the account is archived.', identifier()),
  name: displayName(3, 255),
  invoiceCurrency: z.optional(
    described(
      "The currency of the invoices of the account, as an ISO 4217 code. By default, it is the organization's base currency.",
      currency(),
    ),
  ),
  aliases: z.optional(described('Other names of the account in events. They are always in effect.', list(identifier(3), 0, 10))),
  accountAliases: z.optional(
    described('Other names of the account in events, each for a time range.', list(CreateAccountAliasRequest, 0, MOST_IN_A_REQUEST)),
  ),
  address: z.optional(Address),
  primaryEmail: z.optional(email()),
  billingInformation: z.optional(AccountsBillingInformation),
  settings: z.optional(entitySettings()),
  netTermDays: z.optional(described('The number of days from the date of an invoice until it is due.', int32(0))),
  metadata: z.optional(textMap(50)),
  tags: z.optional(described('Stored in lower case, without duplicates. At most 50.', set(lowerCaseLabel(1, 255), 50))),
  status: z.optional(described('By default ACTIVE.', z.enum(['ACTIVE', 'DRAFT']))),
}

export const CreateAccountRequestWithoutCustomerId = named(
  'CreateAccountRequestWithoutCustomerId',
  z.strictObject(created).check(aliasesAgree),
  "The first account of a customer. If left out, an account is created with the customer's id, name, primaryEmail and address.",
)
export type CreateAccountRequestWithoutCustomerId = z.infer<typeof CreateAccountRequestWithoutCustomerId>

export const AccountAliases = named('AccountAliases', z.strictObject({ alias: z.string(), status: z.enum(['ACTIVE', 'ARCHIVED']) }))

const account = {
  id: z.string(),
  togaiAccountId: described('Our own id of the account.', z.string()),
  togaiCustomerId: described('Our own id of the customer.', z.string()),
  name: z.string(),
  customerId: z.string(),
  invoiceCurrency: z.optional(z.string()),
  aliases: z.optional(
    described('The aliases that are in effect at effectiveOn, by default now.', z.array(AccountAliases).check(z.maxLength(10))),
  ),
  netTermDays: z.optional(z.int32()),
  address: z.optional(Address),
  primaryEmail: z.optional(z.string()),
  billingInformation: z.optional(AccountsBillingInformation),
  status: z.enum(['ACTIVE', 'DRAFT', 'ARCHIVED']),
  settings: z.optional(z.array(CreateEntitySetting).check(z.maxLength(10))),
  invoiceGroupDetails: z.optional(InvoiceGroupDetails),
  metadata: z.optional(z.record(z.string(), z.string())),
  tags: z.optional(z.array(z.string())),
}

export const Account = named('Account', z.strictObject(account))
export type Account = z.infer<typeof Account>

const AliasLeftOut = named('AliasLeftOut', z.strictObject({ alias: z.string(), accountId: z.string() }))

export const RestoreAccountResponse = named(
  'RestoreAccountResponse',
  z.strictObject({
    ...account,
    aliasesLeftOut: described('The aliases that were not restored because another account has them now.', z.array(AliasLeftOut)),
    invoiceGroupLeftOut: z.optional(
      described('The id of the previous invoice group of the account, if that group has ended in the meantime.', z.string()),
    ),
    pricePlansLeftOut: z.optional(
      described('The ids of the price plans that ended when the account was archived. They are not in force again.', z.array(z.string())),
    ),
  }),
)
export type RestoreAccountResponse = z.infer<typeof RestoreAccountResponse>

export const CreateAccountRequest = named(
  'CreateAccountRequest',
  z.strictObject({ ...created, customerId: described('The customer that the account belongs to.', label(1, 255)) }).check(aliasesAgree),
)
export type CreateAccountRequest = z.infer<typeof CreateAccountRequest>

export const UpdateAccountRequest = named(
  'UpdateAccountRequest',
  z.strictObject({
    name: z.optional(displayName(3, 255)),
    status: z.optional(z.enum(['ACTIVE', 'DRAFT'])),
    invoiceCurrency: z.optional(
      described('Can be set only if the account has no currency yet. Sending the current value again is allowed.', currency()),
    ),
    netTermDays: created.netTermDays,
    primaryEmail: created.primaryEmail,
    billingInformation: created.billingInformation,
    address: created.address,
    metadata: created.metadata,
    tags: created.tags,
  }),
  'The fields that are sent replace the previous ones. Objects and lists are replaced as a whole.',
)
export type UpdateAccountRequest = z.infer<typeof UpdateAccountRequest>

export const AddAccountAliasesRequest = named(
  'AddAccountAliasesRequest',
  z
    .strictObject({
      aliases: z.optional(list(identifier(3), 1, 10)),
      accountAliases: z.optional(list(CreateAccountAliasRequest, 1, 10)),
    })
    .check(aliasesAgree),
)
export type AddAccountAliasesRequest = z.infer<typeof AddAccountAliasesRequest>

const RemoveAccountAliasRequest = named(
  'RemoveAccountAliasRequest',
  z.strictObject({
    id: described('The id of the alias, from account_aliases.', label(1, 50)),
    from: z.optional(
      described('The instant at which the alias ends, by default now. An alias that has not begun by then never takes effect.', instant()),
    ),
  }),
)

export const RemoveAccountAliasesRequest = named(
  'RemoveAccountAliasesRequest',
  z.strictObject({
    aliases: z.optional(described('Aliases that end now, including their future time ranges.', list(label(1, 50), 0, 100))),
    accountAliases: z.optional(list(RemoveAccountAliasRequest, 0, 100)),
  }),
)
export type RemoveAccountAliasesRequest = z.infer<typeof RemoveAccountAliasesRequest>

export const AccountAlias = named(
  'AccountAlias',
  z.strictObject({
    id: z.string(),
    value: z.string(),
    effectiveFrom: dateTime(),
    effectiveUntil: described(
      'The instant at which the alias ends. If it is the same as effectiveFrom, the alias was removed before it took effect.',
      dateTime(),
    ),
    createdAt: dateTime(),
    updatedAt: z.optional(dateTime()),
  }),
)

export const ListAccountAliasesQuery = pageQuery({}, 100)
export type ListAccountAliasesQuery = z.infer<typeof ListAccountAliasesQuery>

export const AccountAliasesPaginatedResponse = named('AccountAliasesPaginatedResponse', paginatedPlainly(AccountAlias))
export type AccountAliasesPaginatedResponse = z.infer<typeof AccountAliasesPaginatedResponse>

export const GetAccountsQuery = pageQuery({
  account_id: z.optional(identifier()),
  customer_id: z.optional(label(1, 255)),
  status: z.optional(described('By default ACTIVE and DRAFT.', z.enum(['ACTIVE', 'DRAFT', 'ARCHIVED']))),
  invoice_currency: z.optional(currency()),
  ...searchAndSort('the id, the name and the primary e-mail', Object.keys(sortable)),
})
export type GetAccountsQuery = z.infer<typeof GetAccountsQuery>

export const AccountPaginatedResponse = named('AccountPaginatedResponse', paginated(Account))
export type AccountPaginatedResponse = z.infer<typeof AccountPaginatedResponse>

export const AccountPath = z.strictObject({ account_id: identifier() })

export const GetAccountQuery = z.strictObject({
  effectiveOn: z.optional(described('The aliases that are in effect at this instant are shown, by default now.', instant())),
  includeGroupDetails: z.optional(
    described(
      'Whether to include the invoice group of the account.',
      z.pipe(
        z.enum(['true', 'false']).register(z.globalRegistry, { type: 'boolean' }),
        z.transform((value) => value === 'true'),
      ),
    ),
  ),
})
export type GetAccountQuery = z.infer<typeof GetAccountQuery>
