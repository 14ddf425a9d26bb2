import { sql } from 'drizzle-orm'
import { requireReadable } from '../../customers/accounts/service.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type KindedGeneration, ledgerOfAccount, selectGenerations } from '../../ledger/client.ts'
import { notFound } from '../../lib/errors.ts'

/** An account whose credits are read. */
export interface EntitledAccount {
  id: string
  customerId: string
  createdAt: number
  isArchived: boolean
  /** The name of its ledger. */
  ledger: string
}

/** Reads an account, and a feature if one is named. Throws FORBIDDEN for a portal token that cannot read the account, and NOT_FOUND. */
export const readEntitledAccount = async (ctx: Ctx, accountId: string, featureId?: string): Promise<EntitledAccount> => {
  const { organizationId } = ctx
  const [found, generations, feature] = await ctx.session.batch([
    selectRows(sql`
      select id, customer_id as customerId, created_at as createdAt, status = 'ARCHIVED' as isArchived from accounts where organization_id = ${organizationId} and id = ${accountId}`),
    selectGenerations(organizationId),
    ...(featureId === undefined
      ? []
      : [selectRows(sql`select 1 from features where organization_id = ${organizationId} and id = ${featureId}`)]),
  ])
  const [account] = (found?.results ?? []) as (Omit<EntitledAccount, 'ledger' | 'isArchived'> & { isArchived: 0 | 1 })[]
  requireReadable(ctx, account, accountId)
  if (featureId !== undefined && !feature?.results.length) throw notFound('feature', featureId)
  const own = ((generations?.results ?? []) as KindedGeneration[]).filter(({ kind }) => kind === 'ACCOUNT')
  return { ...account, isArchived: account.isArchived === 1, ledger: ledgerOfAccount(organizationId, own, account) }
}
