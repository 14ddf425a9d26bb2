import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { requireReadable } from '../../customers/accounts/service.ts'
import { type Page, closePage, openPage } from '../../lib/page.ts'
import { FOREVER } from '../../lib/time.ts'
import { instantOf } from '../../rating/cycle.ts'
import {
  type PieceParts,
  type ReadPiece,
  type TimelineOwner,
  keysOfPieces,
  readPieceParts,
  readPieces,
  readTag,
  selectOwner,
  selectPieceParts,
  selectPieces,
  selectTag,
} from './queries.ts'

const FORWARD = { sortable: [], sort: [['start', 'ASC']] } as const
const BACK = [['start', 'DESC']] as const

/**
 * A page of the timeline of an account. `from` and `until` (milliseconds) select what is in force in between. `shown` says how schedules are
 * shown. A token has all of them, so that the next page needs none.
 */
export interface TimelineQuery<Shown extends string> {
  nextToken?: string | undefined
  pageSize?: number | undefined
  from?: number | undefined
  until?: number | undefined
  shown?: Readonly<Partial<Record<Shown, string | undefined>>>
}

/** When the first and the last schedule of a list begin, in milliseconds. */
interface Bounds {
  first: number | null
  last: number | null
}

export interface TimelinePage<Shown extends string> {
  pieces: ReadPiece[]
  parts: PieceParts
  shown: Readonly<Partial<Record<Shown, string>>>
  /** The tag of the timeline. */
  tag: string
  tokens: { nextToken?: string; previousToken?: string }
}

/**
 * Reads a page of the timeline of an account by the first days, in one round trip. The first page begins with what is in force at `from`,
 * which is now if it is left out; from there pages lead forward and back. Throws NOT_FOUND.
 */
export const readTimelinePage = async <Shown extends string = never>(
  ctx: Ctx,
  accountId: string,
  state: 'ACTIVE' | 'DRAFT',
  { shown, ...query }: TimelineQuery<Shown>,
): Promise<TimelinePage<Shown>> => {
  const { organizationId } = ctx
  const within = `${accountId} ${state}`
  const page = await openPage(ctx, FORWARD, { ...query, ...shown, from: query.from?.toString(), until: query.until?.toString() }, within)
  const [from, until] = ['from', 'until'].map((name) => (page.filters[name] === undefined ? undefined : Number(page.filters[name])))
  const isBack = page.sort[0]?.[1] === 'DESC'
  const [after] = page.after ?? []
  const all = sql`its.account_id = ${accountId} and its.state = ${state}
    and its.start_at < ${until ?? FOREVER.until} and its.end_at > ${from ?? FOREVER.from}`
  const range =
    after === undefined
      ? sql`${all} and its.end_at > ${from ?? ctx.now}`
      : sql`${all} and its.start_at ${isBack ? sql`<` : sql`>`} ${after}`
  const rest = sql`order by its.start_at ${isBack ? sql`desc` : sql`asc`} limit ${page.size}`
  const schedules = sql`schedules as its where its.organization_id = ${organizationId}`
  const results = await ctx.session.batch([
    selectOwner({ organizationId, accountId }),
    selectRows(selectPieces(organizationId, range, rest)),
    selectRows(sql`select min(its.start_at) as first, max(its.start_at) as last from ${schedules} and ${all}`),
    selectTag(organizationId, sql`${accountId}`, ctx.now),
    ...selectPieceParts(ctx, keysOfPieces(organizationId, sql`${range} ${rest}`)),
  ])
  const [owner] = (results[0]?.results ?? []) as TimelineOwner[]
  requireReadable(ctx, owner, accountId)
  const found = readPieces(results[1]?.results)
  const pieces = isBack ? found.toReversed() : found
  const { first, last } = (results[2]?.results[0] ?? { first: null, last: null }) as Bounds
  /** Where the pages turn: what is earlier, and what is later. */
  const [earliest, latest] = pieces.length
    ? [instantOf(pieces[0]?.from ?? 0), instantOf(pieces.at(-1)?.from ?? 0)]
    : [from ?? ctx.now, FOREVER.until]
  const tokenAt = async (start: number, sort: Page['sort']): Promise<string | undefined> =>
    (await closePage(ctx, { ...page, sort }, [start, start], (its) => its, { most: 1, within })).nextToken
  const [nextToken, previousToken] = await Promise.all([
    last !== null && last > latest ? tokenAt(latest, FORWARD.sort) : undefined,
    first !== null && first < earliest ? tokenAt(earliest, BACK) : undefined,
  ])
  return {
    pieces,
    shown: page.filters as Partial<Record<Shown, string>>,
    tag: readTag(results[3]?.results),
    parts: readPieceParts(results.slice(4)),
    tokens: { ...(nextToken !== undefined && { nextToken }), ...(previousToken !== undefined && { previousToken }) },
  }
}
