import { type SQL, sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { instantOf } from '../../rating/cycle.ts'
import type { EditedTimeline } from './edit.ts'
import type { ReadTimeline } from './queries.ts'
import type { Piece } from './timeline.ts'

/** The statements that keep what accounts have instead of parts of plans. */
export const keepOverrides = ({ organizationId, now }: Ctx, overrides: EditedTimeline['overrides']): Statement[] =>
  [...overrides].map(([id, content]) =>
    selectRows(sql`insert or ignore into schedule_overrides values (${organizationId}, ${id}, ${JSON.stringify(content)}, ${now})`),
  )

/**
 * A part of the timeline of an account as JSON for the statements below. The organization is sent with each, since SQLite would read all
 * schedules of one that is given once.
 */
const sentOf = (piece: Piece, accountId: string, organizationId: string) => [
  piece.id,
  piece.pricePlanId,
  piece.version,
  instantOf(piece.from),
  instantOf(piece.until),
  JSON.stringify(piece.cycle),
  piece.isCycleOverridden ? 1 : 0,
  piece.overrideId,
  accountId,
  organizationId,
]

type SentPiece = ReturnType<typeof sentOf>

/** The columns of sent parts, in the order of `sentOf`. */
const its = (index: number) => sql.raw(`sent.value ->> ${index}`)

/** The parts of the timeline of an account that are to take the place of others. */
interface Replacement {
  accountId: string
  before: readonly Piece[]
  after: readonly Piece[]
}

/** What is gone, shorter, longer and new in a timeline. */
const sortPieces = (
  organizationId: string,
  { accountId, before, after }: Replacement,
): Record<'gone' | 'shorter' | 'longer' | 'added', SentPiece[]> => {
  const old = new Map(before.map((piece) => [piece.id, piece]))
  const next = new Set(after.map(({ id }) => id))
  const send = (pieces: readonly Piece[]): SentPiece[] => pieces.map((piece) => sentOf(piece, accountId, organizationId))
  const changed = after.filter((piece) => {
    const known = old.get(piece.id)
    return known && JSON.stringify(sentOf(known, accountId, organizationId)) !== JSON.stringify(sentOf(piece, accountId, organizationId))
  })
  const isShorter = (piece: Piece): boolean => {
    const known = old.get(piece.id)
    return known !== undefined && known.from <= piece.from && piece.until <= known.until
  }
  return {
    gone: send(before.filter(({ id }) => !next.has(id))),
    shorter: send(changed.filter(isShorter)),
    longer: send(changed.filter((piece) => !isShorter(piece))),
    added: send(after.filter(({ id }) => !old.has(id))),
  }
}

/**
 * The statements that make rows of one state those of timelines. What is gone or shorter is written before what is longer or new, since
 * the database holds at each row that there is no overlap.
 */
export const writePieces = ({ organizationId, now }: Ctx, state: 'ACTIVE' | 'DRAFT', replacements: readonly Replacement[]): Statement[] => {
  const sorted = replacements.map((one) => sortPieces(organizationId, one))
  const isSent = sql`schedules.organization_id = ${its(9)} and schedules.account_id = ${its(8)} and schedules.state = ${state}
    and schedules.id = ${its(0)}`
  const update = (pieces: readonly SentPiece[], set: SQL): Statement[] =>
    pieces.length ? [selectRows(sql`update schedules set ${set} from json_each(${JSON.stringify(pieces)}) as sent where ${isSent}`)] : []
  const change = sql`price_plan_id = ${its(1)}, plan_version = ${its(2)}, start_at = ${its(3)}, end_at = ${its(4)}, cycle = ${its(5)},
    is_cycle_overridden = ${its(6)}, override_id = ${its(7)}, updated_at = ${now}`
  const added = sorted.flatMap((one) => one.added)
  return [
    ...update(
      sorted.flatMap(({ gone }) => gone),
      sql`state = 'GONE', updated_at = ${now}`,
    ),
    ...update(
      sorted.flatMap(({ shorter }) => shorter),
      change,
    ),
    ...update(
      sorted.flatMap(({ longer }) => longer),
      change,
    ),
    ...(added.length
      ? [
          selectRows(sql`
            insert into schedules (id, organization_id, account_id, state, price_plan_id, plan_version, start_at, end_at, cycle,
              is_cycle_overridden, override_id, created_at, updated_at)
            select ${its(0)}, ${its(9)}, ${its(8)}, ${state}, ${its(1)}, ${its(2)}, ${its(3)}, ${its(4)}, ${its(5)}, ${its(6)}, ${its(7)},
              ${now}, ${now}
            from json_each(${JSON.stringify(added)}) as sent`),
        ]
      : []),
  ]
}

/** A timeline as it was read, and its numbers after a change. */
type SetTimeline = { read: ReadTimeline } & Pick<ReadTimeline, 'activeVersion' | 'draftBase'>

/** The statements that count a change of timelines. Of one that was changed meanwhile the commit is refused as stale. */
export const setTimelines = ({ organizationId }: Ctx, all: readonly SetTimeline[]): Statement[] => {
  const [made, known] = [true, false].map((isNew) =>
    all.flatMap(({ read: { account, version }, activeVersion, draftBase }) =>
      (version === undefined) === isNew ? [[account.id, activeVersion, draftBase, version ?? 0, organizationId]] : [],
    ),
  ) as [unknown[], unknown[]]
  return [
    ...(made.length
      ? [
          selectRows(
            sql`insert into timelines select ${its(4)}, ${its(0)}, 1, ${its(1)}, ${its(2)} from json_each(${JSON.stringify(made)}) as sent`,
          ),
        ]
      : []),
    ...(known.length
      ? [
          selectRows(sql`
            update timelines set version = (${its(3)}) + 1, active_version = ${its(1)}, draft_base = ${its(2)}
            from json_each(${JSON.stringify(known)}) as sent
            where timelines.organization_id = ${its(4)} and timelines.account_id = ${its(0)}`),
        ]
      : []),
  ]
}
