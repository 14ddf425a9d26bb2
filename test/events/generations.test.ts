import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { doDueOf } from '../../src/access/due/service.ts'
import { commitGeneration } from '../../src/events/ingestion/generations.ts'
import { STATUSES, askAccounts, askEvents, ledgerName, slotOf } from '../../src/ledger/client.ts'
import { steps } from '../../src/steps.ts'
import { ledgers } from '../helpers/api.ts'
import { beginGeneration, system } from '../helpers/ledgers.ts'
import { eventsOf, organizationWithMeter, ride, throughLedgers, usageOf, watchedLedgers } from '../helpers/metering.ts'

const rowsOf = async (id: string) =>
  env.DB.prepare(
    "SELECT generation, ledgers, ended_at IS NULL FROM ledger_generations WHERE organization_id = ? AND kind = 'EVENT' ORDER BY generation",
  )
    .bind(id)
    .raw()

/** An organization with an event in its first generation and one in its second, of two ledgers, that was begun from outside. */
const withTwoGenerations = async () => {
  const api = await organizationWithMeter()
  await api.post('/ingest', { event: ride('first', '1') })
  await commitGeneration(system(api.id), { generation: 1 }, 2)
  expect(await doDueOf(system(api.id), steps)).toEqual({ done: 2, errors: [] })
  await api.post('/ingest', { event: ride('second', '2') })
  const names = [1, 2].flatMap((generation) =>
    Array.from({ length: generation === 1 ? 4 : 2 }, (_, index) => ledgerName(api.id, 'event', generation, index)),
  )
  return { ...api, names }
}

describe('a generation of ledgers', () => {
  it('that is begun from outside takes what comes, and knows what was before', async () => {
    const api = await withTwoGenerations()
    expect(await usageOf(api, api.names.slice(4))).toBe('2')
    await api.post('/ingestBatch', { events: [ride('first', '1'), ride('second', '2'), ride('third', '4')] })
    expect(await usageOf(api, api.names)).toBe('7')
    expect(await usageOf(api, api.names.slice(0, 4))).toBe('1')
    expect(await rowsOf(api.id)).toEqual([
      [1, 4, 0],
      [2, 2, 1],
    ])
  })

  it('that the database lost is put back when the ledgers refuse what rests on older ones, and nothing is counted twice', async () => {
    const api = await withTwoGenerations()
    await env.DB.batch([
      env.DB.prepare('DELETE FROM ledger_generations WHERE organization_id = ? AND generation = 2').bind(api.id),
      env.DB.prepare('UPDATE ledger_generations SET ended_at = NULL, first_hour = NULL, last_hour = NULL WHERE organization_id = ?').bind(
        api.id,
      ),
      env.DB.prepare('UPDATE organizations SET version = 1 WHERE id = ?').bind(api.id),
    ])
    await api.patch(`/event_schema/rides`, { description: 'Rides' })
    expect((await api.post('/ingestBatch', { events: [ride('second', '2'), ride('third', '4')] })).status).toBe(202)
    expect(await usageOf(api, api.names)).toBe('7')
    expect(await rowsOf(api.id)).toEqual([
      [1, 4, 0],
      [2, 2, 1],
    ])
    expect(await doDueOf(system(api.id), steps)).toMatchObject({ errors: [] })
    expect(await rowsOf(api.id)).toHaveLength(2)
  })
})

