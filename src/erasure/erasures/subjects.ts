import { type SQL, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'

/** The customer that is erased, with its organization. */
export interface Subject {
  organizationId: string
  customerId: string
}

export const subjectOf = ({ organizationId }: Pick<Ctx, 'organizationId'>, customerId: string): Subject => ({ organizationId, customerId })

/** Whether an id is that of an account of the customer. */
const isAccountOf = ({ organizationId, customerId }: Subject, id: SQL): SQL => sql`exists (
  select 1 from accounts as owned where owned.organization_id = ${organizationId} and owned.id = ${id} and owned.customer_id = ${customerId}
)`

/** Whether a text was an alias of an account of the customer, and of nobody else's. */
export const isAliasOf = ({ organizationId, customerId }: Subject, value: SQL): SQL => sql`(
  exists (
    select 1 from account_aliases as held join accounts as holder on holder.togai_account_id = held.togai_account_id
    where held.organization_id = ${organizationId} and held.value = ${value} and holder.customer_id = ${customerId}
  ) and not exists (
    select 1 from account_aliases as held join accounts as holder on holder.togai_account_id = held.togai_account_id
    where held.organization_id = ${organizationId} and held.value = ${value} and holder.customer_id <> ${customerId}
  )
)`

/** Whether an id is that of an invoice group that has ended, and all of whose accounts were of the customer. */
export const isGroupOf = (subject: Subject, id: SQL): SQL => sql`(
  exists (select 1 from invoice_groups as ended where ended.organization_id = ${subject.organizationId} and ended.id = ${id} and ended.status = 'ARCHIVED')
  and exists (select 1 from invoice_group_memberships as member where member.invoice_group_id = ${id} and ${isAccountOf(subject, sql`member.account_id`)})
  and not exists (
    select 1 from invoice_group_memberships as member where member.invoice_group_id = ${id} and not ${isAccountOf(subject, sql`member.account_id`)}
  )
)`

/** Whether a part of a JSON text, `part`, has a key beside it in its object, and there a text if one is given. */
const isBeside = (json: SQL, key: string, text?: string): SQL => sql`exists (
  select 1 from json_tree(${json}) as beside where beside.parent = part.parent and beside.key = ${key} ${text ? sql`and beside.atom = ${text}` : sql``}
)`

/**
 * Whether the JSON of an answer or of a webhook names the customer, or what is the customer's. A customer, an account and an event of another
 * customer may have the same id, so that a text counts only under a key, and beside others, that say what it is the id of.
 */
export const namesSubject = (subject: Subject, json: SQL): SQL => {
  const { organizationId, customerId } = subject
  const atom = sql`part.atom`
  const isCustomer = sql`${atom} = ${customerId}`
  return sql`exists (
    select 1 from json_tree(${json}) as part where part.type = 'text' and case
      when part.key = 'customerId' then ${isCustomer}
      when part.key in ('accountId', 'account_id', 'ownerId') then ${isAccountOf(subject, atom)} or ${isAliasOf(subject, atom)} or ${isGroupOf(subject, atom)}
      when part.key in ('id', 'entityId') then case
        when ${isCustomer} and (
          part.path like '%.customer' or ${isBeside(json, 'entityType', 'CUSTOMER')}
          or ${isBeside(json, 'togaiCustomerId')} and not ${isBeside(json, 'togaiAccountId')}
        ) then true
        when ${isAccountOf(subject, atom)} then
          part.path like '%.account' or ${isBeside(json, 'entityType', 'ACCOUNT')} or ${isBeside(json, 'togaiAccountId')}
        else ${isGroupOf(subject, atom)}
      end
      when part.key = 'username' then exists (
        select 1 from contacts as contact where contact.username = ${atom} and contact.organization_id = ${organizationId}
          and contact.customer_id = ${customerId}
      )
      when part.key = 'value' then ${isAliasOf(subject, atom)} and not ${isBeside(json, 'name')}
      when part.key = 'alias' or part.path like '%.aliases' then ${isAliasOf(subject, atom)}
      else false
    end
  )`
}

/** Tables whose rows are of an account or of an invoice group, by the type of their resources in the audit log. */
const OF_OWNERS = { INVOICE: 'invoices', PAYMENT: 'payments' } as const

/** Tables whose rows have the id of the customer, by the type of their resources in the audit log. */
const OF_CUSTOMERS = {
  CREDIT: 'credits',
  PURCHASE: 'purchases',
  REPORT: 'reports',
  REPORT_TEMPLATE: 'report_templates',
  FILE: 'files',
} as const

/** Tables whose rows have the id of the account, by the type of their resources in the audit log. */
const OF_ACCOUNTS = { LICENSE_UPDATE: 'license_updates', ALERT: 'alerts' } as const

/** Whether a row of the audit log, `its`, is about the customer, or about what is the customer's. */
export const isAuditOf = (subject: Subject): SQL => {
  const { organizationId, customerId } = subject
  const findIn = (tables: Readonly<Record<string, string>>, isIts: SQL): SQL[] =>
    Object.entries(tables).map(
      ([type, table]) => sql`when ${type} then exists (
        select 1 from ${sql.identifier(table)} as found where found.id = its.resource_id and found.organization_id = ${organizationId} and ${isIts}
      )`,
    )
  const isOfCustomer = sql`found.customer_id = ${customerId}`
  const found = [
    ...findIn(OF_OWNERS, sql`(${isOfCustomer} or ${isGroupOf(subject, sql`found.owner_id`)})`),
    ...findIn(OF_CUSTOMERS, isOfCustomer),
    ...findIn(OF_ACCOUNTS, isAccountOf(subject, sql`found.account_id`)),
  ]
  return sql`case its.resource_type
    when 'CUSTOMER' then its.resource_id = ${customerId}
    when 'ACCOUNT' then ${isAccountOf(subject, sql`its.resource_id`)}
    when 'CONTACT' then exists (
      select 1 from contacts as contact where contact.username = its.resource_id and contact.organization_id = ${organizationId}
        and contact.customer_id = ${customerId}
    )
    when 'SETTING' then exists (
      select 1 from settings as setting where setting.organization_id = ${organizationId} and setting.id_string = its.resource_id
        and ${isSettingOf(subject, 'setting')}
    )
    when 'ALIAS' then ${isAliasOf(subject, sql`its.resource_id`)}
    when 'INVOICE_GROUP' then ${isGroupOf(subject, sql`its.resource_id`)}
    when 'JOB' then exists (
      select 1 from jobs as job where job.id = its.resource_id and job.organization_id = ${organizationId} and ${isJobOf(subject, 'job')}
    )
    ${sql.join(found, sql` `)}
    else 0 end`
}

/** Whether a setting is kept on the customer, or on what is the customer's. */
export const isSettingOf = (subject: Subject, name: string): SQL => {
  const column = (its: string) => sql`${sql.identifier(name)}.${sql.identifier(its)}`
  return sql`case ${column('entity_type')}
    when 'CUSTOMER' then ${column('entity_id')} = ${subject.customerId}
    when 'ACCOUNT' then ${isAccountOf(subject, column('entity_id'))}
    when 'INVOICE_GROUP' then ${isGroupOf(subject, column('entity_id'))}
    else 0 end`
}

/** Whether a job corrects events of an account of the customer, named by its id or an alias. */
export const isJobOf = (subject: Subject, name: string): SQL => {
  const account = sql`${sql.identifier(name)}.metadata ->> 'accountId'`
  return sql`(
    ${sql.identifier(name)}.type = 'EVENT_CORRECTIONS' and (${isAccountOf(subject, account)} or ${isAliasOf(subject, account)})
  )`
}
