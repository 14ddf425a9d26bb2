import { type SQL, sql } from 'drizzle-orm'
import type { BusinessDetails } from '../../customers/settings/schema.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { prepare, selectRows } from '../../db/statements.ts'
import { type Address, billingAddress } from '../../lib/address.ts'
import { notFound } from '../../lib/errors.ts'
import type { InvoiceDetails } from './table.ts'

/** Whom an invoice is about, and how many days they have to pay it. */
export interface InvoiceOwner {
  id: string
  /** The account, and its customer, if it is not an invoice group. */
  accountId: string | null
  customerId: string | null
  currency: string
  isArchived: boolean
  /** When the account was made, in milliseconds; 0 for an invoice group. */
  createdAt: number
  netTermDays: number
  details: InvoiceDetails
  /** The tax number of who pays, if a setting says it. */
  taxId: string | null
}

interface OwnerRow {
  id: string
  createdAt: number
  customerId: string
  status: string
  name: string
  invoiceCurrency: string
  address: string | null
  primaryEmail: string | null
  netTermDays: number | null
  customerName: string
  customerEmail: string
  customerAddress: string
  organization: string | null
  taxId: string | null
}

/** Who sends the invoice, if the organization says so. */
const organizationOf = ({ organization }: Pick<OwnerRow, 'organization'>): Pick<InvoiceDetails, 'organization'> =>
  organization === null ? {} : { organization: JSON.parse(organization) as BusinessDetails }

const ownerOf = (row: OwnerRow): InvoiceOwner => {
  const address = JSON.parse(row.customerAddress) as Address
  const inOneLine = billingAddress(address)
  return {
    id: row.id,
    accountId: row.id,
    customerId: row.customerId,
    currency: row.invoiceCurrency,
    isArchived: row.status === 'ARCHIVED',
    createdAt: row.createdAt,
    netTermDays: row.netTermDays ?? 0,
    details: {
      customer: {
        name: row.customerName,
        primaryEmail: row.customerEmail,
        ...(inOneLine && { billingAddress: inOneLine }),
        address,
      },
      account: {
        name: row.name,
        invoiceCurrency: row.invoiceCurrency,
        address: row.address === null ? address : (JSON.parse(row.address) as Address),
        primaryEmail: row.primaryEmail ?? row.customerEmail,
      },
      ...organizationOf(row),
    },
    taxId: row.taxId,
  }
}

/** The query for the value of a setting that means something here. */
const settingOf = (organizationId: unknown, entityType: string, entityId: SQL, id: string): SQL =>
  sql`(select value from settings where organization_id = ${organizationId} and entity_type = ${entityType} and entity_id = ${entityId} and namespace = 'SYSTEM' and id = ${id})`

const businessDetailsOf = (organizationId: unknown): SQL =>
  settingOf(organizationId, 'ORGANIZATION', sql`${organizationId}`, 'business_details')

const accountOwners = prepare(['organizationId', 'listed'], (at) =>
  selectRows(sql`
    select its.id, its.created_at as createdAt, its.customer_id as customerId, its.status, its.name, its.invoice_currency as invoiceCurrency, its.address, its.primary_email as primaryEmail,
      coalesce(its.net_term_days, (
        select own.net_term_days from invoice_group_accounts as member cross join invoice_groups as own on own.id = member.invoice_group_id
        where member.organization_id = its.organization_id and member.account_id = its.id
      )) as netTermDays,
      customer.name as customerName, customer.primary_email as customerEmail, customer.address as customerAddress,
      ${businessDetailsOf(at.organizationId)} as organization,
      coalesce(${settingOf(at.organizationId, 'ACCOUNT', sql`its.id`, 'tax_id')}, ${settingOf(at.organizationId, 'CUSTOMER', sql`its.customer_id`, 'tax_id')}) as taxId
    from json_each(${at.listed}) as sent
    cross join accounts as its on its.organization_id = ${at.organizationId} and its.id = sent.value
    cross join customers as customer on customer.organization_id = its.organization_id and customer.id = its.customer_id`),
)

/**
 * The query for whom invoices of accounts are about. What an account does not say itself is said by its customer, and the days until an
 * invoice is to be paid by the account, its invoice group, or neither: then it is at once.
 */
export const selectAccountOwners = ({ organizationId }: Pick<Ctx, 'organizationId'>, accountIds: readonly string[]): Statement =>
  accountOwners({ organizationId, listed: JSON.stringify(accountIds) })

/** What the query of `selectAccountOwners` has found, by the ids of the accounts. */
export const readAccountOwners = (rows: readonly unknown[] | undefined): Map<string, InvoiceOwner> =>
  new Map(((rows ?? []) as OwnerRow[]).map((row) => [row.id, ownerOf(row)]))

/** Reads whom an invoice of an account is about. Throws NOT_FOUND. */
export const readAccountOwner = async (ctx: Ctx, accountId: string): Promise<InvoiceOwner> => {
  const owner = readAccountOwners(await ctx.session.rows(selectAccountOwners(ctx, [accountId]))).get(accountId)
  if (!owner) throw notFound('account', accountId)
  return owner
}

interface GroupRow {
  name: string
  email: string
  consolidates: number
  netTermDays: number | null
  invoiceCurrency: string
  address: string
  status: string
  version: number
  organization: string | null
  taxId: string | null
}

/** The query for whom invoices of an invoice group are about. */
export const selectGroupOwner = ({ organizationId }: Pick<Ctx, 'organizationId'>, groupId: string): Statement =>
  selectRows(sql`
    select name, email, daily_invoice_consolidation as consolidates, net_term_days as netTermDays, invoice_currency as invoiceCurrency, address, status,
      version, ${businessDetailsOf(organizationId)} as organization, ${settingOf(organizationId, 'INVOICE_GROUP', sql`${groupId}`, 'tax_id')} as taxId
    from invoice_groups where organization_id = ${organizationId} and id = ${groupId}`)

/** What the query of `selectGroupOwner` has found. Throws NOT_FOUND. */
export const readGroupOwnerRow = (groupId: string, [found]: readonly unknown[]): InvoiceOwner & { version: number } => {
  const row = found as GroupRow | undefined
  if (!row) throw notFound('invoice group', groupId)
  const { name, email, invoiceCurrency } = row
  const invoiceGroup = {
    id: groupId,
    name,
    email,
    dailyInvoiceConsolidation: row.consolidates === 1,
    invoiceCurrency,
    address: JSON.parse(row.address) as Address,
  }
  return {
    id: groupId,
    accountId: null,
    customerId: null,
    currency: invoiceCurrency,
    isArchived: row.status === 'ARCHIVED',
    createdAt: 0,
    netTermDays: row.netTermDays ?? 0,
    details: { invoiceGroup, ...organizationOf(row) },
    taxId: row.taxId,
    version: row.version,
  }
}

/** Reads whom an invoice of an invoice group is about. Throws NOT_FOUND. */
export const readGroupOwner = async (ctx: Ctx, groupId: string): Promise<InvoiceOwner> =>
  readGroupOwnerRow(groupId, await ctx.session.rows(selectGroupOwner(ctx, groupId)))
