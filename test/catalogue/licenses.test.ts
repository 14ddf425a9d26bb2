import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { draftLicenseUpdates, getLicenseUpdates, readLicenseChanges, readLicenseState } from '../../src/catalogue/licenses/service.ts'
import { connect } from '../../src/db/client.ts'
import { combineDrafts, commit } from '../../src/db/commit.ts'
import { type Cycle, readDay } from '../../src/rating/cycle.ts'
import { foldLicenseEntries, quantityAt, readDays } from '../../src/rating/licenses.ts'
import { formatDecimal } from '../../src/lib/decimal.ts'
import { type Api, changed, client, failed, organization, watched } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'
import { system } from '../helpers/ledgers.ts'
import { countRows, readRows } from '../helpers/rows.ts'
import cases from '../data/pricing.json'
import { inputOf, licenseCard, pricesOf } from '../rating/cards.ts'
import { cutTo } from '../../src/rating/line.ts'
import { rateCard } from '../../src/rating/rate.ts'

const NOW = Date.UTC(2026, 5, 15, 12)

vi.useFakeTimers({ toFake: ['Date'] })
afterAll(() => {
  vi.useRealTimers()
})
beforeEach(() => {
  vi.setSystemTime(NOW)
})

/** The numbers from ?4 to ?5. */
const SERIES = 'WITH RECURSIVE series (value) AS (SELECT CAST(?4 AS INTEGER) UNION ALL SELECT value + 1 FROM series WHERE value < ?5)'

const addOn = async ({ post }: Pick<Api, 'post'>, more: object = {}): Promise<string> =>
  (await post('/addons', { name: 'Seats', type: 'LICENSE', ...more })).body.id

const withSeats = async () => {
  const api = await organization()
  const seat = await addOn(api)
  const update = (updateType: string, quantity: unknown, more: object = {}) =>
    api.post('/license_updates', { licenseId: seat, accountId: 'acme', updateType, quantity, ...more })
  const list = async (query = ''): Promise<[from: string, quantity: number][]> =>
    (await api.get(`/license_updates?_sort=effective_from:ASC&account_id=acme${query}`)).body.data.map(
      (one: { effectiveFrom: string; quantity: number }) => [one.effectiveFrom, one.quantity],
    )
  return { ...api, seat, update, list }
}

const on = (day: string) => ({ effectiveFrom: `2026-06-${day}T00:00:00.000Z` })

const refused = (message: string, status = 400) => [status, message]
const resultOf = ({ status, body }: Awaited<ReturnType<Api['post']>>) => [status, body.message]

