import { type SQL, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import type { Statement } from '../../db/client.ts'
import { selectRows } from '../../db/statements.ts'
import { type Subject, isGroupOf } from './subjects.ts'

/** What stands where a name was. */
export const ERASED = 'Erased'

/** The address that stands where an e-mail address was: no mail ever reaches `.invalid` (RFC 2606). */
export const ERASED_EMAIL = 'erased@erased.invalid'

/** A kind of text about a person beside an account or an invoice group, and how it is erased. Numbers, ids and instants stay. */
interface Text {
  /** By which name it is counted. */
  name: string
  table: string
  /** The column with the id of the account, or of the account or invoice group. */
  owner: string
  /** Which rows have the text. */
  has: SQL
  set: SQL
}

const NEXT_VERSION = sql`version = version + 1`
const PAYMENT_TEXTS = sql`coalesce(source_description, metadata, description, notes)`
const HAS_QUERY = sql`coalesce(nullif(name, ${ERASED}), query ->> 'queryFilters', query ->> 'seekValues') is not null`
const WITHOUT_FILTERS = sql`query = json_remove(query, '$.queryFilters', '$.seekValues')`

/** The texts that are kept beside accounts and invoice groups. Invoices that fell due keep what they say, as the law asks for. */
const TEXTS: readonly Text[] = [
  { name: 'licenseUpdates', table: 'license_updates', owner: 'account_id', has: sql`metadata is not null`, set: sql`metadata = null` },
  { name: 'charges', table: 'account_charges', owner: 'account_id', has: sql`items <> '[]'`, set: sql`items = '[]', ${NEXT_VERSION}` },
  {
    name: 'credits',
    table: 'credits',
    owner: 'account_id',
    has: sql`purpose <> ${ERASED}`,
    set: sql`purpose = ${ERASED}, ${NEXT_VERSION}`,
  },
  {
    name: 'payments',
    table: 'payments',
    owner: 'owner_id',
    has: sql`${PAYMENT_TEXTS} is not null`,
    set: sql`source_description = null, metadata = null, description = null, notes = null`,
  },
  {
    name: 'deletedDrafts',
    table: 'invoices',
    owner: 'owner_id',
    has: sql`status = 'GONE' and rated <> '{}'`,
    set: sql`rated = '{}', details = null, basis = null, info = '[]', ${NEXT_VERSION}`,
  },
  {
    name: 'alerts',
    table: 'alerts',
    owner: 'account_id',
    has: sql`description is not null`,
    set: sql`description = null, ${NEXT_VERSION}`,
  },
  {
    name: 'reports',
    table: 'reports',
    owner: 'account_id',
    has: HAS_QUERY,
    set: sql`name = ${ERASED}, ${WITHOUT_FILTERS}, ${NEXT_VERSION}`,
  },
  {
    name: 'reportTemplates',
    table: 'report_templates',
    owner: 'account_id',
    has: HAS_QUERY,
    set: sql`name = ${ERASED}, ${WITHOUT_FILTERS}, status = 'INACTIVE', ${NEXT_VERSION}`,
  },
]

const isOf = (organizationId: string, { owner, has }: Text, listed: SQL): SQL =>
  sql`organization_id = ${organizationId} and ${sql.identifier(owner)} in (${listed}) and ${has}`

/** The ids of accounts, as a query. */
export const listIds = (ids: readonly string[]): SQL => sql`select value from json_each(${JSON.stringify(ids)})`

/** The query for how many texts of each kind accounts and invoice groups have, as one row. */
export const countTexts = ({ organizationId }: Pick<Ctx, 'organizationId'>, listed: SQL): Statement =>
  selectRows(
    sql`select ${sql.join(
      TEXTS.map(
        (text) =>
          sql`(select count(*) from ${sql.identifier(text.table)} where ${isOf(organizationId, text, listed)}) as ${sql.identifier(text.name)}`,
      ),
      sql`, `,
    )}`,
  )

/** The statements that erase the texts of accounts. */
export const eraseTexts = ({ organizationId }: Pick<Ctx, 'organizationId'>, listed: SQL): Statement[] =>
  TEXTS.map((text) => selectRows(sql`update ${sql.identifier(text.table)} set ${text.set} where ${isOf(organizationId, text, listed)}`))

/** The ids of all accounts of a customer, as a query. */
export const listAccounts = ({ organizationId, customerId }: Subject): SQL =>
  sql`select id from accounts where organization_id = ${organizationId} and customer_id = ${customerId}`

/** The ids of all invoice groups that are erased with a customer, as a query. */
export const listGroups = (subject: Subject): SQL =>
  sql`select id from invoice_groups where organization_id = ${subject.organizationId} and ${isGroupOf(subject, sql`invoice_groups.id`)}`

/** The statement that erases what accounts say of a person. */
export const eraseAccounts = ({ organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>, ids: readonly string[]): Statement =>
  selectRows(sql`
    update accounts set name = ${ERASED}, name_folded = ${ERASED.toLowerCase()}, address = null, primary_email = null, primary_email_folded = null,
      billing_information = null, metadata = null, tags = null, updated_at = max(updated_at, ${now}), ${NEXT_VERSION}
    where organization_id = ${organizationId} and id in (${listIds(ids)})`)

/** The statements that erase a customer and its contacts. The customer is changed in the version in which it was read. */
export const eraseCustomerRow = (
  { organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>,
  customerId: string,
  version: number,
): Statement[] => [
  selectRows(sql`
    update customers set version = ${version + 1}, name = ${ERASED}, name_folded = ${ERASED.toLowerCase()}, primary_email = ${ERASED_EMAIL},
      primary_email_folded = ${ERASED_EMAIL}, address = '{}', updated_at = max(updated_at, ${now})
    where organization_id = ${organizationId} and id = ${customerId}`),
  selectRows(sql`
    update contacts set name = ${ERASED}, email = 'erased+' || username || '@erased.invalid', email_folded = 'erased+' || username || '@erased.invalid',
      preferred_username = null, phone = null, password = null, login_access = 0
    where organization_id = ${organizationId} and customer_id = ${customerId}`),
]

/** The query for how many contacts a customer has. */
export const countContacts = ({ organizationId, customerId }: Subject): Statement =>
  selectRows(sql`select count(*) as contacts from contacts where organization_id = ${organizationId} and customer_id = ${customerId}`)
