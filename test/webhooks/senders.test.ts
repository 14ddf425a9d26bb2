import { env, exports } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { connect } from '../../src/db/client.ts'
import { openSenders } from '../../src/webhook_sender.ts'
import { type PartOfWork, doPart, sendAllWebhooks } from '../../src/webhooks/sending/service.ts'
import { conflicts } from '../../src/conflicts.ts'
import { openLedgers } from '../../src/ledger/client.ts'
import { type Api, changed, organization, watched } from '../helpers/api.ts'
import { SECOND, endAll, endpointOf, receive, run } from '../helpers/webhooks.ts'

/** Other tests have endpoints too. */
beforeEach(async () => {
  await endAll()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const slow = async () => {
  await scheduler.wait(3)
  return new Response(null, { status: 204 })
}

const system = (now: number, d1: D1Database = env.DB) => ({
  session: connect(d1).primary(),
  ledgers: openLedgers({ exports }),
  now,
  secrets: [env.SIGNING_SECRET],
  conflicts,
})

/** Lets deliveries wait for an endpoint, of some resources in turn. */
const letWait = async (api: Pick<Api, 'id'>, endpointId: string, count: number, resources = count): Promise<void> => {
  const body = '{"type":"invoice.updated","data":{}}'
  const numbers = `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${count})`
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO webhook_events ${numbers} SELECT 'evt.' || ?1 || '.' || n, ?2, 'invoice.updated', 'INVOICE', 'i' || (n % ${resources}), ?3, 1 FROM n`,
    ).bind(endpointId, api.id, body),
    env.DB.prepare(
      `INSERT INTO webhook_deliveries ${numbers} SELECT ?1 || '.' || n, ?2, ?1, 'evt.' || ?1 || '.' || n, n, 'invoice.updated', 'INVOICE',
         'i' || (n % ${resources}), 'PENDING', 0, 0, 1, 0, NULL, NULL, NULL, NULL, 1, NULL FROM n WHERE ?3 = ?3`,
    ).bind(endpointId, api.id, 1),
  ])
}

/** Lets as many changes wait in an organization of which events are to be made. */
const letChange = (api: Pick<Api, 'id'>, count: number) =>
  env.DB.prepare(
    `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${count})
     INSERT INTO outbox (organization_id, at, operation_id, resource_type, resource_id, status) SELECT ?1, 1, 'x', 'CUSTOMER', 'c' || n, '[null,"ACTIVE"]' FROM n`,
  )
    .bind(api.id)
    .run()

const pendingOf = (endpointId: string) =>
  env.DB.prepare("SELECT count(*) AS n FROM webhook_deliveries WHERE endpoint_id = ? AND status = 'PENDING'")
    .bind(endpointId)
    .first<number>('n')

const until = async (isDone: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await isDone()); tries++) {
    expect(tries).toBeLessThan(600)
    await scheduler.wait(50)
  }
}

/** Remembers which parts of the work objects were to do, and lets them do nothing. */
const watchWake = () => {
  const woken: PartOfWork[] = []
  const wake = (part: PartOfWork): Promise<void> => {
    woken.push(part)
    return Promise.resolve()
  }
  return { woken, wake }
}

describe('a run of the cron', () => {
  it('sends little by itself, and lets objects send what is much, each the endpoints of its part', async () => {
    const receiver = receive()
    const api = await organization()
    const [one, other] = [await endpointOf(api), await endpointOf(api)]
    await letWait(api, one.id, 30)
    const { woken, wake } = watchWake()
    await sendAllWebhooks(system(Date.now() + SECOND), () => 0, wake)
    expect([woken, receiver.of(one.host).length]).toEqual([[], 30])
    await letWait(api, other.id, 81)
    await sendAllWebhooks(system(Date.now() + SECOND), () => 0, wake)
    expect(receiver.of(other.host)).toHaveLength(0)
    expect(woken).toEqual([{ kind: 'send', part: (other.id.codePointAt(other.id.length - 1) ?? 0) % 8, takesFailing: true }])
    const sending = async (part: number) => doPart(system(Date.now()), { kind: 'send', part, takesFailing: true }, () => 0, wake)
    expect(await sending(((woken[0]?.part ?? 0) + 1) % 8)).toBe(false)
    expect(receiver.of(other.host)).toHaveLength(0)
    expect(await sending(woken[0]?.part ?? 0)).toBe(false)
    expect([receiver.of(other.host).length, await pendingOf(other.id)]).toEqual([81, 0])
  })

  it('lets objects make the events that it cannot, of several organizations, and they let others send them', async () => {
    receive()
    const apis = await Promise.all(Array.from({ length: 6 }, () => organization()))
    for (const api of apis) {
      await endpointOf(api, { eventTypes: ['customer.created'] })
      await letChange(api, 320)
    }
    const { woken, wake } = watchWake()
    await sendAllWebhooks(system(Date.now() + SECOND), () => 0, wake)
    const makers = woken.filter(({ kind }) => kind === 'make').map(({ part }) => part)
    expect(makers.toSorted()).toEqual([...new Set(apis.map(({ id }) => (id.codePointAt(id.length - 1) ?? 0) % 4))].toSorted())
    woken.length = 0
    const now = Date.now() + SECOND
    /** Two at once make each event once. */
    for (const part of makers) {
      const make = () => doPart(system(now), { kind: 'make', part, takesFailing: false }, () => 0, wake)
      await Promise.all([make(), make()])
      while (await make());
    }
    for (const { id } of apis) {
      const made = await env.DB.prepare(
        'SELECT count(*) AS n, count(DISTINCT resource_id) AS of FROM webhook_events WHERE organization_id = ?',
      )
        .bind(id)
        .first()
      expect(made).toEqual({ n: 320, of: 320 })
    }
    expect(new Set(woken.map(({ kind, takesFailing }) => `${kind} ${takesFailing}`))).toEqual(new Set(['send false']))
  })
})

describe('objects', () => {
  /** Lets one object load what all of them need: under test, objects that load it at the same moment wait for one promise, and fail. */
  beforeAll(async () => {
    receive()
    const api = await organization()
    const { id } = await endpointOf(api)
    await letWait(api, id, 1)
    await openSenders({ exports })?.({ kind: 'send', part: (id.codePointAt(id.length - 1) ?? 0) % 8, takesFailing: false })
    await until(async () => (await pendingOf(id)) === 0)
  })

  it('that several runs wake at once send each event once, in the order of its resource, with at most four requests to each receiver', async () => {
    const open = new Map<string, number>()
    let most = 0
    const receiver = receive(async ({ url }) => {
      const now = (open.get(url) ?? 0) + 1
      open.set(url, now)
      most = Math.max(most, now)
      const answer = await slow()
      open.set(url, (open.get(url) ?? 1) - 1)
      return answer
    })
    const api = await organization()
    const endpoints = [await endpointOf(api), await endpointOf(api), await endpointOf(api)]
    for (const { id } of endpoints) await letWait(api, id, 120, 40)
    const wake = openSenders({ exports })
    const cron = () => sendAllWebhooks(system(Date.now() + SECOND), () => 0, wake)
    await Promise.all([cron(), cron(), cron()])
    await until(async () => (await Promise.all(endpoints.map(({ id }) => pendingOf(id)))).every((n) => n === 0))
    for (const { id, host } of endpoints) {
      const numbers = receiver.of(host).map((sent) => Number(sent.id.slice(`evt.${id}.`.length)))
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, n) => n + 1))
      for (const its of Map.groupBy(numbers, (number) => number % 40).values()) expect(its).toEqual(its.toSorted((a, b) => a - b))
    }
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(4)
  })

  it('do nothing that was not asked for, and not again what was done', async () => {
    const receiver = receive()
    const api = await organization()
    const { id, host } = await endpointOf(api)
    await letWait(api, id, 3)
    const part = (id.codePointAt(id.length - 1) ?? 0) % 8
    await openSenders({ exports })?.({ kind: 'send', part, takesFailing: false })
    await until(async () => (await pendingOf(id)) === 0)
    await openSenders({ exports })?.({ kind: 'send', part, takesFailing: false })
    await scheduler.wait(200)
    expect(receiver.of(host)).toHaveLength(3)
    expect(openSenders({})).toBeUndefined()
  })
})

describe('a part of the work', () => {
  const partOf = (id: string): number => (id.codePointAt(id.length - 1) ?? 0) % 8

  it('is sent with four requests at once to one endpoint, within its calls, and is gone on with if more waits', async () => {
    const receiver = receive(slow)
    const api = await organization()
    const { id, host } = await endpointOf(api)
    await letWait(api, id, 1000)
    const { d1, seen } = watched()
    const part = { kind: 'send', part: partOf(id), takesFailing: true } as const
    expect(await doPart(system(Date.now() + SECOND, d1), part, () => 0, undefined)).toBe(true)
    expect(receiver.state.most).toBe(4)
    expect(seen.calls + receiver.requests.length).toBeLessThanOrEqual(800)
    expect(receiver.of(host).length).toBeGreaterThan(600)
    expect(await doPart(system(Date.now() + 2 * SECOND), part, () => 0, undefined)).toBe(false)
    expect([receiver.of(host).length, new Set(receiver.requests.map((sent) => sent.id)).size]).toEqual([1000, 1000])
  })

  it('ends in time, and leaves nothing claimed', async () => {
    const receiver = receive()
    const api = await organization()
    const { id, host } = await endpointOf(api)
    await letWait(api, id, 200)
    let elapsed = 0
    receiver.state.answer = () => {
      elapsed += 1000
      return new Response(null, { status: 204 })
    }
    const part = { kind: 'send', part: partOf(id), takesFailing: true } as const
    expect(await doPart(system(Date.now() + SECOND), part, () => elapsed, undefined)).toBe(true)
    expect(receiver.of(host).length).toBeLessThan(30)
    const claimed = await env.DB.prepare('SELECT count(*) AS n FROM webhook_deliveries WHERE endpoint_id = ? AND claimed_until > 0')
      .bind(id)
      .first('n')
    expect(claimed).toBe(0)
  })

  it('sends one event to an endpoint that fails, in its minute only', async () => {
    const api = await organization()
    const bad = await endpointOf(api)
    const receiver = receive(({ url }) => new Response(null, { status: url.startsWith(bad.host) ? 500 : 204 }))
    await letWait(api, bad.id, 3)
    await run()
    const part = { kind: 'send', part: partOf(bad.id) } as const
    const sentLater = async (takesFailing: boolean): Promise<number> => {
      const count = receiver.of(bad.host).length
      await doPart(system(Date.now() + 600 * SECOND), { ...part, takesFailing }, () => 0, undefined)
      return receiver.of(bad.host).length - count
    }
    expect([receiver.of(bad.host).length, await sentLater(false), await sentLater(true)]).toEqual([3, 0, 1])
  })

  it('gives each endpoint its share of the requests, also while one has much more', async () => {
    const api = await organization()
    const receiver = receive(slow)
    const first = await endpointOf(api)
    let other = await endpointOf(api)
    while (partOf(other.id) !== partOf(first.id)) other = await endpointOf(api)
    await letWait(api, first.id, 400)
    await letWait(api, other.id, 100)
    await doPart(system(Date.now() + SECOND), { kind: 'send', part: partOf(first.id), takesFailing: true }, () => 0, undefined)
    const place = receiver.requests.findLastIndex(({ url }) => url.startsWith(other.host))
    expect(place).toBeLessThan(350)
    expect([receiver.of(first.host).length, receiver.of(other.host).length]).toEqual([400, 100])
  })
})

it('what is asked of the outbox, of events and of deliveries is found by an index', async () => {
  receive()
  const api = await organization()
  const { id } = await endpointOf(api, { eventTypes: ['customer.created'] })
  const queries = new Set<string>()
  const d1 = changed((session) => ({
    prepare: (query) => {
      queries.add(query)
      return session.prepare(query)
    },
  }))
  await letChange(api, 2)
  const last = (text: string): number => text.codePointAt(text.length - 1) ?? 0
  const wake = () => Promise.resolve()
  await doPart(system(Date.now() + SECOND, d1), { kind: 'make', part: last(api.id) % 4, takesFailing: true }, () => 0, wake)
  await doPart(system(Date.now() + 2 * SECOND, d1), { kind: 'send', part: last(id) % 8, takesFailing: true }, () => 0, wake)
  await sendAllWebhooks(system(Date.now() + 3 * SECOND, d1), () => 0, wake)
  const asked = [...queries].filter((query) => /"(?:outbox|webhook_deliveries|webhook_events)"/.test(query))
  const scanned: string[] = []
  for (const query of asked) {
    const bound = Array.from({ length: query.split('?').length - 1 }, () => null)
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${query}`)
      .bind(...bound)
      .all<{ detail: string }>()
    scanned.push(...results.map(({ detail }) => detail).filter((detail) => detail.startsWith('SCAN')))
  }
  expect(asked.length).toBeGreaterThanOrEqual(12)
  /** Organizations and endpoints to which something is sent, what was given, and what was found. */
  const isShort = /^SCAN (?:cursor|endpoint USING INDEX webhook_endpoints_enabled|sent VIRTUAL TABLE INDEX 1:|\(subquery-\d+\))$/
  expect(scanned.filter((detail) => !isShort.test(detail))).toEqual([])
})
