import { sql } from 'drizzle-orm'
import { retryWhenStale } from '../../db/change.ts'
import { type Reply, commit } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { compare, requireDecimal, truncate } from '../../lib/decimal.ts'
import { type ErrorCode, type Fault, refuseFaults } from '../../lib/errors.ts'
import { fingerprintOf, hasFingerprint } from '../../lib/hash.ts'
import { instantOf } from '../../rating/cycle.ts'
import { settleMoneyDue } from '../money_due.ts'
import { readHolds } from './holds.ts'
import { readCreditRows, selectCreditsOfKeys } from './queries.ts'
import type { CreateCreditRequest, CreateCreditResponse, CreditRequest } from './schema.ts'
import { type LiveCredit, showCredit } from './show.ts'
import type { CreditRow } from './table.ts'
import { draftNewCredits, dueOfCredits, newCredit } from './write.ts'

interface Holder {
  id: string
  customerId: string
  status: string
  currency: string
}

/** A time in which a DRAFT can take from credits, in milliseconds. */
interface OpenDraft {
  accountId: string
  startAt: number
  endAt: number
}

interface Found {
  holders: ReadonlyMap<string, Holder>
  drafts: readonly OpenDraft[]
  kept: ReadonlyMap<string | null, LiveCredit>
}

const readFound = async (ctx: Ctx, requests: readonly CreditRequest[]): Promise<Found> => {
  const { organizationId } = ctx
  const listed = JSON.stringify([...new Set(requests.map(({ accountId }) => accountId))])
  const [holders, drafts, kept] = await ctx.session.batch<object>([
    selectRows(sql`
      select id, customer_id as customerId, status, invoice_currency as currency from accounts
      where organization_id = ${organizationId} and id in (select value from json_each(${listed}))`),
    selectRows(sql`
      select account_id as accountId, start_at as startAt, end_at as endAt from invoices
      where organization_id = ${organizationId} and account_id in (select value from json_each(${listed})) and status = 'DRAFT' and applies_credits = 1`),
    selectCreditsOfKeys(
      ctx,
      requests.flatMap(({ idempotencyKey }) => idempotencyKey ?? []),
    ),
  ])
  const rows = readCreditRows(kept?.results) as LiveCredit[]
  return {
    holders: new Map(((holders?.results ?? []) as Holder[]).map((one) => [one.id, one])),
    drafts: (drafts?.results ?? []) as OpenDraft[],
    kept: new Map(rows.map((row) => [row.idempotencyKey, row])),
  }
}

/** What two credits with one key must have in common. */
const contentOf = ({ idempotencyKey: _key, ...content }: CreditRequest) => content

/** Refuses all credits if something is wrong with one of them. */
const refuse = (
  code: ErrorCode,
  requests: readonly CreditRequest[],
  field: keyof CreditRequest,
  find: (request: CreditRequest) => string | undefined,
): void => {
  const faults = requests.flatMap((request, index): Fault[] => {
    const message = find(request)
    return message === undefined ? [] : [{ path: ['creditRequests', index, field], message }]
  })
  refuseFaults(code, faults)
}

const refuseForms = (requests: readonly CreditRequest[]): void => {
  refuse('INVALID', requests, 'creditAmount', ({ creditAmount }) => (creditAmount === undefined ? 'is required' : undefined))
  refuse('INVALID', requests, 'effectiveUntil', ({ effectiveFrom, effectiveUntil }) =>
    effectiveUntil !== undefined && effectiveUntil <= effectiveFrom ? 'must be after effectiveFrom' : undefined,
  )
}

/** Refuses credits of accounts that cannot be given any, but for those that are given already. */
const refuseHolders = (requests: readonly CreditRequest[], holders: Found['holders'], isNew: (request: CreditRequest) => boolean): void => {
  refuse('NOT_FOUND', requests, 'accountId', ({ accountId }) =>
    holders.has(accountId) ? undefined : `the account "${accountId}" does not exist`,
  )
  refuse('CONFLICT', requests, 'accountId', (request) =>
    isNew(request) && holders.get(request.accountId)?.status === 'ARCHIVED' ? `the account "${request.accountId}" is archived` : undefined,
  )
  refuse('INVALID', requests, 'creditAmount', ({ accountId, creditAmount = '0' }) => {
    const { currency = '' } = holders.get(accountId) ?? {}
    const [amount, digits] = [requireDecimal(creditAmount), minorDigitsOf(currency)]
    return compare(truncate(amount, digits), amount) === 0 ? undefined : `must have ${digits} decimals at most, as ${currency} has`
  })
}

