import { sql } from 'drizzle-orm'
import { commit } from '../../db/commit.ts'
import { STALE } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleDue } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { eraseEventsSlice } from './events.ts'
import { findErasure } from './queries.ts'
import type { EraseSlice, ErasureRow } from './slice.ts'
import { PLACES, type Place } from './table.ts'
import {
  eraseAccountsSlice,
  eraseAnswersSlice,
  eraseAuditSlice,
  eraseFilesSlice,
  eraseJobsSlice,
  eraseSettingsSlice,
  eraseWebhooksSlice,
} from './walks.ts'

/** How long what is in the way is waited for, in milliseconds. */
const WAITS_FOR = 60_000

/** What is erased at each place. The aliases go with the events, behind all that is found by them, and the files when there is nothing left that a report could read. */
const SLICES: Readonly<Record<Place, EraseSlice>> = {
  ACCOUNTS: eraseAccountsSlice,
  ANSWERS: eraseAnswersSlice,
  WEBHOOKS: eraseWebhooksSlice,
  AUDIT_LOG: eraseAuditSlice,
  JOBS: eraseJobsSlice,
  SETTINGS: eraseSettingsSlice,
  EVENTS: eraseEventsSlice,
  FILES: eraseFilesSlice,
}

const addCounts = (one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): Record<string, number> => {
  const sums = { ...one }
  for (const [name, count] of Object.entries(other)) if (count) sums[name] = (sums[name] ?? 0) + count
  return sums
}

/** The place behind another. Undefined behind the last one. */
const placeAfter = (place: Place): Place | undefined => PLACES[PLACES.indexOf(place) + 1]

const updateErasure = ({ organizationId, now }: Ctx, row: ErasureRow, next: Pick<ErasureRow, 'place' | 'cursor' | 'erased' | 'status'>) =>
  selectRows(sql`
    update erasures set place = ${next.place}, cursor = ${next.cursor === null ? null : JSON.stringify(next.cursor)}, erased = ${JSON.stringify(next.erased)},
      status = ${next.status}, updated_at = ${now}, ended_at = ${next.status === 'COMPLETED' ? now : null}, version = ${row.version + 1}
    where organization_id = ${organizationId} and customer_id = ${row.customerId}`)

/**
 * Goes on with an erasure by one slice, in one commit that moves its place. A slice that was interrupted is done again, which changes
 * nothing more: what is erased has nothing left to be erased.
 */
export const continueErasure = async (ctx: Ctx, due: Due): Promise<StepResult> => {
  const row = await findErasure(ctx, due.subject)
  if (row?.status !== 'IN_PROGRESS') {
    await commit(ctx, { statements: settleDue(ctx, due), changes: [], answer: {} })
    return {}
  }
  const slice = await SLICES[row.place](ctx, row)
  const isPlaceDone = slice.next === undefined && !slice.waits
  const place = isPlaceDone ? placeAfter(row.place) : row.place
  const erased = addCounts(row.erased, slice.erased ?? {})
  const status = place ? 'IN_PROGRESS' : 'COMPLETED'
  const cursor = isPlaceDone ? null : (slice.next ?? null)
  const dueAt = slice.waits ? ctx.now + WAITS_FOR : Math.max(due.dueAt, ctx.now)
  try {
    await commit(ctx, {
      statements: [
        updateErasure(ctx, row, { place: place ?? row.place, cursor, erased, status }),
        ...settleDue(ctx, due, place && dueAt),
        ...slice.statements,
      ],
      changes: [
        ...(slice.changes ?? []),
        ...(place ? [] : [{ type: 'CUSTOMER' as const, id: row.customerId, fields: { erased: [null, erased] as const }, status: null }]),
      ],
      due: slice.due ?? [],
      answer: {},
    })
  } catch (error) {
    if (error !== STALE) throw error
    await scheduler.wait(Math.random() * 50)
  }
  return { isUnfinished: place !== undefined && !slice.waits }
}
