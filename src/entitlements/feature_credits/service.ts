import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { askAccounts } from '../../ledger/client.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { LEDGER_PAGE, closePage, openPage } from '../../lib/page.ts'
import { readEntitledAccount } from './queries.ts'
import type { GetFeatureCreditEntriesPaginatedResponse, GetFeatureCreditsResponse, ListFeatureCreditEntriesQuery } from './schema.ts'
import { showEntry } from './show.ts'

export { updateFeatureCreditEntry, voidFeatureCreditEntry } from './change.ts'
export { readEntitledAccount } from './queries.ts'

/** Reads the credits of a feature that an account has now. */
export const getFeatureCredits = async (ctx: Ctx, accountId: string, featureId: string): Promise<Reply<GetFeatureCreditsResponse>> => {
  const { ledger } = await readEntitledAccount(ctx, accountId, featureId)
  const [found] = await askAccounts(ctx, ledger, (its) => its.readBalances(accountId, ctx.now, featureId))
  const { granted, balance, usedOverage, overageLimit } = found ?? { granted: '0', balance: '0', usedOverage: '0' }
  return {
    answer: {
      accountId,
      featureId,
      granted: jsonNumber(granted),
      balance: jsonNumber(balance),
      ...(typeof overageLimit === 'string' && { overageLimit: jsonNumber(overageLimit) }),
      usedOverage: jsonNumber(usedOverage),
    },
  }
}

/** Lists the credits of a feature that an account has and had, those that begin last first, page by page. */
export const listFeatureCreditEntries = async (
  ctx: Ctx,
  accountId: string,
  featureId: string,
  query: ListFeatureCreditEntriesQuery,
): Promise<Reply<GetFeatureCreditEntriesPaginatedResponse>> => {
  const page = await openPage(
    ctx,
    {
      ...LEDGER_PAGE,
      sortable: [],
      sort: [
        ['from', 'DESC'],
        ['id', 'DESC'],
      ],
    },
    query,
    accountId,
  )
  const { ledger } = await readEntitledAccount(ctx, accountId, featureId)
  const { after, size } = page
  const found = await askAccounts(ctx, ledger, (its) =>
    its.listFeatureEntries({
      account: accountId,
      feature: featureId,
      ...(after && { after: [Number(after[0]), String(after[1])] }),
      limit: size + 1,
    }),
  )
  const { visible, ...next } = await closePage(ctx, page, found, ({ from, id }, field) => (field === 'from' ? from : id), {
    within: accountId,
  })
  return { answer: { data: visible.map((entry) => showEntry(entry, ctx.now)), ...next } }
}
