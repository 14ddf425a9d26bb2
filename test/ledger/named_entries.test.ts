import { runInDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AccountLedger } from '../../src/ledger/account_ledger.ts'
import { ACCOUNT_MIGRATIONS } from '../../src/ledger/account_schema.sql.ts'
import type { LicenseAct, NamedEntry, NamedEntryQuery } from '../../src/ledger/client.ts'
import { END, accountLedger, applyLicense, revertLicense, watchSql } from '../helpers/ledger.ts'

type Ledger = ReturnType<typeof accountLedger>

let made = 0
const act = (action: 1 | -1, time: number, more: Partial<LicenseAct> = {}): LicenseAct => ({
  ledger: '',
  account: 'acme',
  license: 'seat',
  name: 'ann',
  action,
  time,
  reference: `event.${String(++made).padStart(6, '0')}`,
  arrivedAt: 1000 + made,
  ...more,
})

const shown = ({ account, license, name, from, until, reference, createdAt, updatedAt }: NamedEntry): string =>
  `${account} ${license} ${name} ${from}-${until ?? ''} by ${reference} at ${createdAt}, ${updatedAt}`

const listAll = async (ledger: Ledger, query: Partial<NamedEntryQuery> = {}): Promise<string[]> =>
  (await ledger.listEntries({ limit: 1000, ...query })).map(shown)

it('lists what additions begin and removals end, the newest arrival first', async () => {
  const ledger = accountLedger()
  const [added, again, removed, back, other] = [
    act(1, 100),
    act(1, 150),
    act(-1, 200),
    act(1, 300),
    act(1, 50, { name: 'bob', account: 'other' }),
  ]
  for (const one of [added, again, removed, back, other, act(-1, 10)]) await applyLicense(ledger, one)
  expect(await listAll(ledger)).toEqual([
    `other seat bob 50- by ${other.reference} at ${other.arrivedAt}, ${other.arrivedAt}`,
    `acme seat ann 300- by ${back.reference} at ${back.arrivedAt}, ${back.arrivedAt}`,
    `acme seat ann 100-200 by ${added.reference} at ${added.arrivedAt}, ${removed.arrivedAt}`,
  ])
  const early = act(1, 20)
  await applyLicense(ledger, early)
  expect((await listAll(ledger, { accounts: ['acme'] }))[0]).toBe(
    `acme seat ann 20-200 by ${early.reference} at ${early.arrivedAt}, ${early.arrivedAt}`,
  )
  await revertLicense(ledger, early.reference)
  await revertLicense(ledger, removed.reference)
  expect(await listAll(ledger, { accounts: ['acme', 'acme', 'none'] })).toEqual([
    `acme seat ann 100- by ${added.reference} at ${added.arrivedAt}, ${added.arrivedAt}`,
  ])
})

it('begins an entry with the first reference of those that add a name at one instant, whichever arrives first', async () => {
  const ledger = accountLedger()
  const acts = ['event.b', 'event.a', 'event.c'].map((reference) => act(1, 100, { reference }))
  for (const one of acts) await applyLicense(ledger, one)
  expect((await ledger.listEntries({ limit: 9 })).map(({ reference }) => reference)).toEqual(['event.a'])
  await revertLicense(ledger, 'event.a')
  expect((await ledger.listEntries({ limit: 9 })).map(({ reference }) => reference)).toEqual(['event.b'])
  await applyLicense(ledger, act(-1, 100))
  expect(await ledger.listEntries({ limit: 9 })).toEqual([])
})

it('takes the time of an event for its arrival where an earlier version has stored what is to be done', async () => {
  const ledger = accountLedger()
  const { arrivedAt: _arrivedAt, ...old } = act(1, 700)
  await applyLicense(ledger, old)
  expect(await listAll(ledger)).toEqual([`acme seat ann 700- by ${old.reference} at 700, 700`])
})

const NAMES = ['ann', 'bob'] as const

