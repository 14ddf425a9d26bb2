import { sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleAllDue, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { accountKey, askEvents, ledgersOf } from '../../ledger/client.ts'
import { forgetAccounts } from './accounts.ts'
import { SETTLED_AFTER, matchGenerations } from './generations.ts'
import { type Generation, forgetOrganization } from './memory.ts'

interface LedgersToTell {
  version: number
  generations: Generation[]
}

/** The version of an organization, and the ledgers that must be told. */
export const readLedgersToTell = async (ctx: Ctx): Promise<LedgersToTell> => {
  const [organization, generations] = await ctx.session.batch([
    selectRows(sql`select version from organizations where id = ${ctx.organizationId}`),
    selectRows(sql`
      select generation, ledgers, started_at as startedAt, ended_at as endedAt, first_hour as firstHour, last_hour as lastHour
      from ledger_generations where organization_id = ${ctx.organizationId} and kind = 'EVENT' order by generation`),
  ])
  const [row] = (organization?.results ?? []) as { version: number }[]
  return { version: row?.version ?? 0, generations: (generations?.results ?? []) as Generation[] }
}

/** Tells every ledger of an organization its version, and those of accounts by their keys. */
export const tellLedgers = async (ctx: Ctx, { version, generations }: LedgersToTell, accounts: Record<string, number>): Promise<void> => {
  const names = generations.flatMap((generation) => ledgersOf(ctx, generation))
  await Promise.all(names.map((name) => askEvents(ctx, name, (ledger) => ledger.tell(version, accounts))))
}

const settle = (ctx: Ctx, row: Due, statements: Parameters<typeof commit>[1]['statements'] = []) =>
  commit(ctx, { statements: [...settleDue(ctx, row), ...statements], changes: [], answer: {} })

/** The statements that store the first and last hour of events in generations that have ended and take none any more. */
const keepSpans = async (ctx: Ctx, generations: readonly Generation[]) => {
  const ended = generations.filter(({ endedAt, firstHour }) => endedAt !== null && endedAt <= ctx.now - SETTLED_AFTER && firstHour === null)
  return Promise.all(
    ended.map(async (generation) => {
      const spans = await Promise.all(ledgersOf(ctx, generation).map((name) => askEvents(ctx, name, (ledger) => ledger.readSpan())))
      const known = spans.filter((span) => span !== undefined)
      const first = known.length ? Math.min(...known.map((span) => span.first)) : 0
      const last = known.length ? Math.max(...known.map((span) => span.last)) : 0
      return selectRows(sql`
        update ledger_generations set first_hour = ${first}, last_hour = ${last}
        where organization_id = ${ctx.organizationId} and kind = 'EVENT' and generation = ${generation.generation}`)
    }),
  )
}

/** Tells every ledger of an organization the new version, so that it refuses requests that used outdated data. */
export const tellOrganizationVersion = async (ctx: Ctx, row: Due): Promise<void> => {
  forgetOrganization(ctx.organizationId)
  const told = await readLedgersToTell(ctx)
  await tellLedgers(ctx, told, {})
  await settle(ctx, row, await keepSpans(ctx, told.generations))
}

/** Tells every ledger of an organization the versions of accounts that have changed. */
export const tellAccountVersions = async (ctx: Ctx, rows: readonly Due[]): Promise<void> => {
  const ids = rows.map(({ subject }) => subject)
  forgetAccounts(ctx, ids)
  const told = await readLedgersToTell(ctx)
  const accounts = await ctx.session.rows<{ id: string; version: number }>(
    selectRows(sql`
      select its.id, its.version from json_each(${JSON.stringify(ids)}) as sent
      cross join accounts as its on its.organization_id = ${ctx.organizationId} and its.id = sent.value`),
  )
  const versions = Object.fromEntries(accounts.map(({ id, version }) => [accountKey(id), version]))
  if (accounts.length) await tellLedgers(ctx, told, versions)
  await commit(ctx, {
    statements: settleAllDue(
      ctx,
      rows.map((row) => ({ row })),
    ),
    changes: [],
    answer: {},
  })
}

/** Tells every ledger of an organization the version of an account that has changed. */
export const tellAccountVersion = (ctx: Ctx, row: Due): Promise<void> => tellAccountVersions(ctx, [row])

/** Makes the database and the first ledger of an organization agree on the generations, even after one of them was restored. */
export const matchLedgerGenerations = async (ctx: Ctx, row: Due): Promise<void> => {
  await matchGenerations(ctx)
  forgetOrganization(ctx.organizationId)
  await settle(ctx, row)
}
