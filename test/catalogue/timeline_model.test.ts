import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Answer } from '../helpers/api.ts'
import { monthly, publishPlan, withAccount } from '../helpers/schedules.ts'
import { type Days, type Edit, LENGTH, NOTHING, PLANS, START, editDays, isAllowed, isSame, mergeDays } from './timeline_model.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const DAY = 86_400_000

const timeOf = (at: number): number => START + at * DAY
const dateOf = (at: number): string => (at >= LENGTH ? '9999-01-01' : new Date(timeOf(at)).toISOString().slice(0, 10))
const dayOf = (time: number): number => Math.min((time - START) / DAY, LENGTH)

type Step =
  | { kind: 'wait'; days: number }
  | { kind: 'v1'; edits: readonly Edit[] }
  | { kind: 'draft'; edits: readonly Edit[]; discards: boolean }
  | { kind: 'finalize'; isMerged: boolean }
  | { kind: 'discard' }
  | { kind: 'both'; steps: readonly [Step, Step] }

interface State {
  active: Days
  activeVersion: number
  draft: Days | undefined
  base: number
}

/** What becomes of a state, and the status of the answer. */
const take = (state: State, step: Step, today: number): { state: State; status: number } => {
  const { active, activeVersion, draft, base } = state
  const refused = { state, status: 409 }
  const editAll = (start: Days, edits: readonly Edit[]): Days | undefined => {
    let days = start
    for (const edit of edits) {
      days = editDays(days, edit, today)
      if (!isAllowed(active, days, today)) return undefined
    }
    return days
  }
  switch (step.kind) {
    case 'v1': {
      const after = editAll(
        active,
        step.edits.map((edit) => ({ ...edit, isMerged: false })),
      )
      if (!after) return refused
      return { state: isSame(after, active) ? state : { ...state, active: after, activeVersion: activeVersion + 1 }, status: 200 }
    }
    case 'draft': {
      const isOpen = draft !== undefined && !step.discards
      if (isOpen && base !== activeVersion) return refused
      const after = editAll(isOpen ? draft : active, step.edits)
      return after ? { state: { ...state, draft: after, base: isOpen ? base : activeVersion }, status: 200 } : refused
    }
    case 'finalize': {
      if (!draft || base !== activeVersion) return refused
      const after = step.isMerged ? mergeDays(draft, today) : draft
      if (!isAllowed(active, after, today)) return refused
      return { state: { active: after, activeVersion: activeVersion + 1, draft: undefined, base: 0 }, status: 200 }
    }
    case 'both':
    case 'discard':
    case 'wait':
    default:
      return { state: { ...state, draft: undefined, base: 0 }, status: 200 }
  }
}

const day = fc.integer({ min: 0, max: LENGTH - 20 })

const edit: fc.Arbitrary<Edit> = fc.record({
  plan: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...PLANS) }, { weight: 1, arbitrary: fc.constant(undefined) }),
  from: day,
  until: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(LENGTH)),
  isMerged: fc.boolean(),
})

const edits = fc
  .array(edit, { minLength: 1, maxLength: 3 })
  .map((all) => all.map((one) => ({ ...one, until: one.until === LENGTH ? LENGTH : Math.min(one.from + one.until, LENGTH - 1) })))

const single: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('v1' as const), edits }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('draft' as const), edits, discards: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('finalize' as const), isMerged: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'discard' as const }) },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: single },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('both' as const), steps: fc.tuple(single, single) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 25 }) }) },
)

const SEQUENCES = 500

