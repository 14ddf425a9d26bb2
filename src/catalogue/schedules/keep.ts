import { sql } from 'drizzle-orm'
import { draftAccountVersion, draftAccountVersions } from '../../customers/accounts/service.ts'
import type { Statement } from '../../db/client.ts'
import type { Change, Draft } from '../../db/commit.ts'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { BILLING } from '../../db/due.ts'
import { selectRows } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { iso } from '../../lib/time.ts'
import { instantOf } from '../../rating/cycle.ts'
import { PRICING_CYCLE, announceChange } from './announcements.ts'
import type { EditedTimeline } from './edit.ts'
import { type ReadTimeline, tagOfTimeline } from './queries.ts'
import type { Piece } from './timeline.ts'
import { keepOverrides, setTimelines, writePieces } from './write.ts'

/** What is recorded of a part of a timeline. What the account has instead of parts of the plan is named, and recorded once: where it is put in. */
const recorded = (piece: Piece) => ({
  pricePlanId: piece.pricePlanId,
  version: piece.version,
  startDate: iso(instantOf(piece.from)),
  endDate: iso(instantOf(piece.until)),
  pricingCycleConfig: piece.cycle,
  override: piece.overrideId,
})

const recordPieces = (
  before: readonly Piece[],
  { pieces: after, overrides }: EditedTimeline,
  accountId: string,
  isDraft: boolean,
): Change[] => {
  const ids = new Set([...before, ...after].map(({ id }) => id))
  return [...ids].flatMap((id) => {
    const [old, now] = [before, after].map((pieces) => pieces.find((piece) => piece.id === id))
    const fields = differences(old && recorded(old), now ? recorded(now) : {})
    if (!Object.keys(fields).length) return []
    const its = isDraft ? { draft: [old ? recorded(old) : null, now ? recorded(now) : null] as const } : fields
    const content = now && now.overrideId !== (old?.overrideId ?? null) ? overrides.get(now.overrideId ?? '') : undefined
    const more = {
      ...(content && { overrideDetails: [null, content] as const }),
      ...(!old && { accountId: [null, accountId] as const }),
    }
    return [{ type: 'PRICING_SCHEDULE' as const, id, fields: { ...its, ...more } }]
  })
}

const nextTag = ({ now }: Ctx, { version = 0 }: ReadTimeline, active: readonly Piece[]): string => tagOfTimeline(version + 1, active, now)

/** A timeline that is to be in force in place of the one that was read. */
interface ActiveChange {
  read: ReadTimeline
  edited: EditedTimeline
  draftBase?: number | null
}

/** The statement that refuses the commit as stale if cycles of the accounts were announced since their timelines were read. */
const refuseAnnounced = ({ organizationId }: Ctx, changes: readonly ActiveChange[]): Statement =>
  refuseWhen(
    'STALE',
    sql`select '[]' from json_each(${JSON.stringify(changes.map(({ read }) => [read.account.id, read.cycleDueAt]))}) as sent
      where (
        select due_at from due where organization_id = ${organizationId} and kind = ${PRICING_CYCLE} and subject = sent.value ->> 0
      ) is not (sent.value ->> 1)`,
  )

