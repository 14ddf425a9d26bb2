import { getTableColumns, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, prepare, selection } from '../../db/statements.ts'
import { type FeatureEntryRow, featureEntries } from './table.ts'

const readRows = selection(getTableColumns(featureEntries))

/** Reads what a query for entries has found. */
export const readEntryRows = (rows: readonly unknown[] | undefined): FeatureEntryRow[] =>
  readRows.read((rows ?? []) as Record<string, unknown>[])

const ofCycles = prepare(['organizationId', 'sent'], (at) =>
  builder
    .select(readRows.selected)
    .from(featureEntries)
    .where(
      sql`${featureEntries.organizationId} = ${at.organizationId} and ${featureEntries.cycleAt} is not null
        and ${featureEntries.accountId} in (select value ->> 0 from json_each(${at.sent})) and exists (
          select 1 from json_each(${at.sent}) as sent where sent.value ->> 0 = ${featureEntries.accountId} and (
            sent.value ->> 1 = ${featureEntries.cycleAt}
            or (${featureEntries.source} = 'OVERAGE' and ${featureEntries.cycleAt} < sent.value ->> 1 and sent.value ->> 1 < ${featureEntries.effectiveUntil})
          )
        )`,
    ),
)

/** The query for what cycles of accounts have granted, by the first instants of the cycles (milliseconds), and for overage that goes on in them. */
export const selectEntriesOfCycles = (
  { organizationId }: Pick<Ctx, 'organizationId'>,
  places: readonly (readonly [accountId: string, cycleAt: number])[],
): Statement => ofCycles({ organizationId, sent: JSON.stringify(places) })

const toCarry = prepare(['organizationId', 'sent', 'limit'], (at) =>
  builder
    .select(readRows.selected)
    .from(featureEntries)
    .where(
      sql`${featureEntries.organizationId} = ${at.organizationId} and ${featureEntries.accountId} in (select value from json_each(${at.sent}))
        and (${featureEntries.carried} < ${featureEntries.version} or ${featureEntries.asked} is not null)`,
    )
    .limit(at.limit as unknown as number),
)

/** The query for entries of accounts that their ledgers do not have as they are. */
export const selectEntriesToCarry = (
  { organizationId }: Pick<Ctx, 'organizationId'>,
  accountIds: readonly string[],
  limit: number,
): Statement => toCarry({ organizationId, sent: JSON.stringify(accountIds), limit })

const one = prepare(['organizationId', 'accountId', 'featureId', 'id'], (at) =>
  builder
    .select(readRows.selected)
    .from(featureEntries)
    .where(
      sql`${featureEntries.organizationId} = ${at.organizationId} and ${featureEntries.accountId} = ${at.accountId}
        and ${featureEntries.featureId} = ${at.featureId} and ${featureEntries.id} = ${at.id}`,
    ),
)

/** Reads an entry as it was granted. Undefined if there is none. */
export const readEntryRow = async (ctx: Ctx, accountId: string, featureId: string, id: string): Promise<FeatureEntryRow | undefined> =>
  readEntryRows(await ctx.session.rows(one({ organizationId: ctx.organizationId, accountId, featureId, id })))[0]