describe('addLicenseUpdateEntry', () => {
  it('sets and adds, and answers the quantity in force after it', async () => {
    const { update, seat } = await withSeats()
    const first = await update('ABSOLUTE', 10, { metadata: { order: 'PO-1' } })
    expect([first.status, first.body]).toEqual([
      200,
      {
        licenseId: seat,
        accountId: 'acme',
        quantity: 10,
        effectiveFrom: '2026-06-15T12:00:00.000Z',
        metadata: { order: 'PO-1' },
        createdAt: '2026-06-15T12:00:00.000Z',
      },
    ])
    expect((await update('RELATIVE', -3)).body).toEqual({
      licenseId: seat,
      accountId: 'acme',
      quantity: 7,
      effectiveFrom: '2026-06-15T12:00:00.000Z',
      createdAt: '2026-06-15T12:00:00.000Z',
    })
    expect((await update('RELATIVE', 0.1)).body.quantity).toBe(7.1)
    expect((await update('RELATIVE', 0.2)).body.quantity).toBe(7.3)
    expect((await update('RELATIVE', 1e-7)).body.quantity).toBe(7.3000001)
    expect((await update('ABSOLUTE', 0)).body.quantity).toBe(0)
    expect((await update('ABSOLUTE', 1e15, on('30'))).body.quantity).toBe(1e15)
  })

  it('refuses an alias, which is the id of no account', async () => {
    const { post, update } = await withSeats()
    await post('/customers', customer('acme', { id: 'acme' }))
    expect((await post('/accounts/acme/add_aliases', { aliases: ['acme-old'] })).status).toBe(200)
    expect(resultOf(await update('ABSOLUTE', 1, { accountId: 'acme-old' }))).toEqual(
      refused('accountId: must be the id of an account, and "acme-old" is an alias of the account "acme"'),
    )
    expect((await update('ABSOLUTE', 1, { accountId: 'acme-new' })).status).toBe(200)
  })

  it('adds decimals exactly, also where no double is', async () => {
    const { update, id, seat } = await withSeats()
    await update('ABSOLUTE', 1e15)
    await update('RELATIVE', 1e-16)
    const changes = await readLicenseChanges(system(id), 'acme', [seat], NOW + 1)
    expect(changes.get(seat)?.at(-1)).toEqual({ at: NOW, quantity: '1000000000000000.0000000000000001', entries: 2 })
  })

  it('changes what later updates have led to, up to the next that sets the number', async () => {
    const { update, list } = await withSeats()
    await update('ABSOLUTE', 5, on('01'))
    await update('RELATIVE', 2, on('10'))
    await update('RELATIVE', -1, on('12'))
    await update('ABSOLUTE', 20, on('20'))
    await update('RELATIVE', 1, on('25'))
    expect((await update('RELATIVE', 3, on('05'))).body.quantity).toBe(8)
    const from = (day: string) => on(day).effectiveFrom
    expect(await list()).toEqual([
      [from('01'), 5],
      [from('05'), 8],
      [from('10'), 10],
      [from('12'), 9],
      [from('20'), 20],
      [from('25'), 21],
    ])
    expect((await update('ABSOLUTE', 1, on('11'))).body.quantity).toBe(1)
    expect((await list()).map(([, quantity]) => quantity)).toEqual([5, 8, 10, 1, 0, 20, 21])
    expect((await update('ABSOLUTE', 0, on('01'))).body.quantity).toBe(0)
    expect((await list()).map(([, quantity]) => quantity)).toEqual([5, 0, 3, 5, 1, 0, 20, 21])
  })

  it('is refused where the number would be below 0 at any time, and keeps nothing', async () => {
    const { update, list, id } = await withSeats()
    await update('ABSOLUTE', 5, on('01'))
    await update('RELATIVE', -4, on('10'))
    const before = await countRows(id)
    expect(resultOf(await update('RELATIVE', -2, on('05')))).toEqual(
      refused('quantity: must leave 0 or more, and would leave -1 from 2026-06-10T00:00:00.000Z on'),
    )
    expect(resultOf(await update('RELATIVE', -2, on('12')))).toEqual(
      refused('quantity: must leave 0 or more, and would leave -1 from 2026-06-12T00:00:00.000Z on'),
    )
    expect(resultOf(await update('RELATIVE', -1, { effectiveFrom: '2026-05-01T00:00:00Z' }))).toEqual(
      refused('quantity: must leave 0 or more, and would leave -1 from 2026-05-01T00:00:00.000Z on'),
    )
    expect(resultOf(await update('ABSOLUTE', -1))).toEqual(refused('quantity: must be 0 or more if it is ABSOLUTE'))
    expect(await countRows(id)).toEqual(before)
    expect((await list()).map(([, quantity]) => quantity)).toEqual([5, 1])
  })

  it('needs an add-on that is active, and of type LICENSE', async () => {
    const { post, delete: archive, update, id } = await withSeats()
    const [named, fee, gone] = [
      await addOn({ post }, { type: 'NAMED_LICENSE' }),
      await addOn({ post }, { type: 'FIXED_FEE' }),
      await addOn({ post }),
    ]
    await archive(`/addons/${gone}`)
    const their = await addOn(await organization())
    const ask = async (licenseId: string) => resultOf(await update('ABSOLUTE', 1, { licenseId }))
    expect(await ask(named)).toEqual(
      refused(`licenseId: the add-on "${named}" is of type NAMED_LICENSE, whose names are added and removed by events`),
    )
    expect(await ask(fee)).toEqual(refused(`licenseId: the add-on "${fee}" is of type FIXED_FEE, and must be of type LICENSE`))
    expect(await ask(gone)).toEqual(refused(`licenseId: the add-on "${gone}" is archived`))
    expect(await ask(their)).toEqual(refused(`licenseId: the add-on "${their}" does not exist`))
    expect(await ask('nothing')).toEqual(refused('licenseId: the add-on "nothing" does not exist'))
    expect(resultOf(await update('ABSOLUTE', -1, { licenseId: gone }))).toEqual(
      refused(`licenseId: the add-on "${gone}" is archived; quantity: must be 0 or more if it is ABSOLUTE`),
    )
    expect(await countRows(id)).not.toHaveProperty('license_updates')
  })

  it.each([
    ['quantity', { quantity: '5' }],
    ['quantity', { quantity: 1.1e15 }],
    ['quantity', { quantity: -1.1e15 }],
    ['quantity', { quantity: null }],
    ['updateType', { updateType: 'relative' }],
    ['licenseId', { licenseId: 'x'.repeat(51) }],
    ['accountId', { accountId: '' }],
    ['effectiveFrom', { effectiveFrom: 'tomorrow' }],
    ['idempotencyKey', { idempotencyKey: '' }],
    ['metadata.a', { metadata: { a: 1 } }],
    ['unknown', { unknown: 1 }],
  ])('refuses a wrong %s', async (field, wrong) => {
    const { update, id } = await withSeats()
    const { status, body } = await update('ABSOLUTE', 1, wrong)
    expect([status, body.message]).toEqual([400, expect.stringContaining(`${field}: `)])
    expect(await countRows(id)).not.toHaveProperty('license_updates')
  })

  it('refuses a number that would be read as another one', async () => {
    const { call, seat } = await withSeats()
    const body = `{"licenseId":"${seat}","accountId":"acme","updateType":"ABSOLUTE","quantity":1.00000000000000000001}`
    expect(resultOf(await call('POST', '/license_updates', body))).toEqual(
      refused('quantity: must be a number of at most 15 digits, or it would be read as another one'),
    )
  })

  it('is made once with a key of the body, and answered as it stands whenever it is sent again', async () => {
    const { update, post, seat, list, id } = await withSeats()
    const other = await addOn({ post })
    const first = await update('RELATIVE', 5, { idempotencyKey: 'k', ...on('10'), metadata: { a: '1', b: '2' } })
    const rows = await readRows(id)
    const again = await update('RELATIVE', 5, { idempotencyKey: 'k', effectiveFrom: '2026-06-10T00:00Z', metadata: { b: '2', a: '1' } })
    expect([again.status, again.body]).toEqual([200, first.body])
    expect(await readRows(id)).toEqual(rows)
    const message = 'idempotencyKey: was used for another entry of the account. Take a new key.'
    for (const more of [
      { quantity: 6 },
      { updateType: 'ABSOLUTE' },
      on('11'),
      { effectiveFrom: undefined },
      { metadata: { a: '1' } },
      { metadata: undefined },
      { licenseId: other },
    ])
      expect(resultOf(await update('RELATIVE', 5, { idempotencyKey: 'k', ...on('10'), metadata: { a: '1', b: '2' }, ...more }))).toEqual(
        refused(message, 422),
      )
    expect(await readRows(id)).toEqual(rows)
    expect((await update('RELATIVE', 5, { idempotencyKey: 'k', accountId: 'other', ...on('10') })).status).toBe(200)
    await update('ABSOLUTE', 1, on('01'))
    expect((await update('RELATIVE', 5, { idempotencyKey: 'k', ...on('10'), metadata: { a: '1', b: '2' } })).body.quantity).toBe(6)
    expect(await list()).toHaveLength(2)
    const theirs = await withSeats()
    expect((await theirs.update('RELATIVE', 1, { idempotencyKey: 'k' })).body.quantity).toBe(1)
    expect(seat).not.toBe(theirs.seat)
  })

  it('with a key and without a time is the same whenever it is sent', async () => {
    const { update } = await withSeats()
    const first = await update('RELATIVE', 5, { idempotencyKey: 'k' })
    vi.setSystemTime(NOW + 5000)
    expect((await update('RELATIVE', 5, { idempotencyKey: 'k' })).body).toEqual(first.body)
  })

  it('20 at once with one key end in one entry and equal answers', async () => {
    const { update, list, id } = await withSeats()
    const answers = await Promise.all(Array.from({ length: 20 }, () => update('RELATIVE', 5, { idempotencyKey: 'k' })))
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1)
    expect([answers[0]?.status, await list()]).toEqual([200, [['2026-06-15T12:00:00.000Z', 5]]])
    expect((await readRows(id))['audit_log']?.filter((row) => row.includes('LICENSE_UPDATE'))).toHaveLength(1)
  })

  it('many at once with one key for different licences: one is made, the others are refused', async () => {
    const { post, get } = await withSeats()
    const licenses = await Promise.all(Array.from({ length: 6 }, () => addOn({ post })))
    const answers = await Promise.all(
      licenses.map((licenseId) =>
        post('/license_updates', { licenseId, accountId: 'acme', updateType: 'ABSOLUTE', quantity: 1, idempotencyKey: 'k' }),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 422, 422, 422, 422, 422])
    expect((await get('/license_updates')).body.data).toHaveLength(1)
  })

  it('the key of the body and the header Idempotency-Key work each on its own', async () => {
    const { call, seat, list } = await withSeats()
    const body = { licenseId: seat, accountId: 'acme', updateType: 'RELATIVE', quantity: 1 }
    const send = (key: string, more: object) => call('POST', '/license_updates', { ...body, ...more }, { 'Idempotency-Key': key })
    const first = await send('h1', { idempotencyKey: 'b1' })
    const second = await send('h2', { idempotencyKey: 'b1' })
    expect([second.body, second.headers.get('Idempotency-Replayed')]).toEqual([first.body, null])
    expect((await send('h2', { idempotencyKey: 'b1' })).headers.get('Idempotency-Replayed')).toBe('true')
    expect((await send('h2', { idempotencyKey: 'b2' })).status).toBe(422)
    expect((await send('h3', {})).body.quantity).toBe(2)
    expect((await send('h3', {})).body.quantity).toBe(2)
    expect(await list()).toHaveLength(2)
  })

  it('many at once are taken one after another, the first ones too', async () => {
    const { update, list } = await withSeats()
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => update('RELATIVE', 1, on(String(10 + (n % 4))))))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await list()).map(([, quantity]) => quantity)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it('is not made for an add-on that is archived meanwhile', async () => {
    const { token, seat, id, delete: archive } = await withSeats()
    let isArchived = false
    const d1 = changed((session) => ({
      batch: async (statements) => {
        if (!isArchived) await archive(`/addons/${seat}`)
        isArchived = true
        return session.batch(statements) as never
      },
    }))
    const body = { licenseId: seat, accountId: 'acme', updateType: 'ABSOLUTE', quantity: 1 }
    expect(resultOf(await client(token, d1).post('/license_updates', body))).toEqual(refused(`licenseId: the add-on "${seat}" is archived`))
    expect(await countRows(id)).not.toHaveProperty('license_updates')
  })

  it('asks D1 twice', async () => {
    const { token, seat, update } = await withSeats()
    await update('ABSOLUTE', 1, on('20'))
    const { d1, seen } = watched()
    const { post } = client(token, d1)
    const ask = (quantity: number) =>
      post('/license_updates', { licenseId: seat, accountId: 'acme', updateType: 'RELATIVE', quantity, ...on('10') })
    await ask(1)
    const { calls } = seen
    expect((await ask(2)).body.quantity).toBe(3)
    expect(seen.calls - calls).toBe(2)
  })

  it('ends in one entry if it is lost on the way and sent again', async () => {
    const { token, seat, list } = await withSeats()
    const body = { licenseId: seat, accountId: 'acme', updateType: 'RELATIVE', quantity: 2, idempotencyKey: 'k' }
    const lost = changed((session) => ({
      batch: async (statements) => {
        await session.batch(statements)
        throw failed('Network connection lost.')
      },
    }))
    expect((await client(token, lost).post('/license_updates', body)).status).toBe(503)
    expect((await client(token).post('/license_updates', body)).body.quantity).toBe(2)
    expect(await list()).toHaveLength(1)
  })

  it('leaves a trace that says what it moved', async () => {
    const { update, id } = await withSeats()
    await update('RELATIVE', 1, on('10'))
    await update('RELATIVE', 1, on('12'))
    await update('ABSOLUTE', 4, on('01'))
    const log = (await readRows(id))['audit_log'] ?? []
    const changes = log
      .map((row) => JSON.parse(row) as { resource_type: string; changes: string; sequence: number })
      .filter((row) => row.resource_type === 'LICENSE_UPDATE')
      .toSorted((one, other) => one.sequence - other.sequence)
      .map((row) => JSON.parse(row.changes) as Record<string, unknown>)
    expect(changes.at(-1)).toMatchObject({
      updateType: [null, 'ABSOLUTE'],
      quantity: [null, '4'],
      value: [null, '4'],
      moved: [null, { updates: 2, by: '4', from: on('10').effectiveFrom, until: on('12').effectiveFrom }],
    })
    expect(changes[0]).not.toHaveProperty('moved')
  })

  it('moves 10,000 later entries at most', async () => {
    const { update, id, seat, list } = await withSeats()
    await update('RELATIVE', 1, on('01'))
    const plant = (count: number, first: number) =>
      env.DB.prepare(
        `${SERIES} INSERT INTO license_updates SELECT 'license_update.' || ?1 || '.' || value, ?1, 'acme', ?2, 'RELATIVE', '1', value + 2, ?3 + value, value, NULL, NULL, NULL, 0
         FROM series`,
      )
        .bind(id, seat, Date.parse(on('02').effectiveFrom), first, first + count - 1)
        .run()
    await plant(10_000, 0)
    expect((await update('RELATIVE', 5, on('01'))).body.quantity).toBe(6)
    expect((await list('&pageSize=3')).map(([, quantity]) => quantity)).toEqual([1, 6, 7])
    const last = await env.DB.prepare('SELECT value FROM license_updates WHERE organization_id = ? ORDER BY effective_from DESC LIMIT 1')
      .bind(id)
      .first('value')
    expect(last).toBe('10006')
    await plant(1, 10_000)
    expect(resultOf(await update('RELATIVE', 5, on('01')))).toEqual([422, expect.stringContaining('effectiveFrom: more than 10000 later')])
    expect((await update('ABSOLUTE', 5, { effectiveFrom: new Date(Date.parse(on('02').effectiveFrom) + 20).toISOString() })).status).toBe(
      200,
    )
    expect((await update('RELATIVE', 5, on('01'))).body.quantity).toBe(11)
  })
})

