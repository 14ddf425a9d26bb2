import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { formatDecimal, requireDecimal, subtract, sumDecimals } from '../../lib/decimal.ts'

/** What is left at an instant of the credits that are in force then, in the currency of the account, and when that changes though nothing is paid (milliseconds). */
export interface CreditsLeft {
  available: string
  changesAt: number | null
}

interface FoundCredit {
  accountId: string
  amount: string
  consumed: string
  from: number
  until: number | null
}

/** Reads the credits of accounts that are in force at an instant (milliseconds), or will be, and which of the accounts have had any. */
const selectCredits = (organizationId: string, listed: string, at: number) => [
  selectRows(sql`
    select its.account_id as accountId, its.amount, its.consumed, its.effective_from as "from", its.effective_until as "until"
    from json_each(${listed}) as sent
    cross join accounts as account on account.organization_id = ${organizationId} and account.id = sent.value
    cross join credits as its on its.organization_id = ${organizationId} and its.account_id = account.id and its.status = 'ACTIVE'
    where its.unit = account.invoice_currency and (its.effective_until is null or its.effective_until > ${at})`),
  selectRows(sql`
    select sent.value as id from json_each(${listed}) as sent
    where exists (
      select 1 from credits where organization_id = ${organizationId} and account_id = sent.value and effective_from <= ${at}
    )`),
]

/** Reads what is left of the credits of accounts, by their ids: of those only that have had some. */
export const readCreditsLeft = async (ctx: Ctx, accountIds: readonly string[], at: number): Promise<Map<string, CreditsLeft>> => {
  const [found, had] = await ctx.session.batch<object>(selectCredits(ctx.organizationId, JSON.stringify([...new Set(accountIds)]), at))
  const credits = Map.groupBy((found?.results ?? []) as FoundCredit[], ({ accountId }) => accountId)
  return new Map(
    ((had?.results ?? []) as { id: string }[]).map(({ id }) => {
      const its = credits.get(id) ?? []
      const left = its
        .filter(({ from }) => from <= at)
        .map(({ amount, consumed }) => formatDecimal(subtract(requireDecimal(amount), requireDecimal(consumed))))
      const changes = its.flatMap(({ from, until }) => (from > at ? [from] : until === null ? [] : [until]))
      return [id, { available: sumDecimals(left), changesAt: changes.length ? Math.min(...changes) : null }]
    }),
  )
}