describe('a generation of account ledgers', () => {
  it('has the accounts that are made after every Worker knows it, and the older ones keep their ledgers', async () => {
    const api = await organizationWithMeter()
    await env.DB.prepare('INSERT INTO named_licenses VALUES (?, ?)').bind(api.id, 'seats').run()
    const license = (id: string, accountId: string) => ({
      ...ride(id, '1', { accountId }),
      schemaName: 'togai-named-license',
      attributes: [{ name: 'action', value: '1' }],
      dimensions: { license_id: 'seats', name: 'ann' },
    })
    await api.post('/ingest', { event: license('old', 'acme main') })
    await commitGeneration(system(api.id), { generation: 1 }, 2, 'ACCOUNT')
    await doDueOf(system(api.id), steps)
    const start = async (id: string, createdAt: number) => {
      await api.post('/accounts', { id, name: 'Account', customerId: 'acme' })
      await env.DB.prepare('UPDATE accounts SET created_at = ? WHERE organization_id = ? AND id = ?').bind(createdAt, api.id, id).run()
    }
    await start('before', Date.now())
    await start('after', Date.now() + 120_000)
    for (const id of ['before', 'after']) await api.post('/ingest', { event: license(id, id) })
    const namesIn = async (generation: number, count: number) => {
      const all = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          askAccounts({ ledgers }, ledgerName(api.id, 'account', generation, index), (ledger) => ledger.readLicenses(0, Date.now())),
        ),
      )
      return all.flat().map(({ account }) => account)
    }
    expect([(await namesIn(1, 4)).toSorted(), await namesIn(2, 2)]).toEqual([['acme main', 'before'], ['after']])
  })
})

describe('a database that was restored to a time before an account was changed', () => {
  it('takes events of the account again at once, and refuses what rests on older versions as before', async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('A', '1') })
    for (let change = 0; change < 3; change++) await api.patch('/accounts/acme%20main', { name: `Name ${change}` })
    const [row] = (await env.DB.prepare('SELECT version FROM accounts WHERE organization_id = ?').bind(api.id).all<{ version: number }>())
      .results
    for (const name of namesOf(api).slice(0, 4))
      await askEvents({ ledgers }, name, (ledger) => ledger.tell(1, { '=acme main': (row?.version ?? 0) + 5 }))
    expect((await api.post('/ingest', { event: ride('B', '2') })).status).toBe(202)
    expect(await usageOf(api, namesOf(api))).toBe('3')
  })
})

type Api = Awaited<ReturnType<typeof organizationWithMeter>>

/** The ledgers of the first generation, and of a second one of three. */
const namesOf = ({ id }: Pick<Api, 'id'>): string[] =>
  [4, 3].flatMap((count, at) => Array.from({ length: count }, (_, index) => ledgerName(id, 'event', at + 1, index)))

const statusesOf = async (api: Api): Promise<string[]> =>
  (await eventsOf(api, namesOf(api))).map(({ id, status }) => `${id.startsWith('event.') ? '' : id} ${STATUSES[status]}`).toSorted()

const METERED = 'INGESTION_COMPLETED_EVENT_METERED'

describe('a request that is sent again under its key after a generation has begun', () => {
  const events = [ride('A', '5'), ride('B', '7'), ride('A', '5'), ride(undefined, '1')]

  it('leaves nothing, of repeats and of events without an id either', async () => {
    const api = await organizationWithMeter()
    const key = { 'Idempotency-Key': 'a key' }
    const first = await api.call('POST', '/ingestBatch', { events }, key)
    const before = await statusesOf(api)
    expect(before).toEqual([' INGESTION_FAILED_NO_EVENT_ID', `A ${METERED}`, 'A INGESTION_FAILED_DUPLICATE_EVENT', `B ${METERED}`])
    expect((await api.call('POST', '/ingestBatch', { events }, key)).body).toEqual(first.body)
    expect(await statusesOf(api)).toEqual(before)
    await beginGeneration(api.id, 3)
    expect((await api.call('POST', '/ingestBatch', { events }, key)).body).toEqual(first.body)
    expect([await statusesOf(api), await usageOf(api, namesOf(api))]).toEqual([before, '12'])
  })

  it('is refused with other events, as before', async () => {
    const api = await organizationWithMeter()
    const key = { 'Idempotency-Key': 'a key' }
    await api.call('POST', '/ingestBatch', { events }, key)
    await beginGeneration(api.id, 3)
    expect((await api.call('POST', '/ingestBatch', { events: [ride('C', '1')] }, key)).status).toBe(422)
    expect((await api.call('POST', '/ingestBatch', { events }, key)).status).toBe(202)
    expect(await usageOf(api, namesOf(api))).toBe('12')
  })
})

const REDO = `/events/correction?${new URLSearchParams({ action: 'REDO', account_id: 'acme main', event_id: 'A' }).toString()}`

