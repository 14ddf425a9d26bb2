import { evictDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LicenseAct } from '../../src/ledger/client.ts'
import { END, accountLedger, applyLicense, revertLicense } from '../helpers/ledger.ts'

type Ledger = ReturnType<typeof accountLedger>

let made = 0
const act = (action: 1 | -1, time: number, more: Partial<LicenseAct> = {}): LicenseAct => ({
  ledger: '',
  account: 'acme',
  license: 'seat',
  name: 'ann',
  action,
  time,
  reference: `event.${++made}`,
  ...more,
})

const spansOf = async (ledger: Ledger, from = 0, until = END) =>
  (await ledger.readLicenses(from, until)).map(
    ({ account, license, name, from: start, until: end }) => `${account} ${license} ${name} ${start}-${end ?? ''}`,
  )

it('keeps the spans in which names are active, as events say in whatever order they come', async () => {
  const ledger = accountLedger()
  expect(await applyLicense(ledger, act(1, 100))).toBe('DONE')
  expect(await applyLicense(ledger, act(-1, 50))).toBe('ABSENT')
  expect(await applyLicense(ledger, act(1, 150))).toBe('DONE')
  expect(await applyLicense(ledger, act(-1, 200))).toBe('DONE')
  expect(await applyLicense(ledger, act(-1, 250))).toBe('ABSENT')
  expect(await applyLicense(ledger, act(1, 300))).toBe('DONE')
  expect(await applyLicense(ledger, act(1, 10, { name: 'bob' }))).toBe('DONE')
  expect(await applyLicense(ledger, act(1, 10, { account: `a"'%|\u{1f600}`, license: '\uffff' }))).toBe('DONE')
  expect(await spansOf(ledger)).toEqual([
    `a"'%|\u{1f600} \uffff ann 10-`,
    'acme seat ann 100-200',
    'acme seat ann 300-',
    'acme seat bob 10-',
  ])
  expect(await applyLicense(ledger, act(-1, 120))).toBe('DONE')
  expect(await applyLicense(ledger, act(1, 20))).toBe('DONE')
  expect(await spansOf(ledger, 0, 300)).toEqual([
    `a"'%|\u{1f600} \uffff ann 10-`,
    'acme seat ann 20-120',
    'acme seat ann 150-200',
    'acme seat bob 10-',
  ])
  expect((await ledger.readLicenses(0, END, ['acme', 'acme', 'none'])).map(({ account }) => account)).toEqual([
    'acme',
    'acme',
    'acme',
    'acme',
  ])
})

it('says when a name ends, though that is after the times that are asked for', async () => {
  const ledger = accountLedger()
  await applyLicense(ledger, act(1, 100))
  await applyLicense(ledger, act(-1, 200))
  for (const [from, until] of [
    [0, 101],
    [150, 160],
    [199, 300],
  ] as const)
    expect(await spansOf(ledger, from, until)).toEqual(['acme seat ann 100-200'])
  expect(await spansOf(ledger, 0, 100)).toEqual([])
  expect(await spansOf(ledger, 200, 300)).toEqual([])
})

it('does what an event asks once, and answers the same whenever it is asked again', async () => {
  const ledger = accountLedger()
  const [absent, added, removed] = [act(-1, 200), act(1, 100), act(-1, 150)]
  expect(await applyLicense(ledger, absent)).toBe('ABSENT')
  expect(await applyLicense(ledger, added)).toBe('DONE')
  expect(await applyLicense(ledger, absent)).toBe('ABSENT')
  await evictDurableObject(ledger)
  expect(await applyLicense(ledger, absent)).toBe('ABSENT')
  expect(await applyLicense(ledger, removed)).toBe('DONE')
  expect(await applyLicense(ledger, removed)).toBe('DONE')
  expect(await applyLicense(ledger, added)).toBe('DONE')
  expect(await spansOf(ledger)).toEqual(['acme seat ann 100-150'])
})