/** The entries of actions, as one reckons them who looks at all of them. */
const naive = (acts: readonly LicenseAct[]): string[] => {
  const entries: NamedEntry[] = []
  for (const key of new Set(acts.map(({ account, license, name }) => JSON.stringify([account, license, name])))) {
    const its = acts
      .filter(({ account, license, name }) => JSON.stringify([account, license, name]) === key)
      .toSorted((one, other) => one.time - other.time || other.action - one.action || (one.reference < other.reference ? -1 : 1))
    let open: NamedEntry | undefined
    for (const { account, license, name, time, action, reference, arrivedAt = 0 } of its)
      if (action === 1 && !open)
        open = { account, license, name, from: time, until: null, reference, createdAt: arrivedAt, updatedAt: arrivedAt }
      else if (action === -1 && open) {
        if (open.from < time) entries.push({ ...open, until: time, updatedAt: Math.max(open.createdAt, arrivedAt) })
        open = undefined
      }
    if (open) entries.push(open)
  }
  return entries.toSorted((one, other) => other.createdAt - one.createdAt || (one.reference < other.reference ? 1 : -1)).map(shown)
}

it('lists what one reckons who looks at all actions, whenever they arrive and are reverted', async () => {
  const step = fc.record({
    action: fc.constantFrom(1 as const, 1 as const, -1 as const),
    time: fc.integer({ min: 1, max: 4 }),
    name: fc.constantFrom('ann', 'ann', 'ann', 'bob'),
    account: fc.constantFrom('acme', 'acme', 'acme', 'other'),
    license: fc.constantFrom('seat', 'seat', 'seat', 'desk'),
    order: fc.integer({ min: 0, max: 999_999 }),
    isReverted: fc.boolean(),
    arrivedAt: fc.integer({ min: 1, max: 5 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const ledger = accountLedger()
      let kept: LicenseAct[] = []
      for (const [index, { order, isReverted, ...more }] of steps.entries()) {
        const one = act(more.action, more.time, { ...more, reference: `event.${order}.${index}` })
        if ((await applyLicense(ledger, one)) === 'DONE') kept.push(one)
        const [oldest] = kept
        if (isReverted && oldest) {
          await revertLicense(ledger, oldest.reference)
          kept = kept.slice(1)
        }
        expect(await listAll(ledger)).toEqual(naive(kept))
      }
      const spans = (await ledger.readLicenses(0, END)).map(({ account, license, name, from, until }) =>
        [account, license, name, from, until].join(),
      )
      const entries = await ledger.listEntries({ limit: 1000 })
      expect(entries.map(({ account, license, name, from, until }) => [account, license, name, from, until].join()).toSorted()).toEqual(
        spans.toSorted(),
      )
      for (const query of [
        { accounts: ['acme'] },
        { license: 'desk' },
        { name: 'bob' },
        { accounts: ['acme', 'other'], license: 'seat' },
        { accounts: ['other'], license: 'seat', name: 'ann' },
      ]) {
        const wanted = entries.filter(
          ({ account, license, name }) =>
            (query.accounts?.includes(account) ?? true) && license === (query.license ?? license) && name === (query.name ?? name),
        )
        const paged: NamedEntry[] = []
        for (;;) {
          const last = paged.at(-1)
          const page = await ledger.listEntries({ ...query, limit: 3, ...(last && { after: [last.createdAt, last.reference] as const }) })
          paged.push(...page)
          if (page.length < 3) break
        }
        expect(paged).toEqual(wanted)
      }
    }),
    { numRuns: 25 },
  )
})

it('is kept for the actions of earlier versions too', async () => {
  const ledger = accountLedger()
  const acts = Array.from({ length: 30 }, (_, n) => act(n % 3 === 2 ? -1 : 1, (n * 7) % 20, { name: NAMES[n % 2] ?? 'ann' }))
  const kept: LicenseAct[] = []
  for (const one of acts) if ((await applyLicense(ledger, one)) === 'DONE') kept.push({ ...one, arrivedAt: one.time })
  await runInDurableObject(ledger, (_, { storage: { sql } }) => {
    sql.exec('ALTER TABLE license_action RENAME TO newer')
    for (const { name } of sql
      .exec<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = 'newer'")
      .toArray())
      sql.exec(`DROP INDEX ${name}`)
    sql.exec(ACCOUNT_MIGRATIONS[0] ?? '')
    sql.exec('INSERT INTO license_action SELECT account, license, name, time, reference, action FROM newer')
    sql.exec(ACCOUNT_MIGRATIONS[1] ?? '')
  })
  expect(await listAll(ledger)).toEqual(naive(kept))
})

const ACTIONS = 100_000

/** Fills a ledger: one name that is added again and again, one that is added and removed in turn, and many that are added once. */
const fill = (ledger: Ledger, from: number, until: number): Promise<void> =>
  runInDurableObject(ledger, (instance: AccountLedger) => {
    for (let n = from; n < until; n++) {
      const [name, action] = [`user ${n}`, 1] as const
      const one = act(action, n, { name, account: `account ${n % 7}` })
      if (n % 3 === 0) instance.applyActs([{ ...one, name: 'again', account: 'busy' }], n)
      else if (n % 3 === 1) instance.applyActs([{ ...one, name: 'in turn', account: 'busy', action: n % 2 ? 1 : -1 }], n)
      else instance.applyActs([one], n)
    }
  })

it(`costs as much with ${ACTIONS} actions as with 1,000, for a page and for an action`, async () => {
  const ledger = accountLedger()
  const measure = async (at: number): Promise<number[]> => {
    const queries: Partial<NamedEntryQuery>[] = [
      {},
      { accounts: ['busy'] },
      { accounts: ['account 3'] },
      { license: 'seat' },
      { accounts: ['busy'], license: 'seat' },
      { name: 'in turn' },
      { accounts: ['busy'], name: 'in turn' },
      { accounts: ['busy'], name: 'again' },
      { accounts: ['account 1', 'account 2', 'account 3'] },
    ]
    const costs: number[] = []
    for (const query of queries) {
      const [last] = (await ledger.listEntries({ ...query, limit: 20 })).slice(-1)
      expect(last, JSON.stringify(query)).toBeDefined()
      for (const after of [undefined, [last?.createdAt ?? 0, last?.reference ?? ''] as const]) {
        const statements = await watchSql<AccountLedger>(ledger, (instance) =>
          instance.listEntries({ ...query, limit: 20, ...(after && { after }) }),
        )
        costs.push(statements.reduce((sum, { rowsRead }) => sum + rowsRead, 0))
      }
    }
    for (const one of [
      act(1, at, { account: 'busy', name: 'again' }),
      act(1, Math.floor(at / 2), { account: 'busy', name: 'in turn' }),
      act(-1, at, { account: 'busy', name: 'in turn' }),
    ]) {
      const statements = await watchSql<AccountLedger>(ledger, (instance) => applyLicense(instance, one))
      costs.push(statements.reduce((sum, { rowsRead }) => sum + rowsRead, 0))
      const reverting = await watchSql<AccountLedger>(ledger, (instance) => revertLicense(instance, one.reference))
      costs.push(reverting.reduce((sum, { rowsRead }) => sum + rowsRead, 0))
    }
    return costs
  }
  await fill(ledger, 0, 1000)
  const few = await measure(1000)
  for (let at = 1000; at < ACTIONS; at += 11_000) await fill(ledger, at, Math.min(at + 11_000, ACTIONS))
  const many = await measure(ACTIONS)
  for (const [index, cost] of many.entries())
    expect(cost, `${index}: ${few.join()} and ${many.join()}`).toBeLessThanOrEqual((few[index] ?? 0) + 40)
  expect(Math.max(...many)).toBeLessThan(400)
}, 120_000)
