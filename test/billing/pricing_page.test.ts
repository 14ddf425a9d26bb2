import { describe, expect, it } from 'vitest'
import { moveTimeline } from '../../src/catalogue/migrations/move.ts'
import { MOVING_MODES, type MovingMode } from '../../src/catalogue/migrations/schema.ts'
import { DETAILS } from '../../src/catalogue/rate_cards/schema.ts'
import { requireDecimal } from '../../src/lib/decimal.ts'
import { type CycleConfig, type Schedule, cycleOf, readDay, writeDay } from '../../src/rating/cycle.ts'
import { cutTo } from '../../src/rating/line.ts'
import { whole } from '../../src/rating/quotient.ts'
import { chargedCycles } from '../../src/rating/rate.ts'
import { organization } from '../helpers/api.ts'
import { calculate } from '../helpers/calculator.ts'

const [page = ''] = Object.values(import.meta.glob<string>('../../docs/pricing.md', { eager: true, query: '?raw', import: 'default' }))

const BLOCK = /^### (.+)$|^```json\n([\s\S]*?)^```/gm

/** The examples of the page, each with the heading that it stands under. */
const blocks: { title: string; json: Record<string, unknown> }[] = []
let title = ''
for (const [, heading, json] of page.matchAll(BLOCK))
  if (heading !== undefined) title = heading
  else blocks.push({ title, json: JSON.parse(json ?? '') as Record<string, unknown> })

/** The rows of the table under a heading. */
const tableUnder = (heading: string): string[][] => {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const monthly = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 3 } as const

const [base, ...examples] = blocks as [(typeof blocks)[number], ...typeof blocks]

describe('docs/pricing.md', () => {
  it('has an example of each family', () => {
    const families = examples.flatMap(({ json }) => Object.keys(json['pricePlanDetails'] as object))
    const lists = Object.entries(DETAILS).map(([type, name]) => (type === 'MINIMUM_COMMITMENT' ? 'minimumCommitment' : `${name}s`))
    expect([...new Set(families)].toSorted()).toEqual(lists.toSorted())
  })

  it.each(examples.map((one, index) => ({ ...one, index })))('$index: $title', async ({ json }) => {
    const { pricePlanDetails, revenueInfo, ...more } = json
    const { pricePlanDetailsConfig, ...rest } = base.json as { pricePlanDetailsConfig: { pricePlanDetails: object } }
    const plan = {
      ...pricePlanDetailsConfig,
      pricePlanDetails: { ...pricePlanDetailsConfig.pricePlanDetails, ...(pricePlanDetails as object) },
    }
    const answer = await calculate(await organization(), { ...rest, ...more, pricePlanDetailsConfig: plan })
    const right = revenueInfo as object[]
    expect(answer.revenueInfo).toHaveLength(right.length)
    expect(answer.revenueInfo).toMatchObject(right)
  })

  it('has cycles that are those of a plan', () => {
    const cycle: CycleConfig = { interval: 'QUARTERLY', startOffset: { dayOffset: '3', monthOffset: '2' } }
    const schedule: Schedule = { cycle, from: readDay('2021-11-03'), until: readDay('9999-01-01') }
    const rows = tableUnder('Cycles')
    expect(rows).toHaveLength(3)
    for (const [ordinal, from, until] of rows) {
      const found = cycleOf(schedule, Number(ordinal))
      expect(found && [writeDay(found.start), writeDay(found.end)]).toEqual([from, until])
    }
  })

  it('has cycles in which fees are charged', () => {
    const rows = tableUnder('Recurrence')
    expect(rows).toHaveLength(3)
    for (const [interval, offset, inAdvance, inArrears] of rows) {
      const charged = (timing: 'IN_ADVANCE' | 'IN_ARREARS') =>
        Array.from({ length: 9 }, (_, index) => index + 1)
          .filter((ordinal) => chargedCycles({ isOnce: false, interval: Number(interval), offset: Number(offset) }, timing, ordinal))
          .slice(0, 3)
          .join(', ')
      expect([charged('IN_ADVANCE'), charged('IN_ARREARS')]).toEqual([inAdvance, inArrears])
    }
  })

  it('has amounts that are cut', () => {
    const rows = tableUnder('Rounding')
    expect(rows).toHaveLength(6)
    for (const [amount = '', digits, cut] of rows) expect(cutTo(Number(digits))(whole(requireDecimal(amount)))).toBe(cut)
  })

  it('has modes in which accounts are moved', () => {
    const rows = tableUnder('Moving accounts to another version')
    expect(rows.map(([mode]) => mode)).toEqual(MOVING_MODES.map((mode) => `\`${mode}\``))
    const content = {
      pricePlanId: 'p',
      version: 1,
      cycle: monthly,
      isCycleOverridden: false,
      overrideId: null,
      isOpen: true,
      currencies: 1,
    }
    const running = { ...content, id: 's', from: readDay('2026-03-10'), until: readDay('9999-01-01') }
    const target = {
      id: 'p',
      planVersion: 2,
      name: 'P',
      status: 'ACTIVE',
      activeCurrencies: ['USD'],
      pricingCycleConfig: monthly,
      deferredRevenue: true,
    } as unknown as Parameters<typeof moveTimeline>[2]
    const move = (mode: MovingMode, overrideId: string | null) =>
      moveTimeline(
        {
          account: { id: 'a', status: 'ACTIVE', invoiceCurrency: 'USD' },
          active: [{ ...running, overrideId }],
        } as unknown as Parameters<typeof moveTimeline>[0],
        { source: { id: 'p', firstVersion: 1, lastVersion: 1 }, target: { id: 'p', version: 2 }, mode, retainsStart: false },
        target,
        { started: readDay('2026-04-20'), today: readDay('2026-04-20') },
        () => 't',
      )
    const days: Record<string, string> = {
      tomorrow: '2026-04-21',
      'the end of the cycle that is in force today': '2026-05-01',
      'the start of the cycle that is in force today': '2026-04-01',
    }
    for (const [index, [, from = '', overridden]] of rows.entries()) {
      const mode = MOVING_MODES[index] ?? 'IMMEDIATE'
      const moved = { pieces: [{ id: 's' }, { id: 't', version: 2, overrideId: null, from: readDay(days[from] ?? '') }] }
      expect(move(mode, null)).toMatchObject(moved)
      expect(move(mode, 'own')).toMatchObject(overridden === 'stay' ? { status: 'COMPLETED' } : moved)
    }
  })
})
