import { sql } from 'drizzle-orm'
import { draftAccountVersion } from '../../customers/accounts/service.ts'
import type { Change, Draft } from '../../db/commit.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { iso } from '../../lib/time.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import type { EditedTimeline } from './edit.ts'
import { type ReadTimeline, tagOfTimeline } from './queries.ts'
import { type Piece, boundariesOf } from './timeline.ts'

/** The kind of due work that announces the cycles of an account. Its subject is the id of the account. */
export const PRICING_CYCLE = 'PRICING_CYCLE'

const keepOverrides = ({ organizationId, now }: Ctx, overrides: EditedTimeline['overrides']): Statement[] =>
  [...overrides].map(([id, content]) =>
    selectRows(sql`insert or ignore into schedule_overrides values (${organizationId}, ${id}, ${JSON.stringify(content)}, ${now})`),
  )

/** What is recorded of a part of a timeline. */
const recorded = (piece: Piece) => ({
  pricePlanId: piece.pricePlanId,
  version: piece.version,
  startDate: iso(instantOf(piece.from)),
  endDate: iso(instantOf(piece.until)),
  pricingCycleConfig: piece.cycle,
  override: piece.overrideId,
})

const recordPieces = (before: readonly Piece[], after: readonly Piece[], accountId: string, isDraft: boolean): Change[] => {
  const ids = new Set([...before, ...after].map(({ id }) => id))
  return [...ids].flatMap((id) => {
    const [old, now] = [before, after].map((pieces) => pieces.find((piece) => piece.id === id))
    const fields = differences(old && recorded(old), now ? recorded(now) : {})
    if (!Object.keys(fields).length) return []
    const its = isDraft ? { draft: [old ? recorded(old) : null, now ? recorded(now) : null] as const } : fields
    return [{ type: 'PRICING_SCHEDULE' as const, id, fields: { ...its, ...(!old && { accountId: [null, accountId] as const }) } }]
  })
}

/** A part of a timeline as JSON for the statements below. */
const sentOf = (piece: Piece) => [
  piece.id,
  piece.pricePlanId,
  piece.version,
  instantOf(piece.from),
  instantOf(piece.until),
  JSON.stringify(piece.cycle),
  piece.isCycleOverridden ? 1 : 0,
  piece.overrideId,
]

/** The columns of sent parts, in the order of `sentOf`. */
const its = (index: number) => sql.raw(`sent.value ->> ${index}`)

/**
 * The statements that make rows of one state those of a timeline. What is gone or shorter is written before what is longer or new, since
 * the database holds at each row that there is no overlap.
 */
const writePieces = (
  ctx: Ctx,
  accountId: string,
  state: 'ACTIVE' | 'DRAFT',
  before: readonly Piece[],
  after: readonly Piece[],
): Statement[] => {
  const { organizationId, now } = ctx
  const old = new Map(before.map((piece) => [piece.id, piece]))
  const next = new Map(after.map((piece) => [piece.id, piece]))
  const gone = before.filter(({ id }) => !next.has(id)).map(({ id }) => id)
  const changed = after.filter((piece) => {
    const known = old.get(piece.id)
    return known && JSON.stringify(sentOf(known)) !== JSON.stringify(sentOf(piece))
  })
  const isShorter = (piece: Piece): boolean => {
    const known = old.get(piece.id)
    return known !== undefined && known.from <= piece.from && piece.until <= known.until
  }
  const isOf = sql`organization_id = ${organizationId} and account_id = ${accountId} and state = ${state}`
  const update = (pieces: readonly Piece[]): Statement[] =>
    pieces.length
      ? [
          selectRows(sql`
            update schedules set price_plan_id = ${its(1)}, plan_version = ${its(2)}, start_at = ${its(3)}, end_at = ${its(4)}, cycle = ${its(5)},
              is_cycle_overridden = ${its(6)}, override_id = ${its(7)}, updated_at = ${now}
            from json_each(${JSON.stringify(pieces.map(sentOf))}) as sent where schedules.id = ${its(0)} and ${isOf}`),
        ]
      : []
  const added = after.filter(({ id }) => !old.has(id))
  return [
    ...(gone.length
      ? [
          selectRows(sql`
            update schedules set state = 'GONE', updated_at = ${now}
            where ${isOf} and id in (select value from json_each(${JSON.stringify(gone)}))`),
        ]
      : []),
    ...update(changed.filter(isShorter)),
    ...update(changed.filter((piece) => !isShorter(piece))),
    ...(added.length
      ? [
          selectRows(sql`
            insert into schedules (id, organization_id, account_id, state, price_plan_id, plan_version, start_at, end_at, cycle,
              is_cycle_overridden, override_id, created_at, updated_at)
            select ${its(0)}, ${organizationId}, ${accountId}, ${state}, ${its(1)}, ${its(2)}, ${its(3)}, ${its(4)}, ${its(5)}, ${its(6)}, ${its(7)},
              ${now}, ${now}
            from json_each(${JSON.stringify(added.map(sentOf))}) as sent`),
        ]
      : []),
  ]
}