describe('generated updates', () => {
  it('come to what all of them fold to, made one after another or at once', async () => {
    const one = fc.record({
      licenseId: fc.constantFrom(0, 1),
      updateType: fc.constantFrom('RELATIVE' as const, 'ABSOLUTE' as const),
      quantity: fc.constantFrom(-3, -0.5, 0, 0.25, 1, 2, 7),
      day: fc.integer({ min: 1, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(one, { minLength: 1, maxLength: 4 }), { maxLength: 6 }), async (rounds) => {
        const api = await organization()
        const licenses = [await addOn(api), await addOn(api)] as const
        for (const [round, asked] of rounds.entries()) {
          vi.setSystemTime(NOW + round * 1000)
          const answers = await Promise.all(
            asked.map(({ licenseId, day, ...more }) =>
              api.post('/license_updates', { ...more, licenseId: licenses[licenseId], accountId: 'acme', ...on(`0${day}`) }),
            ),
          )
          expect(answers.every(({ status, body }) => status === 200 || String(body.message).startsWith('quantity: must '))).toBe(true)
        }
        const { results } = await env.DB.prepare(
          'SELECT license_id, update_type, quantity, value, effective_from, position FROM license_updates WHERE organization_id = ? ORDER BY license_id, effective_from, position',
        )
          .bind(api.id)
          .all<{
            license_id: string
            update_type: 'RELATIVE' | 'ABSOLUTE'
            quantity: string
            value: string
            effective_from: number
            position: number
          }>()
        const changes = await readLicenseChanges(system(api.id), 'acme', licenses, NOW)
        for (const license of licenses) {
          const rows = results.filter(({ license_id: its }) => its === license)
          const folded = foldLicenseEntries(
            rows.map((row) => ({ at: row.effective_from, createdAt: row.position, mode: row.update_type, quantity: row.quantity })),
          )
          expect(rows.map(({ value }) => value)).toEqual(folded.map(({ quantity }) => quantity))
          expect(changes.get(license)).toEqual(folded.map((change) => ({ ...change, entries: rows.length })))
          expect(rows.map(({ position }) => position).toSorted((a, b) => a - b)).toEqual(rows.map((_, index) => index))
          expect(rows.every(({ value }) => !value.startsWith('-'))).toBe(true)
        }
      }),
      { numRuns: 15 },
    )
  })
})

describe('several updates in one commit', () => {
  const asked = (licenseId: string, updateType: 'RELATIVE' | 'ABSOLUTE', quantity: string, day: string) => ({
    licenseId,
    updateType,
    quantity,
    effectiveFrom: Date.parse(on(day).effectiveFrom),
  })

  it('are made one after another, also for one licence', async () => {
    const { id, post, seat, list, update } = await withSeats()
    const desk = await addOn({ post })
    await update('RELATIVE', 1, on('12'))
    const all = [
      asked(seat, 'RELATIVE', '2', '10'),
      asked(desk, 'ABSOLUTE', '9', '10'),
      asked(seat, 'RELATIVE', '5', '01'),
      asked(seat, 'RELATIVE', '0.5', '10'),
    ]
    const ctx = { ...system(id), conditions: { match: undefined, noneMatch: undefined } }
    const drafted = draftLicenseUpdates(ctx, await readLicenseState(ctx, 'acme', all), all)
    if ('faults' in drafted) throw new Error(JSON.stringify(drafted.faults))
    expect(drafted.updates.map(({ quantity }) => quantity)).toEqual([7, 9, 5, 7.5])
    await commit(ctx, combineDrafts({ statements: [], changes: [], answer: {} }, drafted.draft))
    expect(await list(`&licenseId=${seat}`)).toEqual([
      [on('01').effectiveFrom, 5],
      [on('10').effectiveFrom, 7],
      [on('10').effectiveFrom, 7.5],
      [on('12').effectiveFrom, 8.5],
    ])
    expect(await list(`&licenseId=${desk}`)).toEqual([[on('10').effectiveFrom, 9]])
    expect((await update('RELATIVE', 1, on('10'))).body.quantity).toBe(8.5)
  })

  it('move what comes behind each of them, though an entry between them sets the number', async () => {
    const { id, seat, list, update } = await withSeats()
    await update('ABSOLUTE', 4, on('05'))
    await update('RELATIVE', 1, on('12'))
    await update('ABSOLUTE', 9, on('20'))
    const all = [asked(seat, 'RELATIVE', '2', '10'), asked(seat, 'RELATIVE', '3', '01')]
    const ctx = system(id)
    const drafted = draftLicenseUpdates(ctx, await readLicenseState(ctx, 'acme', all), all)
    if ('faults' in drafted) throw new Error('refused')
    await commit(ctx, { ...drafted.draft, answer: {} })
    expect((await list()).map(([, quantity]) => quantity)).toEqual([3, 4, 6, 7, 9])
  })

  it('are refused together, each with what is wrong with it', async () => {
    const { id, seat } = await withSeats()
    const ctx = system(id)
    const all = [
      asked(seat, 'ABSOLUTE', '2', '10'),
      asked('none', 'ABSOLUTE', '1', '10'),
      asked(seat, 'RELATIVE', '-3', '12'),
      asked(seat, 'RELATIVE', '4', '12'),
    ]
    const drafted = draftLicenseUpdates(
      ctx,
      {
        ...(await readLicenseState(ctx, 'acme', all)),
        caps: [{ licenseId: seat, from: 0, until: Date.parse('9999-01-01'), cap: '5', isAdvanced: false, plan: '' }],
      },
      all,
    )
    expect('faults' in drafted && drafted.faults).toEqual([
      { index: 1, fault: { path: ['licenseId'], message: 'the add-on "none" does not exist' } },
      { index: 2, fault: { path: ['quantity'], message: expect.stringContaining('would leave -1 ') } },
      {
        index: 3,
        fault: { path: ['quantity'], message: expect.stringContaining('must leave 5 at most by the price plan, and would leave 6') },
      },
    ])
  })

  it('are never made before those on which they rest', async () => {
    const { id, seat, update, get } = await withSeats()
    const all = [asked(seat, 'RELATIVE', '1', '10')]
    vi.setSystemTime(NOW + 5)
    await update('ABSOLUTE', 4, on('10'))
    const ctx = system(id, NOW)
    const drafted = draftLicenseUpdates(ctx, await readLicenseState(ctx, 'acme', all), all)
    if ('faults' in drafted) throw new Error('refused')
    await commit(ctx, { ...drafted.draft, answer: {} })
    const { body } = await get('/license_updates?account_id=acme')
    expect(
      body.data.map(({ quantity, createdAt }: { quantity: number; createdAt: string }) => [quantity, Date.parse(createdAt) - NOW]),
    ).toEqual([
      [5, 5],
      [4, 5],
    ])
  })

  it('are STALE if another update came between', async () => {
    const { id, seat, update } = await withSeats()
    const ctx = system(id)
    const all = [asked(seat, 'ABSOLUTE', '2', '10')]
    const drafted = draftLicenseUpdates(ctx, await readLicenseState(ctx, 'acme', all), all)
    await update('ABSOLUTE', 1)
    if ('faults' in drafted) throw new Error('refused')
    await expect(commit(ctx, { ...drafted.draft, answer: {} })).rejects.toThrow('is being changed by many requests')
  })
})

describe('getLicenseUpdates', () => {
  it('filters by account, licence and time, and sorts', async () => {
    const api = await organization()
    const [seat, desk] = [await addOn(api), await addOn(api)]
    const made: [string, string, string][] = [
      ['acme', seat, '10'],
      ['acme', desk, '05'],
      ['other', seat, '20'],
      ['acme', seat, '01'],
    ]
    for (const [index, [accountId, licenseId, day]] of made.entries()) {
      vi.setSystemTime(NOW + index * 1000)
      await api.post('/license_updates', { licenseId, accountId, updateType: 'ABSOLUTE', quantity: index, ...on(day) })
    }
    const listed = async (query: string) =>
      (await api.get(`/license_updates${query}`)).body.data.map((one: { quantity: number }) => one.quantity)
    expect(await listed('')).toEqual([3, 2, 1, 0])
    expect(await listed('?_sort=created_at:ASC')).toEqual([0, 1, 2, 3])
    expect(await listed('?_sort=effective_from:DESC')).toEqual([2, 0, 1, 3])
    expect(await listed('?_sort=effective_from:ASC')).toEqual([3, 1, 0, 2])
    expect(await listed('?account_id=acme')).toEqual([3, 1, 0])
    expect(await listed(`?licenseId=${seat}`)).toEqual([3, 2, 0])
    expect(await listed(`?license_id=${seat}`)).toEqual([3, 2, 0])
    expect(await listed(`?license_id=${seat}&licenseId=${seat}&account_id=acme`)).toEqual([3, 0])
    expect(await listed(`?effectiveFrom=2026-06-05T00:00:00Z`)).toEqual([2, 1, 0])
    expect(await listed(`?effectiveFrom=2026-06-05T00:00:00Z&account_id=acme&_sort=effective_from:ASC`)).toEqual([1, 0])
    expect(await listed(`?effectiveFrom=2026-06-05T00:00:00.001Z&account_id=acme`)).toEqual([0])
    expect(await listed(`?account_id=nobody`)).toEqual([])
    expect(resultOf(await api.get(`/license_updates?license_id=${seat}&licenseId=${desk}`))).toEqual(
      refused('license_id: must be the same as licenseId, or be left out'),
    )
    expect(resultOf(await api.get('/license_updates?pageSize=51'))).toEqual(refused('pageSize: must be 50 at most', 422))
    expect((await api.get('/license_updates?pageSize=0')).status).toBe(400)
    expect((await api.get('/license_updates?_sort=quantity:ASC')).status).toBe(400)
    expect((await (await organization()).get('/license_updates')).body).toEqual({ data: [] })
  })

  it('pages through everything once, in every order, with tokens of 500 characters at most', async () => {
    const api = await organization()
    const accountId = '\u{1f600}'.repeat(50)
    const seat = await addOn(api)
    await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        api.post('/license_updates', { licenseId: seat, accountId, updateType: 'ABSOLUTE', quantity: n, ...on(`0${1 + (n % 3)}`) }),
      ),
    )
    for (const sort of ['created_at:DESC', 'created_at:ASC', 'effective_from:DESC', 'effective_from:ASC'])
      for (const filter of [
        '',
        `&account_id=${encodeURIComponent(accountId)}`,
        `&account_id=${encodeURIComponent(accountId)}&licenseId=${seat}&effectiveFrom=2026-06-01T00:00:00Z`,
      ]) {
        const seen: number[] = []
        let path = `/license_updates?pageSize=5&_sort=${sort}${filter}`
        for (;;) {
          const { status, body } = await api.get(path)
          expect(status).toBe(200)
          seen.push(...body.data.map((one: { quantity: number }) => one.quantity))
          if (!body.nextToken) break
          expect(body.nextToken.length).toBeLessThanOrEqual(500)
          path = `/license_updates?nextToken=${body.nextToken}`
        }
        expect(seen).toHaveLength(12)
        expect(new Set(seen).size).toBe(12)
      }
  })

  it('shows entries that are made while a client pages in ascending order neither twice nor never', async () => {
    const { update, get, list } = await withSeats()
    for (let n = 0; n < 3; n++) await update('RELATIVE', 1, { effectiveFrom: '2030-01-01T00:00:00Z' })
    expect(await list()).toHaveLength(3)
    const { body } = await get('/license_updates?pageSize=2&_sort=created_at:ASC')
    vi.setSystemTime(NOW + 1000)
    await update('RELATIVE', 1)
    expect((await get(`/license_updates?nextToken=${body.nextToken}`)).body.data).toHaveLength(1)
    expect((await get('/license_updates')).body.data).toHaveLength(4)
  })

  it('shows a portal token its own accounts, and refuses others', async () => {
    const api = await organization()
    const seat = await addOn(api)
    for (const [customerId, id] of [
      ['C1', 'A'],
      ['C2', 'B'],
    ] as const)
      await api.post('/customers', { ...customer(customerId), account: { id, name: 'Account' } })
    await api.post('/accounts', { id: 'A2', name: 'Second', customerId: 'C1' })
    for (const [n, accountId] of ['A', 'B', 'A2', 'later', 'A'].entries())
      await api.post('/license_updates', { licenseId: seat, accountId, updateType: 'ABSOLUTE', quantity: n, ...on(`0${9 - n}`) })
    const portal = async (body: object) => client((await api.post('/portal/token', body)).body.token)
    const [all, one] = [await portal({ customerId: 'C1', allAccountsAccess: true }), await portal({ customerId: 'C1', accountIds: ['A2'] })]
    const listed = async ({ get }: Pick<Api, 'get'>, query = '') =>
      (await get(`/license_updates?_sort=effective_from:ASC${query}`)).body.data.map((its: { quantity: number }) => its.quantity)
    expect(await listed(all)).toEqual([4, 2, 0])
    expect(await listed(all, '&pageSize=2')).toEqual([4, 2])
    expect(await listed(all, `&licenseId=${seat}&effectiveFrom=2026-06-06T00:00:00Z`)).toEqual([2, 0])
    expect(
      (await all.get(`/license_updates?effectiveFrom=2026-06-06T00:00:00Z`)).body.data
        .map((its: { quantity: number }) => its.quantity)
        .toSorted(),
    ).toEqual([0, 2])
    expect(await listed(all, '&account_id=A')).toEqual([4, 0])
    expect(await listed(one)).toEqual([2])
    for (const [{ get }, id] of [
      [all, 'B'],
      [all, 'later'],
      [all, 'nobody'],
      [one, 'A'],
    ] as const)
      expect(resultOf(await get(`/license_updates?account_id=${id}`))).toEqual([403, 'This portal token does not read this account.'])
    const theirs = (await api.get('/license_updates?_sort=effective_from:ASC&pageSize=1')).body.nextToken as string
    const rest = (await one.get(`/license_updates?nextToken=${theirs}`)).body
    expect([rest.data.map((its: { quantity: number }) => its.quantity), rest.nextToken]).toEqual([[2], undefined])
    const body = { licenseId: seat, accountId: 'A', updateType: 'ABSOLUTE', quantity: 1 }
    expect((await all.post('/license_updates', body)).status).toBe(403)
    expect((await all.patch(`/license_updates/${seat}`, { accountId: 'A', ...on('09'), metadata: {} })).status).toBe(403)
  })
})