it(`ends as a list of days does, in ${SEQUENCES} sequences of edits of both kinds, some of them at the same moment`, async () => {
  const api = await withAccount(new Date(START).toISOString())
  const open = await publishPlan(api, 'Open', api.feeId, { allow_ongoing_cycle_updates: true })
  const ids: Record<string, string> = { Basic: api.planId, Pro: await publishPlan(api, 'Pro', api.feeId), Open: open }
  expect(monthly.gracePeriod).toBe(3)
  const nameOf = Object.fromEntries(Object.entries(ids).map(([name, id]) => [id, name]))

  const readDays = async (account: string, state: string): Promise<Days> => {
    const { results } = await env.DB.prepare(
      'SELECT price_plan_id, start_at, end_at FROM schedules WHERE organization_id = ? AND account_id = ? AND state = ? ORDER BY start_at',
    )
      .bind(api.id, account, state)
      .all<{ price_plan_id: string; start_at: number; end_at: number }>()
    const days = [...NOTHING]
    for (const row of results) {
      const [from, until] = [dayOf(row.start_at), dayOf(row.end_at)]
      for (let at = from; at < until; at++) {
        expect(days[at], `${account} has two schedules on ${dateOf(at)}`).toBeUndefined()
        days[at] = { plan: nameOf[row.price_plan_id] ?? '', from }
      }
    }
    return days
  }

  const send = (account: string, one: Step): Promise<Answer> => {
    const dates = ({ from, until }: Edit) => ({ effectiveFrom: dateOf(from), effectiveUntil: dateOf(until) })
    const modeOf = ({ plan }: Edit) => ({ mode: plan === undefined ? 'DISASSOCIATE' : 'ASSOCIATE' })
    if (one.kind === 'v1') {
      const sent = one.edits.map((its): Loose => ({ ...modeOf(its), ...dates(its), ...(its.plan && { pricePlanId: ids[its.plan] }) }))
      const [only, ...more] = sent
      return more.length
        ? api.post(`/accounts/${account}/edit_schedules`, { edits: sent })
        : api.post(`/accounts/${account}/price_plans`, only)
    }
    if (one.kind === 'draft') {
      const sent = one.edits.map((its) => ({
        ...modeOf(its),
        ...dates(its),
        mergeSchedules: its.isMerged,
        ...(its.plan && { associationConfig: { pricePlanId: ids[its.plan] } }),
      }))
      return api.post(`/v2/accounts/${account}/edit_schedules?discard=${one.discards}`, { edits: sent })
    }
    return one.kind === 'finalize'
      ? api.post(`/v2/accounts/${account}/finalize_schedules`, { mergeSchedules: one.isMerged })
      : api.delete(`/v2/accounts/${account}/discard_schedules`)
  }

  const seen: Record<string, number> = {}
  let count = 0
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 20, max: 70 }), fc.array(step, { minLength: 3, maxLength: 5 }), async (first, steps) => {
      const account = `account ${count++}`
      let today = first
      vi.setSystemTime(timeOf(today) + DAY / 2)
      await api.post('/accounts', { id: account, name: account, customerId: 'cus1' })
      let state: State = { active: NOTHING, activeVersion: 0, draft: undefined, base: 0 }
      for (const one of steps) {
        if (one.kind === 'wait') {
          today += one.days
          vi.setSystemTime(timeOf(today) + DAY / 2)
          continue
        }
        const orders: readonly (readonly Step[])[] = one.kind === 'both' ? [one.steps, one.steps.toReversed()] : [[one]]
        const answers = await Promise.all((orders[0] ?? []).map((its) => send(account, its)))
        const got = {
          statuses: answers.map(({ status }) => status),
          active: await readDays(account, 'ACTIVE'),
          draft: await readDays(account, 'DRAFT'),
        }
        const ends = orders.map((order, at) => {
          let next = state
          const statuses = order.map((its) => {
            const taken = take(next, its, today)
            next = taken.state
            return taken.status
          })
          return { next, expected: { statuses: at ? statuses.toReversed() : statuses, active: next.active, draft: next.draft ?? NOTHING } }
        })
        const end = ends.find(({ expected }) => JSON.stringify(expected) === JSON.stringify(got)) ?? ends[0]
        expect(got, answers.map(({ body }) => body.message).join('; ')).toEqual(end?.expected)
        state = end?.next ?? state
        for (const status of got.statuses) seen[`${one.kind} ${status}`] = (seen[`${one.kind} ${status}`] ?? 0) + 1
      }
    }),
    { numRuns: SEQUENCES, seed: 11, endOnFailure: false },
  )
  /** Every kind was allowed often, and refused often. */
  for (const kind of ['v1 200', 'v1 409', 'draft 200', 'draft 409', 'finalize 200', 'finalize 409', 'both 200', 'both 409'])
    expect(seen[kind], `${kind} of ${JSON.stringify(seen)}`).toBeGreaterThan(20)
}, 120_000)