/** Whether a credit that has just been made has ended, and no DRAFT is open that it may pay. */
const hasEnded = ({ now }: Ctx, { accountId, effectiveFrom, effectiveUntil }: CreditRow, drafts: readonly OpenDraft[]): boolean =>
  effectiveUntil !== null &&
  effectiveUntil <= now &&
  !drafts.some(
    (draft) => draft.accountId === accountId && draft.startAt < effectiveUntil && Math.max(draft.endAt, draft.startAt + 1) > effectiveFrom,
  )

const makeCredit = async (ctx: Ctx, request: CreditRequest, { customerId, currency }: Holder): Promise<CreditRow> =>
  newCredit(ctx, {
    accountId: request.accountId,
    customerId,
    purpose: request.purpose,
    priority: request.priority,
    amount: request.creditAmount ?? '0',
    unit: currency,
    effectiveFrom: instantOf(request.effectiveFrom),
    effectiveUntil: request.effectiveUntil === undefined ? null : instantOf(request.effectiveUntil),
    applicable: request.applicableEntityIds ?? [],
    grantorId: request.grantorId ?? null,
    ...(request.idempotencyKey !== undefined && {
      idempotencyKey: request.idempotencyKey,
      fingerprint: await fingerprintOf(contentOf(request)),
    }),
  })

/** The statement that refuses the credits as stale if one of their accounts has been archived, or has another currency now. */
const holdHolders = ({ organizationId }: Ctx, rows: readonly CreditRow[]) =>
  refuseWhen(
    'STALE',
    sql`
      select '[]' from json_each(${JSON.stringify(rows.map(({ accountId, unit }) => [accountId, unit]))}) as sent
      cross join accounts as its on its.organization_id = ${organizationId} and its.id = sent.value ->> 0
      where its.status = 'ARCHIVED' or its.invoice_currency <> sent.value ->> 1`,
  )

/** Gives credits to accounts: all of them, or none. One that was made with the same key before is answered as it stands. */
export const createCredits = async (ctx: Ctx, { creditRequests }: CreateCreditRequest): Promise<Reply<CreateCreditResponse>> => {
  refuseForms(creditRequests)
  const accountIds = [...new Set(creditRequests.map(({ accountId }) => accountId))]
  return retryWhenStale(async () => {
    await settleMoneyDue(ctx, accountIds)
    const { holders, drafts, kept } = await readFound(ctx, creditRequests)
    const keptOf = ({ idempotencyKey }: CreditRequest) => (idempotencyKey === undefined ? undefined : kept.get(idempotencyKey))
    const isSame = new Map(
      await Promise.all(
        creditRequests.map(async (request) => {
          const row = keptOf(request)
          return [request, !row || (await hasFingerprint(contentOf(request), row.fingerprint))] as const
        }),
      ),
    )
    refuse('UNPROCESSABLE', creditRequests, 'idempotencyKey', (request) =>
      isSame.get(request) ? undefined : 'was used for another credit. Take a new key.',
    )
    const asked = creditRequests.filter((request) => !keptOf(request))
    refuseHolders(creditRequests, holders, (request) => !keptOf(request))
    const made = new Map<CreditRequest, CreditRow>()
    for (const request of asked) {
      const holder = holders.get(request.accountId)
      if (holder) made.set(request, await makeCredit(ctx, request, holder))
    }
    const rows = [...made.values()]
    const holds = await readHolds(ctx, [...kept.values()])
    const answer = {
      credits: creditRequests.flatMap((request) => {
        const [old, row] = [keptOf(request), made.get(request)]
        if (old) return [showCredit(old, holds.get(old.id))]
        return row ? [showCredit({ ...row, liveStatus: hasEnded(ctx, row, drafts) ? 'EXPIRED' : 'ACTIVE' })] : []
      }),
    }
    if (!rows.length) return { answer }
    const { statements, changes } = draftNewCredits(ctx, rows)
    return commit(ctx, { statements: [holdHolders(ctx, rows), ...statements], changes, answer, due: dueOfCredits(ctx, rows) })
  })
}
