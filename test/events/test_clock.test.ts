import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EventLedger } from '../../src/ledger/client.ts'
import { iso } from '../../src/lib/time.ts'
import { client, ledgers } from '../helpers/api.ts'
import { eventsOf, organizationWithMeter, ride, usageOf } from '../helpers/metering.ts'

afterEach(() => {
  vi.useRealTimers()
})

const DAY = 86_400_000
const START = Date.parse('2024-01-01T00:00:00Z')
const day = (days: number) => iso(START + days * DAY)

const names = (id: string, generation = 1) => Array.from({ length: 4 }, (_, index) => `${id}/event/${generation}/${index}`)

/** Runs the alarms of all ledgers of an organization, which forget what is old. */
const forget = async (id: string): Promise<void> => {
  for (const name of names(id))
    await runInDurableObject(ledgers.EventLedger.getByName(name) as DurableObjectStub<EventLedger>, (instance) => instance.alarm())
}

/** An organization whose clock stands at the start of 2024, as it is where test clocks are on. */
const organizationIn2024 = async () => {
  const { id, meterId, token } = await organizationWithMeter()
  const api = client(token, env.DB, { TEST_CLOCK: 'on' })
  const move = async (days: number) => expect((await api.post('/test_clock', { now: day(days) })).body).toMatchObject({ now: day(days) })
  await move(0)
  const ingest = async (event: object, headers = {}) =>
    expect((await api.call('POST', '/ingest', { event: { timestamp: day(0), ...event } }, headers)).status).toBe(202)
  return { ...api, id, meterId, token, move, ingest }
}

const sent = (id: string, distance: string) => ({ ...ride(id, distance), timestamp: day(0) })

describe('events of an organization with a test clock', () => {
  it('hold their id for 45 days by that clock, arrive by it, and lose no payload because of the real time', async () => {
    const { id, meterId, get, move, ingest } = await organizationIn2024()
    const usage = () => usageOf({ id, meterId })
    await ingest(sent('one', '1'))
    await move(44)
    await ingest(sent('one', '2'))
    expect(await usage()).toBe('1')
    await forget(id)
    const first = async () => (await eventsOf({ id })).find(({ id: its, createdAt }) => its === 'one' && createdAt === START)
    expect((await first())?.payload).toMatchObject(sent('one', '1'))
    expect(JSON.stringify((await get('/events')).body)).toContain(`"createdAt":"${day(44)}"`)
    await move(46)
    await ingest(sent('one', '4'))
    expect(await usage()).toBe('5')
    await move(500)
    await ingest(sent('one', '8'))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * DAY })
    await forget(id)
    expect((await first())?.payload ?? null).toBeNull()
    expect(await usage()).toBe('13')
  })

  it('hold their id across generations of ledgers by that clock', async () => {
    const { id, meterId, move, ingest } = await organizationIn2024()
    const usage = () => usageOf({ id, meterId }, [...names(id), ...names(id, 2)])
    await ingest(sent('one', '1'))
    await move(10)
    await env.DB.prepare("UPDATE ledger_generations SET ended_at = ?1 WHERE organization_id = ?2 AND kind = 'EVENT'")
      .bind(START + 10 * DAY, id)
      .run()
    await env.DB.prepare("INSERT INTO ledger_generations VALUES (?1, 'EVENT', 2, 4, ?2, NULL, NULL, NULL)")
      .bind(id, START + 10 * DAY)
      .run()
    await env.DB.prepare('UPDATE organizations SET version = version + 1 WHERE id = ?').bind(id).run()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    await move(44)
    await ingest(sent('one', '2'))
    expect(await usage()).toBe('1')
    await move(46)
    await ingest(sent('one', '4'))
    expect(await usage()).toBe('5')
  })

  it('that are sent under a key are known by it for 45 days of real time, whatever their clock says', async () => {
    const { call, move, ingest, id } = await organizationIn2024()
    const KEY = { 'Idempotency-Key': 'a key' }
    await ingest(sent('one', '1'), KEY)
    await move(400)
    const other = () => call('POST', '/ingest', { event: sent('two', '1') }, KEY)
    expect((await other()).status).toBe(422)
    await forget(id)
    expect((await other()).status).toBe(422)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 46 * DAY })
    expect((await other()).status).toBe(202)
  })

  it.each([
    ['a meter', "UPDATE usage_meters SET status = 'INACTIVE' WHERE organization_id = ?"],
    ['an account', "UPDATE accounts SET status = 'ARCHIVED', updated_at = 1 WHERE organization_id = ?"],
  ])('are processed by what a Worker remembers of %s for a minute of real time, though their clock stands still', async (_, change) => {
    const { id, meterId, ingest } = await organizationIn2024()
    await ingest(sent('one', '1'))
    await env.DB.prepare(change).bind(id).run()
    await ingest(sent('two', '2'))
    expect(await usageOf({ id, meterId })).toBe('3')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    await ingest(sent('three', '4'))
    expect(await usageOf({ id, meterId })).toBe('3')
  })

  it('that wait for a name are counted when an account gets it, also if that happens twice at one instant of the clock', async () => {
    const { id, meterId, post, ingest } = await organizationIn2024()
    const toldVersion = async () => {
      const versions = names(id).map((name) =>
        runInDurableObject(ledgers.EventLedger.getByName(name), (_, { storage: { sql } }) =>
          sql.exec<{ version: number }>("SELECT version FROM told WHERE account = '?red'").one(),
        ),
      )
      return (await Promise.all(versions)).map(({ version }) => version)
    }
    await ingest({ ...sent('one', '1'), accountId: 'red' })
    expect(await usageOf({ id, meterId })).toBe('0')
    const add = () => post('/accounts/acme%20main/add_aliases', { aliases: ['red'] })
    expect((await add()).status).toBe(200)
    await vi.waitFor(async () => expect(await usageOf({ id, meterId })).toBe('1'), 10_000)
    const before = await toldVersion()
    expect((await post('/accounts/acme%20main/remove_aliases', { aliases: ['red'] })).status).toBe(200)
    await scheduler.wait(5)
    expect((await add()).status).toBe(200)
    await vi.waitFor(async () => {
      const after = await toldVersion()
      expect(after.every((version, index) => version > (before[index] ?? 0))).toBe(true)
    }, 10_000)
  })
})
