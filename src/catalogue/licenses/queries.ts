import { type SQL, and, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { prepare, selectRows } from '../../db/statements.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import type { LicenseUpdateResponse } from './schema.ts'
import type { licenseUpdates } from './table.ts'

/** What is read of an update of licences. */
export type ReadUpdate = Pick<
  typeof licenseUpdates.$inferSelect,
  'id' | 'accountId' | 'licenseId' | 'value' | 'effectiveFrom' | 'position' | 'metadata' | 'createdAt'
>

const COLUMNS = sql.raw(
  'its.id, its.account_id as accountId, its.license_id as licenseId, its.value, its.effective_from as effectiveFrom, its.position, its.metadata, its.created_at as createdAt',
)

type Row = Omit<ReadUpdate, 'metadata'> & { metadata: string | null }

const readMetadata = <Read extends Row>(row: Read): Omit<Read, 'metadata'> & Pick<ReadUpdate, 'metadata'> => ({
  ...row,
  metadata: row.metadata === null ? null : (JSON.parse(row.metadata) as Record<string, string>),
})

export const showUpdate = (row: Omit<ReadUpdate, 'id' | 'position'>): LicenseUpdateResponse => ({
  licenseId: row.licenseId,
  accountId: row.accountId,
  quantity: jsonNumber(row.value),
  effectiveFrom: iso(row.effectiveFrom),
  ...(row.metadata !== null && { metadata: row.metadata }),
  createdAt: iso(row.createdAt),
})

/** Reads the update that was made last of those of a licence that take effect at an instant (milliseconds), and the version of the licence. */
export const readLastAt = async (
  { organizationId, session }: Ctx,
  accountId: string,
  licenseId: string,
  effectiveFrom: number,
): Promise<(ReadUpdate & { version: number }) | undefined> => {
  const [row] = await session.rows<Row & { version: number }>(
    selectRows(sql`
      select ${COLUMNS}, license.version from license_updates as its cross join licenses as license
        on license.organization_id = its.organization_id and license.account_id = its.account_id and license.license_id = its.license_id
      where its.organization_id = ${organizationId} and its.account_id = ${accountId} and its.license_id = ${licenseId}
        and its.effective_from = ${effectiveFrom}
      order by its.position desc limit 1`),
  )
  return row && readMetadata(row)
}

/** A page of updates, as its SQL is built from. */
export interface UpdatesPage {
  /** If left out, those of all accounts. */
  accounts: readonly string[] | undefined
  license: string | undefined
  /** Updates that take effect at this time (milliseconds) or later. */
  from: number | undefined
  field: 'created_at' | 'effective_from'
  direction: 'ASC' | 'DESC'
  after: readonly (string | number)[] | undefined
  /** Updates that were made later are left out of a list in ascending order, since it would not end. */
  since: number
  limit: number
}

/** If at most this many updates take effect late enough, they are sorted; more of them are so many that a page of the list is found soon. */
const SORTED_AT_ONCE = 500

/**
 * The keys of the updates of a page that take effect at a time or later, in the order in which they were made.
 *
 *     with late as (select id, created_at, position from license_updates where … and effective_from >= ? limit 501)
 *     select id from late where (they are few) and (created_at, position, id) < (?, ?, ?)
 *     union all select * from (
 *       select id from license_updates where (they are many) and … and effective_from >= ? and (created_at, position, id) < (?, ?, ?)
 *       order by created_at desc, position desc, id desc limit ?
 *     )
 */
const lateUpdates = (base: SQL, from: number, next: SQL, order: SQL, limit: number): SQL => {
  const most = sql.raw(String(SORTED_AT_ONCE))
  return sql`
    with late as materialized (
      select id, created_at, position from license_updates where ${base} and effective_from >= ${from} limit ${most} + 1
    )
    select id from late where (select count(*) from late) <= ${most} and ${next}
    union all
    select * from (
      select id from license_updates where (select count(*) from late) > ${most} and ${base} and +effective_from >= ${from} and ${next}
      order by ${order} limit ${limit}
    )`
}

/** Reads a page of updates, which are read from their place in an index, for each account on its own. */
export const readUpdates = async ({ organizationId, session }: Ctx, page: UpdatesPage): Promise<ReadUpdate[]> => {
  const { accounts, license, from, field, direction, after, since, limit } = page
  const column = sql.raw(field)
  const order = sql.join(
    [column, sql`position`, sql`id`].map((one) => sql`${one} ${sql.raw(direction)}`),
    sql`, `,
  )
  const baseOf = (account: SQL | undefined): SQL =>
    and(
      sql`organization_id = ${organizationId}`,
      account && sql`account_id ${account}`,
      license === undefined ? undefined : sql`license_id = ${license}`,
    ) as SQL
  const next = and(
    sql`true`,
    field === 'created_at' && direction === 'ASC' ? sql`created_at <= ${since}` : undefined,
    after && sql`(${column}, position, id) ${sql.raw(direction === 'ASC' ? '>' : '<')} (${after[0]}, ${after[1]}, ${after[2]})`,
  ) as SQL
  const keysOf = (account: SQL | undefined): SQL =>
    sql`select id from license_updates where ${baseOf(account)} and ${from === undefined ? sql`true` : sql`effective_from >= ${from}`} and ${next}
      order by ${order} limit ${limit}`
  const list = sql`json_each(${JSON.stringify(accounts ?? [])})`
  const keys = (): SQL => {
    const account = accounts?.length === 1 ? sql`= ${accounts[0]}` : accounts && sql`in (select value from ${list})`
    if (from !== undefined && field !== 'effective_from') return lateUpdates(baseOf(account), from, next, order, limit)
    if (!accounts || accounts.length === 1) return keysOf(account)
    return sql`select its.id from ${list} as own cross join license_updates as its on its.id in (${keysOf(sql`= own.value`)})`
  }
  const rows = await session.rows<Row>(
    selectRows(sql`select ${COLUMNS} from license_updates as its where its.id in (${keys()}) order by ${order} limit ${limit}`),
  )
  return rows.map(readMetadata)
}

/** Licences of an account, by the ids of their add-ons, and a time (milliseconds). */
export interface LicenseLookup {
  accountId: string
  licenseIds: readonly string[]
  from: number
  until: number
}

const changesOf = prepare(['organizationId', 'listed'], (at) => {
  const sent = sql`json_each(${at.listed}) as sent`
  const its = sql`its.organization_id = ${at.organizationId} and its.account_id = sent.value ->> 1 and its.license_id = sent.value ->> 2`
  const columns = sql`sent.value ->> 0 as lookup, its.license_id as licenseId, its.effective_from as at, its.value, its.position, own.entries`
  const own = sql`licenses as own on own.organization_id = ${at.organizationId} and own.account_id = sent.value ->> 1 and own.license_id = sent.value ->> 2`
  const first = sql`(
    select id from license_updates
    where organization_id = ${at.organizationId} and account_id = sent.value ->> 1 and license_id = sent.value ->> 2
      and effective_from <= sent.value ->> 3 and effective_from < sent.value ->> 4
    order by effective_from desc, position desc limit 1
  )`
  return selectRows(sql`
    select ${columns} from ${sent} cross join ${own} cross join license_updates as its on its.id = ${first}
    union all
    select ${columns} from ${sent} cross join ${own} cross join license_updates as its on ${its}
      and its.effective_from > sent.value ->> 3 and its.effective_from < sent.value ->> 4
    order by lookup, licenseId, at, position`)
})

/**
 * The query for what is in force of licences, for each lookup by its place: the updates before `until`, and of those before `from` only the
 * last one. Each says how many there are in all.
 *
 *     select sent.value ->> 0 as lookup, … from json_each(?) as sent cross join licenses as own on …
 *     cross join license_updates as its on its.id = (the last one before from)
 *     union all select … cross join license_updates as its on … and its.effective_from > from and its.effective_from < until
 */
export const selectChanges = ({ organizationId }: Pick<Ctx, 'organizationId'>, lookups: readonly LicenseLookup[]): Statement => {
  const rows = lookups.flatMap(({ accountId, licenseIds, from, until }, index) =>
    licenseIds.map((id) => [index, accountId, id, from, until]),
  )
  return changesOf({ organizationId, listed: JSON.stringify(rows) })
}