it('takes back what an event did, and does not do it again for a call that comes late', async () => {
  const ledger = accountLedger()
  const [added, removed, late] = [act(1, 100), act(-1, 150), act(1, 300)]
  await applyLicense(ledger, added)
  await applyLicense(ledger, removed)
  await revertLicense(ledger, removed.reference)
  await revertLicense(ledger, removed.reference)
  expect(await spansOf(ledger)).toEqual(['acme seat ann 100-'])
  expect(await applyLicense(ledger, removed)).toBe('ABSENT')
  await revertLicense(ledger, added.reference)
  await revertLicense(ledger, late.reference)
  expect(await applyLicense(ledger, late)).toBe('ABSENT')
  expect(await spansOf(ledger)).toEqual([])
})

it('puts additions before removals at one instant', async () => {
  for (const actions of [
    [1, -1],
    [1, 1, -1],
  ] as const) {
    const ledger = accountLedger()
    for (const action of actions) expect(await applyLicense(ledger, act(action, 100))).toBe('DONE')
    expect(await spansOf(ledger)).toEqual([])
  }
})

it('gives the same spans in whatever order additions come, and removals of what is there', async () => {
  const actions = fc.array(
    fc.record({
      action: fc.constantFrom(1 as const, -1 as const),
      time: fc.integer({ min: 1, max: 12 }),
      name: fc.constantFrom('ann', 'bob'),
    }),
    { maxLength: 14 },
  )
  await fc.assert(
    fc.asyncProperty(actions, fc.infiniteStream(fc.nat()), async (sent, dice) => {
      const acts = sent.map(({ action, time, name }) => act(action, time, { name }))
      const state = new Map<string, (1 | -1)[][]>()
      for (const { name, time, action } of acts) {
        const its = state.get(name) ?? Array.from({ length: 13 }, () => [])
        its[time]?.push(action)
        state.set(name, its)
      }
      const expected = [...state.keys()].toSorted().flatMap((name) => {
        const spans: string[] = []
        let from: number | undefined
        for (const [time, its] of (state.get(name) ?? []).entries()) {
          if (its.includes(1) && from === undefined) from = time
          if (its.includes(-1) && from !== undefined) {
            if (from < time) spans.push(`acme seat ${name} ${from}-${time}`)
            from = undefined
          }
        }
        return from === undefined ? spans : [...spans, `acme seat ${name} ${from}-`]
      })
      const ledger = accountLedger()
      const additionsFirst = acts.toSorted((one, other) => other.action - one.action || (dice.next().value ?? 0) - (dice.next().value ?? 0))
      for (const one of additionsFirst) await applyLicense(ledger, one)
      expect(await spansOf(ledger)).toEqual(expected)
    }),
    { numRuns: 20 },
  )
})

it('erases names, each once, and those that only look like what takes their place too', async () => {
  const ledger = accountLedger()
  const names = ['ann', 'erased.ann', `erased.${'g'.repeat(32)}`, `erased.${'0'.repeat(33)}`]
  for (const [index, name] of names.entries()) await applyLicense(ledger, act(1, index, { name }))
  await applyLicense(ledger, act(-1, 50, { name: 'ann' }))
  await applyLicense(ledger, act(1, 1, { account: 'other' }))
  expect(await ledger.countNames(['acme'])).toBe(4)
  expect(await ledger.eraseNames(['acme'])).toEqual({ erased: 4, isMore: false })
  const erased = (await ledger.readLicenses(0, END, ['acme'])).toSorted((one, other) => one.from - other.from)
  expect(erased.map(({ from, until }) => [from, until])).toEqual([[0, 50], ...[1, 2, 3].map((from) => [from, null])])
  for (const { name } of erased) expect(name).toMatch(/^erased\.[0-9a-f]{32}$/)
  expect(new Set(erased.map(({ name }) => name)).size).toBe(4)
  expect((await ledger.readLicenses(0, END, ['other'])).map(({ name }) => name)).toEqual(['ann'])
  expect([await ledger.countNames(['acme']), await ledger.eraseNames(['acme'])]).toEqual([0, { erased: 0, isMore: false }])
})
