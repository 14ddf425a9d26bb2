import { type Placeholder, and, eq, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { builder, prepare, qualified } from '../../db/statements.ts'
import { uuidv7 } from '../../lib/ids.ts'
import { invoiceGroupAccounts, invoiceGroups } from '../invoice_groups/table.ts'
import type { CreateEntitySetting } from '../settings/schema.ts'
import { settingsOf } from '../settings/service.ts'
import type { AliasRange, AskedRange } from './ranges.ts'
import type { Account } from './schema.ts'
import { accountAliases, accounts } from './table.ts'

/** The aliases of each account that are in effect at `instant` (milliseconds), in the order in which they were added. */
export const aliasesAt = (instant: number | Placeholder) =>
  sql<string>`(
    select json_group_array(${accountAliases.value} order by ${accountAliases.id}) from ${accountAliases}
    where ${accountAliases.togaiAccountId} = ${qualified(accounts.togaiAccountId)}
      and ${accountAliases.effectiveFrom} <= ${instant} and ${accountAliases.effectiveUntil} > ${instant}
  )`

/** The columns of an account: its row, its settings, and the aliases in effect at `instant` (milliseconds). */
export const accountAt = (instant: number) => ({
  row: accounts,
  aliases: aliasesAt(instant).mapWith((json: string) => JSON.parse(json) as string[]),
  settings: settingsOf('ACCOUNT', accounts).mapWith((json: string) => JSON.parse(json) as CreateEntitySetting[]),
})

/** `boundariesPassed` in SQL, for each account at `instant` (milliseconds). */
export const boundariesPassedAt = (instant: number) =>
  sql<number>`(
    select count(*) filter (where ${accountAliases.effectiveFrom} <= ${instant}) + count(*) filter (where ${accountAliases.effectiveUntil} <= ${instant})
    from ${accountAliases} where ${accountAliases.togaiAccountId} = ${qualified(accounts.togaiAccountId)}
  )`

/** All alias ranges of an account, including past and future ones, with their ids. */
export const everyAlias = sql`(
    select json_group_array(json_array(${accountAliases.id}, ${accountAliases.value}, ${accountAliases.effectiveFrom}, ${accountAliases.effectiveUntil}) order by ${accountAliases.id})
    from ${accountAliases} where ${accountAliases.togaiAccountId} = ${qualified(accounts.togaiAccountId)}
  )`.mapWith((json: string): (AliasRange & { id: string })[] =>
  (JSON.parse(json) as [string, string, number, number][]).map(([id, value, from, until]) => ({ id, value, from, until })),
)

/** The invoice group of each account as the account shows it, and its version. Null if there is none. */
export const groupDetails = sql`(
    select json_object(
      'id', ${qualified(invoiceGroups.id)}, 'name', ${invoiceGroups.name}, 'email', ${invoiceGroups.email},
      'dailyInvoiceConsolidation', json(iif(${invoiceGroups.dailyInvoiceConsolidation}, 'true', 'false')),
      'version', ${qualified(invoiceGroups.version)}, 'netTermDays', ${invoiceGroups.netTermDays}, 'invoiceCurrency', ${invoiceGroups.invoiceCurrency}, 'billingAddress', json(${invoiceGroups.address})
    )
    from ${invoiceGroupAccounts} join ${invoiceGroups} on ${qualified(invoiceGroups.id)} = ${invoiceGroupAccounts.invoiceGroupId}
    where ${qualified(invoiceGroupAccounts.organizationId)} = ${qualified(accounts.organizationId)} and ${invoiceGroupAccounts.accountId} = ${qualified(accounts.id)}
  )`.mapWith((json: string): { version: number; details: NonNullable<Account['invoiceGroupDetails']> } | null => {
  const { version, netTermDays, ...group } = JSON.parse(json) as NonNullable<Account['invoiceGroupDetails']> & { version: number }
  return { version, details: { ...group, ...(netTermDays !== null && { netTermDays }) } }
})

export const isAccount = (ctx: Ctx, id: string) => and(eq(accounts.organizationId, ctx.organizationId), eq(accounts.id, id))

const others = accountAliases

const insertSent = prepare(['organizationId', 'togaiAccountId', 'now', 'sent'], ({ organizationId, togaiAccountId, now, sent }) =>
  builder.insert(accountAliases).select(sql`
    select sent.value ->> 0, ${organizationId}, ${togaiAccountId}, sent.value ->> 1,
      coalesce(sent.value ->> 2, max(sent.value ->> 4, coalesce((
        select max(${others.effectiveUntil}) from ${others}
        where ${qualified(others.organizationId)} = ${organizationId} and ${qualified(others.value)} = sent.value ->> 1
          and ${others.effectiveFrom} < ${others.effectiveUntil} and ${others.effectiveUntil} <= min(${now}, sent.value ->> 3 - 1)
      ), 0))),
      sent.value ->> 3, ${now}, ${now}, null
    from json_each(${sent}) as sent
  `),
)

/**
 * The statement that gives an account `ranges`. One that is open begins at `since` (milliseconds),
 * or when the alias was last held by then, so that it can pass from one account to another.
 */
export const insertAliases = (ctx: Ctx, togaiAccountId: string, ranges: readonly AskedRange[], since: number) => {
  const { organizationId, now } = ctx
  const rows = ranges.map(({ value, from, until, open }, index) => [
    uuidv7(now, index),
    value,
    open ? null : from,
    until,
    Math.min(since, until - 1),
  ])
  return insertSent({ organizationId, togaiAccountId, now, sent: JSON.stringify(rows) })
}

/** The statement that sets the ends (milliseconds) of aliases by their ids. A later end makes an alias effective again. */
export const endAliases = (ctx: Ctx, ends: readonly { id: string; until: number }[]) => {
  const sent = JSON.stringify(ends.map(({ id, until }) => [id, until]))
  return builder
    .update(accountAliases)
    .set({
      effectiveUntil: sql`(select value ->> 1 from json_each(${sent}) where value ->> 0 = ${qualified(accountAliases.id)})`,
      updatedAt: ctx.now,
    })
    .where(sql`${accountAliases.id} in (select value ->> 0 from json_each(${sent}))`)
}
