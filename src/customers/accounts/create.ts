import { sql } from 'drizzle-orm'
import { type Draft, type Reply, combineDrafts, commit } from '../../db/commit.ts'
import type { Locate } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { insertInto } from '../../db/statements.ts'
import { fold } from '../../lib/fold.ts'
import { newId } from '../../lib/ids.ts'
import { FOREVER } from '../../lib/time.ts'
import { customers } from '../customers/table.ts'
import { draftSettings } from '../settings/service.ts'
import { type NewAccountRow, describeAccountChange, foldedOf, dueForNewNames, showNewAccount, tagOfAccount } from './account.ts'
import { insertAliases } from './queries.ts'
import { namesAt, rangesOf } from './ranges.ts'
import type { Account, CreateAccountRequest, CreateAccountRequestWithoutCustomerId } from './schema.ts'
import { accounts } from './table.ts'

/** Inserts accounts. The database finds our own id of the customer that the caller names. */
const insertAccounts = insertInto(accounts, {
  togaiCustomerId: ({ organizationId, customerId }) => sql`(
    select ${customers.togaiCustomerId} from ${customers}
    where ${customers.organizationId} = ${organizationId} and ${customers.id} = ${customerId}
  )`,
})

/** Finds the path in the request of the value that a conflict names. For an alias, it is the range with the same end. */
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

const newRow = (ctx: Ctx, customerId: string, input: CreateAccountRequestWithoutCustomerId): NewAccountRow => ({
  togaiAccountId: newId('ACCOUNT', ctx.now),
  organizationId: ctx.organizationId,
  customerId,
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
  createdAt: ctx.now,
  updatedAt: ctx.now,
  invoiceCurrencyGiven: input.invoiceCurrency !== undefined,
  version: 1,
  idFolded: fold(input.id),
  ...foldedOf({ name: input.name, primaryEmail: input.primaryEmail ?? null }),
  beforeArchive: null,
})

/** Drafts a new account with its aliases and settings. `prefix` is the path of the account in the request. */
export const draftAccount = (
  ctx: Ctx,
  customer: { id: string; togaiCustomerId?: string },
  input: CreateAccountRequestWithoutCustomerId,
  prefix: string,
): Draft<Omit<Account, 'togaiCustomerId'>> => {
  const { settings = [] } = input
  const row = newRow(ctx, customer.id, input)
  const ranges = rangesOf(input)
  return combineDrafts(
    {
      statements: [insertAccounts([row]), ...(ranges.length ? [insertAliases(ctx, row.togaiAccountId, ranges, FOREVER.from)] : [])],
      changes: [describeAccountChange(undefined, { ...row, ...customer, id: row.id }, [[], ranges])],
      answer: showNewAccount(row, { aliases: namesAt(ranges, ctx.now), settings }),
      tag: tagOfAccount(row, ranges, ctx.now),
      exists: 'ACCOUNT_ID_TAKEN',
      due: row.status === 'ACTIVE' ? [dueForNewNames(ctx, row.id)] : [],
      locate: locateInAccount(input, prefix),
    },
    draftSettings(ctx, 'ACCOUNT', row.id, settings, prefix),
  )
}

/** Creates an account of a customer, with its aliases and settings. */
export const createAccount = (ctx: Ctx, { customerId, ...input }: CreateAccountRequest): Promise<Reply<Account>> => {
  const draft = draftAccount(ctx, { id: customerId }, input, '')
  const { togaiAccountId } = draft.answer
  const togaiCustomerId = sql`(select ${accounts.togaiCustomerId} from ${accounts} where ${accounts.togaiAccountId} = ${togaiAccountId})`
  return commit<Account, 'togaiCustomerId'>(ctx, { ...draft, fromDatabase: { togaiCustomerId } })
}