/** Asks for a correction whose calls of some methods fail: before they arrive, or after they are done; `first` runs before the first call of record. */
const dying = async (
  api: Api,
  at: string,
  {
    first,
    key = {},
    path = REDO,
    body = {},
  }: { first?: () => Promise<void>; key?: Record<string, string>; path?: string; body?: object } = {},
) => {
  let isFirst = true
  const ask = throughLedgers(
    api.token,
    watchedLedgers(async ({ method }, call) => {
      if (method === 'record' && isFirst) {
        isFirst = false
        await first?.()
      }
      if (method === at) throw new Error('planted')
      return call()
    }),
  )
  expect((await ask(path, body, key)).status).toBe(500)
}

/** Lets the ledger of the event do what the correction has left. */
const wake = async (api: Api): Promise<void> => {
  const stub = ledgers.EventLedger.getByName(ledgerName(api.id, 'event', 1, slotOf('A') % 4))
  await runInDurableObject(stub, (_, state) => void state.storage.sql.exec('UPDATE carry SET due_at = 0'))
  expect(await runDurableObjectAlarm(stub)).toBe(true)
  expect(await runInDurableObject(stub, (_, state) => state.storage.sql.exec('SELECT * FROM carry').toArray())).toEqual([])
}

describe('a correction during which a generation begins', () => {
  const once = [`A ${METERED}`, 'A REVERTED']
  const key = { 'Idempotency-Key': 'one' }
  const withEvent = async () => {
    const api = await organizationWithMeter()
    await api.post('/ingest', { event: ride('A', '5') })
    return api
  }

  it('between taking the event back and recording it, and that dies then, has it recorded once', async () => {
    const api = await withEvent()
    await dying(api, 'dropCarry', { first: () => beginGeneration(api.id, 3) })
    expect([await usageOf(api, namesOf(api)), await statusesOf(api)]).toEqual(['5', once])
    await wake(api)
    expect([await usageOf(api, namesOf(api)), await statusesOf(api)]).toEqual(['5', once])
  })

  it('after it has died, has the event recorded once by the request that is sent again, though that dies too', async () => {
    const api = await withEvent()
    await dying(api, 'record', { key })
    await beginGeneration(api.id, 3)
    await dying(api, 'dropCarry', { key })
    await wake(api)
    expect([await usageOf(api, namesOf(api)), await statusesOf(api)]).toEqual(['5', once])
  })

  it('is counted in another month by the ledger, whose generation is asked until two days after its end', async () => {
    const api = await withEvent()
    const event = ride('A', '7', { timestamp: '2024-01-05T10:00:00Z' })
    await dying(api, 'record', { path: REDO.replace('REDO', 'REDO_EVENT'), body: { event } })
    await beginGeneration(api.id, 3)
    await wake(api)
    const usage = async () => {
      const metricQueries = [{ id: 'usage', name: 'USAGE', aggregationPeriod: 'MONTH' }]
      const { body } = await api.post('/metrics', { startTime: '2024-01-01T00:00:00Z', endTime: '2024-02-01T00:00:00Z', metricQueries })
      return body.results[0].data[0].metricValues
    }
    const hours = () =>
      env.DB.prepare("SELECT first_hour AS first FROM ledger_generations WHERE organization_id = ? AND kind = 'EVENT' AND generation = 1")
        .bind(api.id)
        .first('first')
    expect([await usage(), await hours()]).toEqual([[7], null])
    const later = { ...system(api.id), now: Date.now() + 2 * 86_400_000 }
    expect(await doDueOf(later, steps)).toMatchObject({ errors: [] })
    expect([await usage(), await hours()]).toEqual([[7], Date.parse('2024-01-05T10:00:00Z')])
  })

  it('after it has died, and then ended by the ledger, is answered as done when it is sent again', async () => {
    const api = await withEvent()
    await dying(api, 'record', { key })
    await beginGeneration(api.id, 3)
    await wake(api)
    const answer = await api.call('POST', REDO, {}, key)
    expect(answer.body).toMatchObject({ data: [{ status: 'REVERTED_AND_REINGESTED' }] })
    expect([await usageOf(api, namesOf(api)), await statusesOf(api)]).toEqual(['5', once])
  })
})
