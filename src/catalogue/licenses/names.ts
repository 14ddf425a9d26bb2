import { sql } from 'drizzle-orm'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import {
  type KindedGeneration,
  type NamedEntry,
  accountLedgersOf,
  askAccounts,
  askAll,
  compareEntries,
  ledgerOfAccount,
  selectGenerations,
} from '../../ledger/client.ts'
import { LEDGER_PAGE, closePage, openPage } from '../../lib/page.ts'
import { iso } from '../../lib/time.ts'
import type { LicensedName } from '../../rating/licenses.ts'
import type { GetNamedLicenseUpdatesQuery, NamedLicenseUpdate, NamedLicenseUpdatesPaginatedResponse } from './schema.ts'
import { accountsIn, licenseIn, selectOwnAccounts } from './scope.ts'
import { shortToken } from './token.ts'

/** The id of an entry: that of the event that began it, with another prefix. */
const EVENT = 'event.'
const ENTRY = 'named_license_entry.'

const idOf = (reference: string): string => `${ENTRY}${reference.slice(EVENT.length)}`

const showEntry = ({ reference, account, license, name, from, until, createdAt, updatedAt }: NamedEntry): NamedLicenseUpdate => ({
  id: idOf(reference),
  licenseId: license,
  accountId: account,
  name,
  effectiveFrom: iso(from),
  ...(until !== null && { effectiveUntil: iso(until) }),
  createdAt: iso(createdAt),
  updatedAt: iso(updatedAt),
})

/** Lists the times in which names have licences, page by page, the newest arrivals first. */
export const getNamedLicenseUpdates = async (
  ctx: Ctx,
  query: GetNamedLicenseUpdatesQuery,
): Promise<Reply<NamedLicenseUpdatesPaginatedResponse>> => {
  const { account_id: account, name, nextToken, pageSize } = query
  const token = shortToken(ENTRY)
  const page = await openPage(
    ctx,
    {
      ...LEDGER_PAGE,
      token,
      sortable: [],
      sort: [
        ['created_at', 'DESC'],
        ['id', 'ASC'],
      ],
    },
    { nextToken, pageSize, account_id: account, license_id: licenseIn(query), name: name?.normalize('NFC') },
  )
  const { filters, after, size } = page
  const asked = filters['account_id']
  const [generations, own] = await ctx.session.batch([
    selectGenerations(ctx.organizationId),
    ...(ctx.portal ? [selectOwnAccounts(ctx, asked)] : []),
  ])
  const accounts = accountsIn(ctx, asked, own?.results)
  const [license, its] = [filters['license_id'], filters['name']]
  const found = await askAll(accountLedgersOf(ctx, (generations?.results ?? []) as KindedGeneration[]), (ledger) =>
    askAccounts(ctx, ledger, (one) =>
      one.listEntries({
        ...(accounts && { accounts }),
        ...(license !== undefined && { license }),
        ...(its !== undefined && { name: its }),
        ...(after && { after: [Number(after[0]), `${EVENT}${String(after[1]).slice(ENTRY.length)}`] }),
        limit: size + 1,
      }),
    ),
  )
  const { visible, ...next } = await closePage(
    ctx,
    page,
    found.flat().toSorted(compareEntries),
    (entry, field) => (field === 'created_at' ? entry.createdAt : idOf(entry.reference)),
    { token },
  )
  return { answer: { data: visible.map(showEntry), ...next } }
}

/** The names that have licences of an account at any instant from `from` until before `until` (milliseconds), by the ids of add-ons. */
export const readLicensedNames = async (ctx: Ctx, accountId: string, from: number, until: number): Promise<Map<string, LicensedName[]>> => {
  const [kinded, accounts] = await ctx.session.batch([
    selectGenerations(ctx.organizationId),
    selectRows(sql`select id, created_at as createdAt from accounts where organization_id = ${ctx.organizationId} and id = ${accountId}`),
  ])
  const generations = ((kinded?.results ?? []) as KindedGeneration[]).filter(({ kind }) => kind === 'ACCOUNT')
  const [account] = (accounts?.results ?? []) as { id: string; createdAt: number }[]
  if (!account || !generations.length) return new Map()
  const ledger = ledgerOfAccount(ctx.organizationId, generations, account)
  const spans = await askAccounts(ctx, ledger, (one) => one.readLicenses(from, until, [accountId]))
  const byLicense = Map.groupBy(spans, ({ license }) => license)
  return new Map(
    Array.from(byLicense, ([license, its]) => [
      license,
      its.map((span): LicensedName => ({ name: span.name, from: span.from, until: span.until })),
    ]),
  )
}