const setTimeline = (
  { organizationId }: Ctx,
  { account, version }: ReadTimeline,
  { activeVersion, draftBase }: Pick<ReadTimeline, 'activeVersion' | 'draftBase'>,
): Statement =>
  version === undefined
    ? selectRows(sql`insert into timelines values (${organizationId}, ${account.id}, 1, ${activeVersion}, ${draftBase})`)
    : selectRows(sql`
        update timelines set version = ${version} + 1, active_version = ${activeVersion}, draft_base = ${draftBase}
        where organization_id = ${organizationId} and account_id = ${account.id}`)

/** The last day of which anything is announced. */
const LAST_ANNOUNCED = 2_932_531

/** When the next cycle of an account is to be announced, after its timeline has changed: one that has begun or ended already, or the next one. */
const nextAnnouncement = (ctx: Ctx, before: readonly Piece[], after: readonly Piece[]): number | undefined => {
  const today = dayOf(ctx.now)
  const known = new Set(boundariesOf(before, Number.NEGATIVE_INFINITY, today))
  const next = boundariesOf(after, Number.NEGATIVE_INFINITY, today).find((day) => instantOf(day) > ctx.now || !known.has(day))
  return next === undefined || next > LAST_ANNOUNCED ? undefined : instantOf(next)
}

const nextTag = ({ now }: Ctx, { version = 0 }: ReadTimeline, active: readonly Piece[]): string => tagOfTimeline(version + 1, active, now)

/** The write that makes a timeline the one in force. `ended` are the price plans that end because the account is archived. */
export const draftActiveTimeline = (
  ctx: Ctx,
  read: ReadTimeline,
  { pieces, overrides }: EditedTimeline,
  { draftBase = read.draftBase, ended = [] }: { draftBase?: number | null; ended?: readonly string[] } = {},
): Omit<Draft<object>, 'answer'> => {
  const { account, active, activeVersion } = read
  const touch = draftAccountVersion(ctx, account, ended)
  const next = nextAnnouncement(ctx, active, pieces)
  return {
    statements: [
      ...touch.statements,
      setTimeline(ctx, read, { activeVersion: activeVersion + 1, draftBase }),
      ...keepOverrides(ctx, overrides),
      ...writePieces(ctx, account.id, 'ACTIVE', active, pieces),
      ...(next === undefined
        ? [
            selectRows(
              sql`delete from due where organization_id = ${ctx.organizationId} and kind = ${PRICING_CYCLE} and subject = ${account.id}`,
            ),
          ]
        : []),
    ],
    changes: recordPieces(active, pieces, account.id, false),
    tag: nextTag(ctx, read, pieces),
    due: [...(touch.due ?? []), ...(next === undefined ? [] : [{ kind: PRICING_CYCLE, subject: account.id, dueAt: next }])],
  }
}

/** The write that makes a timeline the draft of an account. */
export const draftDraftTimeline = (ctx: Ctx, read: ReadTimeline, { pieces, overrides }: EditedTimeline): Omit<Draft<object>, 'answer'> => {
  const { account, active, draft, activeVersion } = read
  const isOpen = read.draftBase !== null
  return {
    statements: [
      setTimeline(ctx, read, { activeVersion, draftBase: isOpen ? read.draftBase : activeVersion }),
      ...keepOverrides(ctx, overrides),
      ...writePieces(ctx, account.id, 'DRAFT', draft, pieces),
    ],
    changes: recordPieces(isOpen ? draft : active, pieces, account.id, true),
    tag: nextTag(ctx, read, active),
  }
}

/** The write that drops the parts of a draft. */
export const dropDraft = (ctx: Ctx, { account, draft }: ReadTimeline): Omit<Draft<object>, 'answer'> => ({
  statements: writePieces(ctx, account.id, 'DRAFT', draft, []),
  changes: [],
})

/** The write that drops the draft of an account. */
export const draftDiscard = (ctx: Ctx, read: ReadTimeline): Omit<Draft<object>, 'answer'> => {
  const { account, active, draft, activeVersion } = read
  return {
    statements: [setTimeline(ctx, read, { activeVersion, draftBase: null }), ...dropDraft(ctx, read).statements],
    changes: recordPieces(draft, active, account.id, true),
    tag: nextTag(ctx, read, active),
  }
}
