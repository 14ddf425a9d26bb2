import { and, eq, sql } from 'drizzle-orm'
import { changeVersioned } from '../../db/change.ts'
import type { Draft, Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, insertInto } from '../../db/statements.ts'
import { differences } from '../../lib/changes.ts'
import { archived } from '../../lib/errors.ts'
import { fold } from '../../lib/fold.ts'
import { newId } from '../../lib/ids.ts'
import type { KeptCard } from '../rate_cards/schema.ts'
import type { BillableItem, PlanDefinition } from './definition.ts'
import { type ReadPlan, displayNameOf, readPlan, showPlan, tagOfPlan } from './queries.ts'
import { pricePlanVersions, pricePlans } from './table.ts'

/** A row of a plan. */
export type PlanRow = typeof pricePlans.$inferSelect

const insertPlans = insertInto(pricePlans)
const insertVersions = insertInto(pricePlanVersions)

/** What is recorded of a plan: beside what is shown, its cards and rules by their names, and the currencies in which it can be given to accounts. */
const recorded = (row: ReadPlan) => ({
  ...showPlan(row),
  planStatus: row.status,
  activeCurrencies: row.activeCurrencies,
  cards: Object.fromEntries(row.cards.map((card) => [card.name, card])),
  rules: Object.fromEntries(row.rules.map((rule) => [rule.id, rule])),
})

const recordChange = (before: ReadPlan | undefined, after: ReadPlan): Draft<object>['changes'] => [
  { type: 'PRICE_PLAN', id: after.id, fields: differences(before && recorded(before), recorded(after)) },
]

const foldOrNull = (text: string | null): string | null => (text === null ? null : fold(text))

/** A new plan as a draft of its first version. */
export const newPlan = (ctx: Ctx, name: string, definition: PlanDefinition): PlanRow => {
  const id = newId('PRICE_PLAN', ctx.now)
  return {
    id,
    organizationId: ctx.organizationId,
    name,
    status: 'DRAFT',
    versionStatus: 'DRAFT',
    activeVersion: null,
    activeCurrencies: [],
    ...definition,
    planVersion: 1,
    referenceId: newId('PRICING_SCHEDULE', ctx.now),
    createdAt: ctx.now,
    updatedAt: ctx.now,
    version: 1,
    idFolded: fold(id),
    nameFolded: fold(name),
    descriptionFolded: foldOrNull(definition.description),
  }
}

/** The write that makes a plan. */
export const draftPlan = <Answer extends object>(row: PlanRow, answer: Answer): Draft<Answer> => ({
  statements: [insertPlans([row])],
  changes: recordChange(undefined, row),
  answer,
  tag: tagOfPlan(row),
  exists: 'PRICE_PLAN_TAKEN',
})

/** A plan after a change: its next state, which the database takes only if nobody was faster. */
export const changePlan = (ctx: Ctx, row: ReadPlan, changes: Partial<PlanRow>): ReadPlan => ({
  ...row,
  ...changes,
  updatedAt: Math.max(row.updatedAt, ctx.now),
  version: row.version + 1,
})

/** Cards as a draft has them: they follow the names of what they price until they are published. */
export const openCards = (cards: readonly KeptCard[]): KeptCard[] => cards.map(({ publishedName: _published, ...card }) => card)

/** A plan whose newest version is a draft: itself, or one with a draft of its next version. */
export const openDraft = (ctx: Ctx, row: ReadPlan): ReadPlan =>
  row.versionStatus === 'DRAFT'
    ? row
    : {
        ...row,
        versionStatus: 'DRAFT',
        planVersion: row.planVersion + 1,
        referenceId: newId('PRICING_SCHEDULE', ctx.now),
        cards: openCards(row.cards),
      }

/** A plan whose draft is published: accounts can be given it in `currencies`. */
export const publishDraft = (row: ReadPlan, items: readonly BillableItem[], currencies: readonly string[]): Partial<PlanRow> => ({
  cards: row.cards.map((card) => ({ ...card, publishedName: displayNameOf(card, items) })),
  status: 'ACTIVE',
  versionStatus: 'ACTIVE',
  activeVersion: row.planVersion,
  activeCurrencies: currencies,
})

/** The write that changes a plan from `before` to `after`, and keeps the version that it publishes. */
export const draftPlanChange = <Answer extends object>(before: ReadPlan, after: ReadPlan, answer: Answer): Draft<Answer> => {
  const { id, organizationId, name: _name, createdAt: _createdAt, ...set } = after
  const isPublished = after.activeVersion !== before.activeVersion
  return {
    statements: [
      builder
        .update(pricePlans)
        .set({ ...set, descriptionFolded: foldOrNull(after.description) })
        .where(and(eq(pricePlans.organizationId, organizationId), eq(pricePlans.id, id))),
      ...(isPublished ? [insertVersions([{ ...after, pricePlanId: id }])] : []),
    ],
    changes: recordChange(before, after),
    answer,
    tag: tagOfPlan(after),
  }
}

/** The write that activates a plan in more currencies, together with the version of it that is published. */
export const draftActivation = <Answer extends object>(before: ReadPlan, after: ReadPlan, answer: Answer): Draft<Answer> => {
  const { statements, ...draft } = draftPlanChange(before, after, answer)
  const { id, organizationId, activeVersion, activeCurrencies } = after
  const activate = builder
    .update(pricePlanVersions)
    .set({ activeCurrencies })
    .where(
      and(
        eq(pricePlanVersions.organizationId, organizationId),
        eq(pricePlanVersions.pricePlanId, id),
        sql`${pricePlanVersions.planVersion} = ${activeVersion}`,
      ),
    )
  return { ...draft, statements: [...statements, activate] }
}

/** Refuses a plan that is archived. */
const requirePlan = (row: ReadPlan): void => {
  if (row.status === 'ARCHIVED') throw archived('price plan', row.name)
}

/** Changes a plan that is not archived; what `sent` ids name is read with it. */
export const changeVersionedPlan = <Answer extends object>(
  ctx: Ctx,
  id: string,
  change: (plan: Awaited<ReturnType<typeof readPlan>>) => Draft<Answer> | { unchanged: Answer },
  sent: readonly string[] = [],
): Promise<Reply<Answer>> =>
  changeVersioned(ctx, {
    read: () => readPlan(ctx, id, sent),
    tagOf: ({ row }) => tagOfPlan(row),
    change: (plan) => {
      requirePlan(plan.row)
      return change(plan)
    },
  })

/** Changes the draft of a plan, and opens one where its newest version is published. */
export const changeDraft = <Answer extends object>(
  ctx: Ctx,
  id: string,
  change: (draft: ReadPlan, items: readonly BillableItem[]) => { set: Partial<PlanRow>; answerOf: (after: ReadPlan) => Answer },
  sent: readonly string[] = [],
): Promise<Reply<Answer>> =>
  changeVersionedPlan(
    ctx,
    id,
    ({ row, items }) => {
      const draft = openDraft(ctx, row)
      const { set, answerOf } = change(draft, items)
      const after = changePlan(ctx, draft, set)
      return draftPlanChange(row, after, answerOf(after))
    },
    sent,
  )
