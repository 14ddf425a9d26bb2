import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type ApiError, notFound } from '../../lib/errors.ts'
import {
  type PieceParts,
  type ReadPiece,
  type State,
  keysOfPieces,
  readPieceParts,
  readPieces,
  readTag,
  schedulesById,
  selectPieceParts,
  selectPieces,
  selectTag,
} from './queries.ts'

/** A part of a timeline, and what is in force in it. */
export interface FoundSchedule {
  piece: ReadPiece
  parts: PieceParts
  /** The tag of the timeline, if all that was asked for is of one account. */
  tag: string
}

export const scheduleNotFound = (id: string, state: State): ApiError => notFound(state === 'ACTIVE' ? 'schedule' : 'draft schedule', id)

/** Reads schedules by their ids, with what is in force in them. */
export const readSchedules = async (ctx: Ctx, ids: readonly string[], state: State): Promise<Map<string, FoundSchedule>> => {
  const { organizationId } = ctx
  const from = schedulesById(ids, [state])
  const results = await ctx.session.batch([
    selectRows(selectPieces(organizationId, sql`true`, sql`order by its.start_at`, from)),
    selectTag(organizationId, sql`(select its.account_id from ${from} where its.organization_id = ${organizationId} limit 1)`, ctx.now),
    ...selectPieceParts(ctx, keysOfPieces(organizationId, sql`true`, from)),
  ])
  const tag = readTag(results[1]?.results)
  const parts = readPieceParts(results.slice(2))
  return new Map(readPieces(results[0]?.results).map((piece) => [piece.id, { piece, parts, tag }]))
}

/** Reads a schedule of a state, with what is in force in it. Throws NOT_FOUND. */
export const readSchedule = async (ctx: Ctx, id: string, state: State): Promise<FoundSchedule> => {
  const found = (await readSchedules(ctx, [id], state)).get(id)
  if (!found) throw scheduleNotFound(id, state)
  return found
}

/** The account of a schedule that is in force or in a draft. */
export const readAccountOf = async (ctx: Ctx, id: string): Promise<string> => {
  const [found] = await ctx.session.rows<{ accountId: string }>(
    selectRows(sql`
      select its.account_id as accountId from ${schedulesById([id], ['ACTIVE', 'DRAFT'])}
      where its.organization_id = ${ctx.organizationId} limit 1`),
  )
  if (!found) throw scheduleNotFound(id, 'ACTIVE')
  return found.accountId
}