describe('a page of 100,000 entries', () => {
  it('costs as much as one of 1,000', async () => {
    const api = await organization()
    const seat = await addOn(api)
    const ctx = system(api.id)
    await env.DB.prepare("INSERT INTO licenses SELECT ?1, 'account ' || value, ?2, 1, 0 FROM json_each('[0,1,2,3,4,5,6,7,8,9]')")
      .bind(api.id, seat)
      .run()
    const plant = (first: number, last: number) =>
      env.DB.prepare(
        `${SERIES} INSERT INTO license_updates SELECT 'license_update.' || ?1 || value, ?1, 'account ' || (value % 10), ?2, 'ABSOLUTE', '1', '1', ?3 + value * 60000, value, NULL, NULL, NULL, ?3 + value * 60000
         FROM series`,
      )
        .bind(api.id, seat, 0, first, last)
        .run()
    const queries = ['created_at:DESC', 'created_at:ASC', 'effective_from:DESC', 'effective_from:ASC'].flatMap((_sort) =>
      [{}, { account_id: 'account 3' }, { licenseId: seat }, { account_id: 'account 3', licenseId: seat }].flatMap((filter) => [
        { _sort, ...filter },
        { _sort, ...filter, effectiveFrom: 500 * 60_000 },
      ]),
    )
    const measure = async (): Promise<number[]> => {
      const costs: number[] = []
      for (const query of queries) {
        const database = connect(env.DB)
        const own = { ...ctx, session: database.primary(), operationId: 'getLicenseUpdates' }
        const { answer } = await getLicenseUpdates(own, query as never)
        expect(answer.data).toHaveLength(50)
        const [first, before] = [database.usage.rowsRead, answer.nextToken as string]
        await getLicenseUpdates(own, { nextToken: before })
        costs.push(first, database.usage.rowsRead - first)
      }
      const database = connect(env.DB)
      const own = { ...ctx, session: database.primary() }
      const last = { licenseId: seat, updateType: 'RELATIVE' as const, quantity: '1', effectiveFrom: 110_000 * 60_000 }
      await readLicenseState(own, 'account 3', [last])
      expect(database.usage.rowsRead).toBeLessThan(20)
      const before = database.usage.rowsRead
      const changes = await readLicenseChanges(own, 'account 3', [seat], last.effectiveFrom, last.effectiveFrom - 1)
      expect(changes.get(seat)).toHaveLength(1)
      expect(database.usage.rowsRead - before).toBeLessThan(20)
      return costs
    }
    await plant(1, 2000)
    const few = await measure()
    await plant(2001, 20_000)
    await plant(20_001, 60_000)
    await plant(60_001, 100_000)
    const many = await measure()
    for (const [index, cost] of many.entries()) {
      const query = queries[index >> 1]
      const isLate = query && 'effectiveFrom' in query && query._sort.startsWith('created')
      expect(cost, JSON.stringify(query)).toBeLessThanOrEqual(isLate ? 3000 : (few[index] ?? 0) + 20)
      if (!isLate) expect(cost, JSON.stringify(query)).toBeLessThanOrEqual(320)
    }
  })
})

