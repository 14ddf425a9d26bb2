import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Change } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { prepare, selectRows } from '../../db/statements.ts'
import type { Billing } from './billings.ts'
import type { WrittenCharge } from './table.ts'

/** Charges that wait for the next invoice of an account that opens. */
export type HeldCharges = readonly WrittenCharge[]

const heldCharges = prepare(['organizationId', 'listed'], (at) =>
  selectRows(sql`
    select account_id as accountId, items, version from account_charges
    where organization_id = ${at.organizationId} and account_id in (select value from json_each(${at.listed}))`),
)

/** The query for the charges that wait for invoices of accounts. */
export const selectHeldCharges = (organizationId: string, accountIds: readonly string[]): Statement =>
  heldCharges({ organizationId, listed: JSON.stringify(accountIds) })

/** What the query of `selectHeldCharges` has found, by the ids of the accounts. */
export const readHeldCharges = (rows: readonly unknown[] | undefined): Map<string, { items: HeldCharges; version: number }> =>
  new Map(
    ((rows ?? []) as { accountId: string; items: string; version: number }[]).map(({ accountId, items, version }) => [
      accountId,
      { items: JSON.parse(items) as HeldCharges, version },
    ]),
  )

/** The charges that wait for an invoice of an account, and how often they have changed until now. */
interface Kept {
  accountId: string
  items: HeldCharges
  version: number
}

/** The statements that keep charges of accounts. Of an account whose charges were changed meanwhile the commit is refused as stale. */
export const writeHeldCharges = ({ organizationId, now }: Pick<Ctx, 'organizationId' | 'now'>, kept: readonly Kept[]): Statement[] =>
  kept.length
    ? [
        selectRows(sql`
          insert into account_charges (organization_id, account_id, items, updated_at, version)
          select ${organizationId}, value ->> 0, value ->> 1, ${now}, (value ->> 2) + 1
          from json_each(${JSON.stringify(kept.map(({ accountId, items, version }) => [accountId, JSON.stringify(items), version]))}) where true
          on conflict (organization_id, account_id) do update
          set items = excluded.items, updated_at = excluded.updated_at, version = excluded.version`),
      ]
    : []

export const recordCharges = (togaiAccountId: string, before: HeldCharges, after: HeldCharges): Change => ({
  type: 'ACCOUNT',
  id: togaiAccountId,
  fields: { miscellaneousCharges: [before, after] },
})

/** What is billed of an account, and the charges that wait when that is done. */
interface Billed {
  billing: Billing
  held: HeldCharges
}

/** The accounts whose charges that wait are others than before. */
const listChanged = (all: readonly Billed[]): readonly Billed[] =>
  all.filter(({ billing, held }) => billing.held.length + held.length > 0 && held !== billing.held)

/** The statements that keep the charges that wait after accounts were billed. */
export const keepHeldCharges = (ctx: Ctx, all: readonly Billed[]): Statement[] =>
  writeHeldCharges(
    ctx,
    listChanged(all).map(({ billing, held }) => ({ accountId: billing.owner.id, items: held, version: billing.heldVersion })),
  )

export const recordHeldCharges = (all: readonly Billed[]): Change[] =>
  listChanged(all).map(({ billing, held }) => recordCharges(billing.timeline.account.togaiAccountId, billing.held, held))