/** The write that makes timelines those in force at `clock`, beside `touch`, which gives their accounts a new version. */
const draftActive = (
  ctx: Ctx,
  changes: readonly ActiveChange[],
  touch: Omit<Draft<object>, 'answer'>,
  clock: number,
): Required<Pick<Draft<object>, 'statements' | 'changes' | 'due'>> => {
  const announced = changes.map(({ read, edited }) => ({ subject: read.account.id, ...announceChange(read, edited.pieces, clock) }))
  const silent = announced.filter(({ dueAt }) => dueAt === undefined).map(({ subject }) => subject)
  return {
    statements: [
      ...touch.statements,
      refuseAnnounced(ctx, changes),
      ...setTimelines(
        ctx,
        changes.map(({ read, draftBase = read.draftBase }) => ({ read, activeVersion: read.activeVersion + 1, draftBase })),
      ),
      ...changes.flatMap(({ edited }) => keepOverrides(ctx, edited.overrides)),
      ...writePieces(
        ctx,
        'ACTIVE',
        changes.map(({ read, edited }) => ({ accountId: read.account.id, before: read.active, after: edited.pieces })),
      ),
      ...(silent.length
        ? [
            selectRows(sql`
              delete from due where organization_id = ${ctx.organizationId} and kind = ${PRICING_CYCLE}
                and subject in (select value from json_each(${JSON.stringify(silent)}))`),
          ]
        : []),
    ],
    changes: [
      ...changes.flatMap(({ read, edited }) => recordPieces(read.active, edited, read.account.id, false)),
      ...announced.flatMap((one) => one.changes),
    ],
    due: [
      ...(touch.due ?? []),
      ...announced.flatMap(({ subject, dueAt }) => (dueAt === undefined ? [] : [{ kind: PRICING_CYCLE, subject, dueAt }])),
      ...changes.map(({ read }) => ({ kind: BILLING, subject: read.account.id, dueAt: ctx.now })),
    ],
  }
}

/** The write that makes a timeline the one in force. `ended` are the price plans that end because the account is archived. */
export const draftActiveTimeline = (
  ctx: Ctx,
  read: ReadTimeline,
  edited: EditedTimeline,
  { draftBase = read.draftBase, ended = [] }: { draftBase?: number | null; ended?: readonly string[] } = {},
): Omit<Draft<object>, 'answer'> => ({
  ...draftActive(ctx, [{ read, edited, draftBase }], draftAccountVersion(ctx, read.account, ended), ctx.now),
  tag: nextTag(ctx, read, edited.pieces),
})

/** The write that makes the timelines of several accounts those in force at `clock`, with as many statements as for one. */
export const draftActiveTimelines = (
  ctx: Ctx,
  changes: readonly Omit<ActiveChange, 'draftBase'>[],
  clock: number,
): Omit<Draft<object>, 'answer'> =>
  draftActive(
    ctx,
    changes,
    draftAccountVersions(
      ctx,
      changes.map(({ read }) => read.account),
    ),
    clock,
  )

/** The write that makes a timeline the draft of an account. */
export const draftDraftTimeline = (ctx: Ctx, read: ReadTimeline, { pieces, overrides }: EditedTimeline): Omit<Draft<object>, 'answer'> => {
  const { account, active, draft, activeVersion } = read
  const isOpen = read.draftBase !== null
  return {
    statements: [
      ...setTimelines(ctx, [{ read, activeVersion, draftBase: isOpen ? read.draftBase : activeVersion }]),
      ...keepOverrides(ctx, overrides),
      ...writePieces(ctx, 'DRAFT', [{ accountId: account.id, before: draft, after: pieces }]),
    ],
    changes: recordPieces(isOpen ? draft : active, { pieces, overrides }, account.id, true),
    tag: nextTag(ctx, read, active),
  }
}

/** The write that drops the parts of a draft. */
export const dropDraft = (ctx: Ctx, { account, draft }: ReadTimeline): Omit<Draft<object>, 'answer'> => ({
  statements: writePieces(ctx, 'DRAFT', [{ accountId: account.id, before: draft, after: [] }]),
  changes: [],
})

/** The write that drops the draft of an account. */
export const draftDiscard = (ctx: Ctx, read: ReadTimeline): Omit<Draft<object>, 'answer'> => {
  const { account, active, draft, activeVersion } = read
  return {
    statements: [...setTimelines(ctx, [{ read, activeVersion, draftBase: null }]), ...dropDraft(ctx, read).statements],
    changes: recordPieces(draft, { pieces: active, overrides: new Map() }, account.id, true),
    tag: nextTag(ctx, read, active),
  }
}