describe('updateLicenseEntryDetails', () => {
  it('replaces the metadata of the entry that was made last at exactly that time', async () => {
    const { update, patch, get, seat, id } = await withSeats()
    await update('ABSOLUTE', 1, { ...on('10'), metadata: { a: '1' } })
    await update('RELATIVE', 1, { ...on('10'), metadata: { b: '2' } })
    await update('RELATIVE', 1, on('11'))
    const change = (path: string, more: object = {}) =>
      patch(`/license_updates/${path}`, { accountId: 'acme', ...on('10'), metadata: { c: '3' }, ...more })
    const answer = await change(seat)
    expect([answer.status, answer.body]).toEqual([
      200,
      { licenseId: seat, accountId: 'acme', quantity: 2, ...on('10'), metadata: { c: '3' }, createdAt: '2026-06-15T12:00:00.000Z' },
    ])
    const shown = async () =>
      (await get('/license_updates?_sort=effective_from:ASC')).body.data.map((one: { quantity: number; metadata: unknown }) => [
        one.quantity,
        one.metadata,
      ])
    expect((await shown()).toSorted()).toEqual([
      [1, { a: '1' }],
      [2, { c: '3' }],
      [3, undefined],
    ])
    const rows = await readRows(id)
    expect((await change(seat)).status).toBe(200)
    expect(await readRows(id)).toEqual(rows)
    const literal = encodeURIComponent('{license_id}')
    expect((await change(`${literal}?licenseId=${seat}`, { metadata: {} })).body.metadata).toEqual({})
    expect((await change(`${seat}?licenseId=${seat}`, on('11'))).body.metadata).toEqual({ c: '3' })
    expect(resultOf(await change(literal))).toEqual(refused('licenseId: is required, since the path does not name the add-on'))
    expect(resultOf(await change(`${seat}?licenseId=other`))).toEqual(
      refused('licenseId: must be the add-on that the path names, or be left out'),
    )
    for (const wrong of [on('12'), { effectiveFrom: '2026-06-10T00:00:00.001Z' }, { accountId: 'other' }])
      expect((await change(seat, wrong)).status).toBe(404)
    expect((await change('other')).status).toBe(404)
    expect((await change(seat, { metadata: undefined })).status).toBe(400)
    expect((await update('RELATIVE', 1, on('12'))).body.quantity).toBe(4)
  })

  it('does not get lost among updates that are made at the same time', async () => {
    const { update, patch, list, seat } = await withSeats()
    await update('ABSOLUTE', 1, on('01'))
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        n % 2
          ? update('RELATIVE', 1, on('10'))
          : patch(`/license_updates/${seat}`, { accountId: 'acme', ...on('01'), metadata: { n: String(n) } }),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await list()).map(([, quantity]) => quantity)).toEqual([1, 2, 3, 4, 5])
  })

  it('leaves a trace whose values can be blanked', async () => {
    const { update, patch, id, seat } = await withSeats()
    await update('ABSOLUTE', 1, { ...on('10'), metadata: { a: '1' } })
    await patch(`/license_updates/${seat}`, { accountId: 'acme', ...on('10'), metadata: { c: '3' } })
    const last = ((await readRows(id))['audit_log'] ?? [])
      .map((row) => JSON.parse(row) as { sequence: number; changes: string })
      .toSorted((one, other) => other.sequence - one.sequence)[0]
    expect(JSON.parse(last?.changes ?? '{}')).toEqual({ metadata: [{ a: '1' }, { c: '3' }] })
  })
})

