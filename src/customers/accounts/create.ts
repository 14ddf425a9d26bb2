import { type SQL, sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { customers } from '../customers/table.ts'
import { type Change, commit } from '../../db/commit.ts'
import type { Locate } from '../../db/conflicts.ts'
import { insertInto } from '../../db/prepared.ts'
import type { Fields } from '../../lib/changes.ts'
import { tagOf } from '../../lib/etag.ts'
import { fold } from '../../lib/fold.ts'
import { newId } from '../../lib/ids.ts'
import { FOREVER } from '../../lib/time.ts'
import { insertSettings, settingChanges, settingRows } from '../settings/service.ts'
import { insertAliases } from './queries.ts'
import { rangesOf, turnsAt, written } from './ranges.ts'
import type { Account, CreateAccountRequest, CreateAccountRequestWithoutCustomerId } from './schema.ts'
import { accountChange, folded, namesAt, showAccount } from './service.ts'
import { accounts } from './table.ts'

const insertAccount = insertInto(accounts)

/** The statements of a new account and its answer; the settings are rows, to be kept with those of the customer. */
export const newAccount = (
  ctx: Ctx,
  customer: { id: string; togaiCustomerId: string | SQL<string> },
  input: CreateAccountRequestWithoutCustomerId,
) => {
  const { organizationId, now } = ctx
  const { togaiCustomerId } = customer
  const ranges = rangesOf(input)
  const row = {
    togaiAccountId: newId('account', now),
    organizationId,
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
    invoiceCurrencyGiven: input.invoiceCurrency !== undefined,
    version: 1,
    idFolded: fold(input.id),
    ...folded({ name: input.name, primaryEmail: input.primaryEmail ?? null }),
    beforeArchive: null,
  }
  const { settings = [] } = input
  const beside: Fields = ranges.length ? { accountAliases: [null, written(ranges)] } : {}
  return {
    insert:
      typeof togaiCustomerId === 'string'
        ? insertAccount({ ...row, togaiCustomerId })
        : ctx.session.db.insert(accounts).values({ ...row, togaiCustomerId }),
    aliases: ranges.length ? [insertAliases(ctx, row.togaiAccountId, ranges, FOREVER.from)] : [],
    settings: settingRows(ctx, 'ACCOUNT', row.id, settings),
    show: (customerId: string): Account =>
      showAccount({ ...row, togaiCustomerId: customerId }, { aliases: namesAt(ranges, now), settings }),
    changes: (customerId: string): Change[] => [
      accountChange(undefined, { ...row, togaiCustomerId: customerId }, beside),
      ...settingChanges('ACCOUNT', row.id, settings),
    ],
    tag: tagOf(row.version, turnsAt(ranges, now)),
  }
}

/** Where the request for an account has the value that a conflict names: of an alias the range that ends when the one refused does. */
export const locateInAccount = (input: Parameters<typeof rangesOf>[0], prefix: string): Locate => {
  const plain = input.aliases?.length ?? 0
  const ranges = rangesOf(input)
  return (conflict, [value, , until]) => {
    if (conflict === 'ACCOUNT_ID_TAKEN' || conflict === 'ACCOUNT_ID_IS_ALIAS') return `${prefix}id`
    if (!conflict.includes('ALIAS')) return undefined
    const index = ranges.findIndex((range) => range.value === value && (until === undefined || range.until === Number(until)))
    if (index < 0) return undefined
    return index < plain ? `${prefix}aliases[${index}]` : `${prefix}accountAliases[${index - plain}].value`
  }
}

/** Creates an account of a customer, with its aliases and settings, or nothing. */
export const createAccount = async (ctx: Ctx, { customerId, ...input }: CreateAccountRequest): Promise<Account> => {
  const togaiCustomerId = sql<string>`(
    select ${customers.togaiCustomerId} from ${customers}
    where ${customers.organizationId} = ${ctx.organizationId} and ${customers.id} = ${customerId}
  )`
  const made = newAccount(ctx, { id: customerId, togaiCustomerId }, input)
  return commit(ctx, {
    statements: [made.insert, ...made.aliases, ...insertSettings(ctx, made.settings)],
    changes: made.changes(''),
    answer: made.show(''),
    tag: made.tag,
    exists: 'ACCOUNT_ID_TAKEN',
    locate: locateInAccount(input, ''),
    late: { togaiCustomerId },
  })
}
