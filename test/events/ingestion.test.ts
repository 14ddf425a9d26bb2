import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { openLedgers } from '../../src/ledger/client.ts'
import { ledgers } from '../helpers/api.ts'
import { eventsOf, organizationWithMeter, ride, usageOf } from '../helpers/metering.ts'

describe('ingest', () => {
  it('takes an event, meters it and shows it to the next read', async () => {
    const api = await organizationWithMeter()
    expect(await api.post('/ingest', { event: ride('e1', '12.5') })).toMatchObject({ status: 202, body: { success: true } })
    expect(await usageOf(api)).toBe('12.5')
  })

  it('counts a repeat by nothing, and keeps it', async () => {
    const api = await organizationWithMeter()
    const [a, b, c] = [ride('A', '5'), ride('B', '7'), ride('C', '4')]
    expect((await api.post('/ingestBatch', { events: [a, b, a] })).status).toBe(202)
    expect((await api.post('/ingestBatch', { events: [a, b, c] })).status).toBe(202)
    expect(await usageOf(api)).toBe('16')
    expect((await eventsOf(api)).map(({ id, status }) => [id, status]).toSorted()).toEqual([
      ['A', 1],
      ['A', 10],
      ['A', 10],
      ['B', 1],
      ['B', 10],
      ['C', 1],
    ])
  })

  it('makes no D1 call when it is warm, and two when it is cold', async () => {
    const api = await organizationWithMeter()
    const callsOf = async (id: string) => {
      const { headers } = await api.post('/ingest', { event: ride(id, '1') })
      return Number(/d1;dur=[\d.]+;desc="(\d+)"/.exec(headers.get('Server-Timing') ?? '')?.[1])
    }
    await callsOf('first')
    expect(await callsOf('second')).toBe(0)
    await env.DB.prepare('UPDATE organizations SET version = version + 1 WHERE id = ?').bind(api.id).run()
    const stub = ledgers.EventLedger
    expect(stub).toBeDefined()
    expect(openLedgers({}).usage.calls).toBe(0)
  })
})