describe('what is rated', () => {
  const cycleOf = (start: string, end: string): Cycle => ({
    ordinal: 1,
    start: readDay(start),
    end: readDay(end),
    nominalStart: readDay(start),
    nominalEnd: readDay(end),
  })
  const chargeOf = async (id: string, seat: string, rate: string, cycle: Cycle): Promise<string | undefined> => {
    const changes = (await readLicenseChanges(system(id), 'acme', [seat], cycle.end * 86_400_000)).get(seat) ?? []
    const card = licenseCard(seat, pricesOf([['0', 'PER_UNIT', rate]]))
    const rated = rateCard(card, inputOf({ cycle, licenses: { [seat]: { changes } } }))
    return rated && Number(cutTo(2)(rated.amount)).toFixed(2)
  }
  const given = (id: string) =>
    cases.find((one) => one.id === id) as unknown as {
      given: { rate: number; effectiveFrom: string; cycle: [string, string] }
      expect: Record<string, number>
    }

  it('license-prorated-15th: is for the days from the 15th on', async () => {
    const { id, update, seat } = await withSeats()
    const { given: its, expect: right } = given('license-prorated-15th')
    await update('ABSOLUTE', 1, { effectiveFrom: `${its.effectiveFrom}T00:00:00Z` })
    expect(await chargeOf(id, seat, String(its.rate), cycleOf(...its.cycle))).toBe(String(right['amount']))
  })

  it('license-prorated-mixed: is for each day by the number that was in force on it, whatever the order in which entries came', async () => {
    const { id, update, seat } = await withSeats()
    const { given: its, expect: right } = given('license-prorated-mixed')
    await update('RELATIVE', 3, { effectiveFrom: '2024-06-21T23:59:59.999Z' })
    await update('ABSOLUTE', 10, { effectiveFrom: '2024-05-01T00:00:00Z' })
    expect(await chargeOf(id, seat, String(its.rate), cycleOf('2024-06-01', '2024-07-01'))).toBe(`${right['amount']}.00`)
    const changes = (await readLicenseChanges(system(id), 'acme', [seat], NOW)).get(seat) ?? []
    const runs = readDays({ changes }, readDay('2024-06-01'), readDay('2024-07-01'))
    expect(runs.map(({ days, quantity }) => [days, formatDecimal(quantity)])).toEqual([
      [20, '10'],
      [10, '13'],
    ])
  })

  it.each([
    [
      '1.00',
      [
        ['27T10', 1],
        ['27T11', -1],
        ['27T12', 1],
        ['27T13', -1],
      ],
    ],
    [
      '4.00',
      [
        ['27T10', 1],
        ['28T10', -1],
        ['28T11', 1],
      ],
    ],
  ] as const)('P2-49: is %s for licences that begin and end within a day, and begin again', async (right, entries) => {
    const { id, update, seat } = await withSeats()
    for (const [time, quantity] of entries) await update('RELATIVE', quantity, { effectiveFrom: `2026-06-${time}:00:00Z` })
    expect(await chargeOf(id, seat, '30', cycleOf('2026-06-01', '2026-07-01'))).toBe(right)
  })

  it('is read from a time on, with what was in force then, and by account and add-on', async () => {
    const { id, update, post, seat } = await withSeats()
    const desk = await addOn({ post })
    for (const day of ['01', '05', '05', '10', '20']) await update('RELATIVE', 1, on(day))
    await update('ABSOLUTE', 7, { ...on('03'), licenseId: desk })
    await update('ABSOLUTE', 9, { ...on('03'), accountId: 'other' })
    const at = (day: string) => Date.parse(on(day).effectiveFrom)
    const read = async (until: string, from?: string) => {
      const changes = await readLicenseChanges(
        system(id),
        'acme',
        [seat, desk, 'none'],
        at(until),
        from === undefined ? undefined : at(from),
      )
      return Array.from(changes, ([license, its]) => [
        license === seat ? 'seat' : license === desk ? 'desk' : license,
        its.map((one) => one.quantity),
      ])
    }
    expect(await read('30')).toEqual([
      ['seat', ['1', '2', '3', '4', '5']],
      ['desk', ['7']],
      ['none', []],
    ])
    expect(await read('20')).toEqual([
      ['seat', ['1', '2', '3', '4']],
      ['desk', ['7']],
      ['none', []],
    ])
    expect(await read('30', '05')).toEqual([
      ['seat', ['3', '4', '5']],
      ['desk', ['7']],
      ['none', []],
    ])
    expect(await read('30', '06')).toEqual([
      ['seat', ['3', '4', '5']],
      ['desk', ['7']],
      ['none', []],
    ])
    expect(await read('02', '02')).toEqual([
      ['seat', ['1']],
      ['desk', []],
      ['none', []],
    ])
    const changes = (await readLicenseChanges(system(id), 'acme', [seat], at('30'), at('06'))).get(seat) ?? []
    expect(formatDecimal(quantityAt(changes, at('07')))).toBe('3')
  })
})
