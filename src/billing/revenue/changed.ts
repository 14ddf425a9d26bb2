import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type ChangedAccount, type KindedGeneration, accountKey, askAll, askEvents, ledgersOf } from '../../ledger/client.ts'
import { type AccountToKeep, keepRevenue } from './keep.ts'

/** The kinds of due work for accounts that are to be reckoned: from what can still change on, or from an instant on. */
export const REVENUE = 'REVENUE'
export const REVENUE_AGAIN = 'REVENUE_AGAIN'

/** The account that the subject of a due row means. */
export const readSubject = ({ kind, subject }: { kind: string; subject: string }): AccountToKeep => {
  if (kind === REVENUE) return { accountId: subject }
  const space = subject.indexOf(' ')
  return { accountId: subject.slice(space + 1), since: Number(subject.slice(0, space)) }
}

/** Accounts whose events changed, by the ledgers that say so. */
interface ChangedEvents {
  accountIds: string[]
  marks: [ledger: string, accounts: ChangedAccount[]][]
}

/** Reads the accounts whose events changed since they were reckoned, at most `most` of each ledger. */
const readChangedEvents = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  most: number,
  accountIds?: readonly string[],
): Promise<ChangedEvents> => {
  const ledgers = generations.filter(({ kind }) => kind === 'EVENT').flatMap((generation) => ledgersOf(ctx, generation))
  const keys = accountIds?.map(accountKey)
  const all = await askAll(ledgers, (name) =>
    askEvents(ctx, name, (ledger) => (keys ? ledger.readChanged(most, keys) : ledger.readChanged(most))),
  )
  const ids = new Set(all.flatMap((accounts) => accounts.map(([account]) => account.slice(1))))
  return { accountIds: [...ids], marks: ledgers.map((ledger, index) => [ledger, all[index] ?? []]) }
}

/** Forgets, in each ledger, that the events of accounts changed. */
const dropMarks = async (ctx: Ctx, { marks }: ChangedEvents, kept: ReadonlySet<string>): Promise<void> => {
  await askAll(
    marks.map(([ledger]) => ledger),
    async (name) => {
      const its = marks.find(([ledger]) => ledger === name)?.[1].filter(([account]) => kept.has(account.slice(1))) ?? []
      if (its.length) await askEvents(ctx, name, (ledger) => ledger.dropChanged(its))
    },
  )
}

/** Reads the accounts that are due to be reckoned because of what changed beside their events, at most `most` of them. */
const readDueAccounts = async (ctx: Ctx, most: number, accountIds: readonly string[] | undefined): Promise<AccountToKeep[]> => {
  const named = accountIds
    ? sql`and iif(kind = ${REVENUE}, subject, substr(subject, instr(subject, ' ') + 1)) in (select value from json_each(${JSON.stringify(accountIds)}))`
    : sql``
  const rows = await ctx.session.rows<{ kind: string; subject: string }>(
    selectRows(sql`
      select kind, subject from due
      where organization_id = ${ctx.organizationId} and kind in (${REVENUE}, ${REVENUE_AGAIN}) ${named} limit ${most}`),
  )
  return rows.map(readSubject)
}

/**
 * Reckons accounts that have changed since they were reckoned, at most `most` of them. Gives whether there may be more. `accountIds` are those
 * that matter, if not all do.
 */
export const keepChanged = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  { most, accountIds, withDue }: { most: number; accountIds?: readonly string[] | undefined; withDue: boolean },
): Promise<boolean> => {
  const [changed, due] = await Promise.all([
    readChangedEvents(ctx, generations, most, accountIds),
    withDue ? readDueAccounts(ctx, most, accountIds) : [],
  ])
  const ids = [...new Set([...due.map(({ accountId }) => accountId), ...changed.accountIds])]
  const chosen = new Set(ids.slice(0, most))
  const asked = [...[...chosen].map((accountId) => ({ accountId })), ...due.filter(({ accountId }) => chosen.has(accountId))]
  const cut = await keepRevenue(ctx, generations, asked)
  await dropMarks(ctx, changed, chosen.difference(cut))
  return cut.size > 0 || ids.length > most || changed.marks.some(([, accounts]) => accounts.length === most)
}
