import { and, eq, sql } from 'drizzle-orm'
import type { Ctx } from '../context.ts'
import type { Conflict, Locate } from '../db/commit.ts'
import { insertRows, qualified } from '../db/rows.ts'
import { notFound } from '../lib/errors.ts'
import { newId, uuidv7 } from '../lib/ids.ts'
import type { CreateEntitySetting } from '../settings/schema.ts'
import { settingRows, settingsOf } from '../settings/service.ts'
import { holdsAt, rangesOf } from './aliases.ts'
import type { Account, CreateAccountRequestWithoutCustomerId } from './schema.ts'
import { accountAliases, accounts } from './table.ts'

type AccountRow = typeof accounts.$inferSelect

interface Held {
  aliases: string[]
  settings: CreateEntitySetting[]
}

/** The account as the API shows it; what was never given is left out. */
const show = (row: AccountRow, { aliases, settings }: Held): Account => ({
  id: row.id,
  togaiAccountId: row.togaiAccountId,
  customerId: row.customerId,
  togaiCustomerId: row.togaiCustomerId,
  name: row.name,
  invoiceCurrency: row.invoiceCurrency,
  status: row.status,
  ...(row.primaryEmail !== null && { primaryEmail: row.primaryEmail }),
  ...(row.address && { address: row.address }),
  ...(row.billingInformation && { billingInformation: row.billingInformation }),
  ...(row.netTermDays !== null && { netTermDays: row.netTermDays }),
  ...(row.metadata && { metadata: row.metadata }),
  ...(row.tags && { tags: row.tags }),
  aliases: aliases.map((alias) => ({ alias, status: 'ACTIVE' })),
  settings,
})

/** The rows and the answer of a new account; the caller commits the statements with those of the customer. */
export const newAccount = (ctx: Ctx, customer: { id: string; togaiCustomerId: string }, input: CreateAccountRequestWithoutCustomerId) => {
  const { organizationId, now } = ctx
  const ranges = rangesOf(input)
  const row: AccountRow = {
    togaiAccountId: newId('account', now),
    organizationId,
    togaiCustomerId: customer.togaiCustomerId,
    customerId: customer.id,
    id: input.id,
    name: input.name,
    invoiceCurrency: input.invoiceCurrency ?? ctx.baseCurrency,
    netTermDays: input.netTermDays ?? null,
    address: input.address ?? null,
    primaryEmail: input.primaryEmail ?? null,
    billingInformation: input.billingInformation ?? null,
    metadata: input.metadata ?? null,
    tags: input.tags ?? null,
    status: input.status ?? 'ACTIVE',
    createdAt: now,
    updatedAt: now,
  }
  const aliasRows = ranges.map(({ value, from, until }, index) => ({
    id: uuidv7(now, index),
    organizationId,
    togaiAccountId: row.togaiAccountId,
    value,
    effectiveFrom: from,
    effectiveUntil: until,
    createdAt: now,
    updatedAt: now,
  }))
  return {
    statements: [ctx.db.insert(accounts).values(row), ...(aliasRows.length ? [insertRows(ctx.db, accountAliases, aliasRows)] : [])],
    settings: settingRows(ctx, 'ACCOUNT', row.id, input.settings),
    account: show(row, {
      aliases: ranges.filter((range) => holdsAt(range, now)).map(({ value }) => value),
      settings: input.settings ?? [],
    }),
  }
}

/** Where the request for an account has the value that a conflict names. */
export const locateInAccount = (input: CreateAccountRequestWithoutCustomerId, prefix: string): Locate => {
  const ofAlias = (value: string) => {
    const index = input.aliases?.indexOf(value) ?? -1
    if (index >= 0) return `${prefix}aliases[${index}]`
    return `${prefix}accountAliases[${input.accountAliases?.findIndex((alias) => alias.value === value)}].value`
  }
  const places: Partial<Record<Conflict, (value: string) => string>> = {
    ACCOUNT_ID_TAKEN: () => `${prefix}id`,
    ACCOUNT_ID_IS_ALIAS: () => `${prefix}id`,
    ALIAS_IS_ACCOUNT_ID: ofAlias,
    ALIAS_TAKEN: ofAlias,
    TOO_MANY_ALIASES: ofAlias,
  }
  return (conflict, value) => places[conflict]?.(value)
}

/** The account with the caller's id `id`, with the aliases that hold at `effectiveOn` (milliseconds; now when left out). */
export const getAccount = async (
  ctx: Ctx,
  id: string,
  { effectiveOn = ctx.now }: { effectiveOn?: number | undefined } = {},
): Promise<Account> => {
  const [found] = await ctx.db
    .select({
      row: accounts,
      aliases: sql<string>`(
        select json_group_array(${accountAliases.value} order by ${accountAliases.id}) from ${accountAliases}
        where ${accountAliases.togaiAccountId} = ${qualified(accounts.togaiAccountId)}
          and ${accountAliases.effectiveFrom} <= ${effectiveOn} and ${accountAliases.effectiveUntil} > ${effectiveOn}
      )`.mapWith(JSON.parse),
      settings: settingsOf('ACCOUNT', accounts),
    })
    .from(accounts)
    .where(and(eq(accounts.organizationId, ctx.organizationId), eq(accounts.id, id)))
  if (!found) throw notFound('account', id)
  return show(found.row, found)
}
