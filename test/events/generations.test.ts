import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { doDueOf, systemContext } from '../../src/access/due/service.ts'
import { conflicts } from '../../src/conflicts.ts'
import { connect } from '../../src/db/client.ts'
import type { Ctx } from '../../src/db/context.ts'
import { commitGeneration } from '../../src/events/ingestion/generations.ts'
import { ledgerName } from '../../src/ledger/client.ts'
import { steps } from '../../src/steps.ts'
import { ledgers } from '../helpers/api.ts'
import { organizationWithMeter, ride, usageOf } from '../helpers/metering.ts'

const context = (id: string): Ctx =>
  systemContext(
    { session: connect(env.DB).primary(), ledgers, now: Date.now(), secrets: ['secret'], conflicts },
    { id, baseCurrency: 'USD' },
  )

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
  await commitGeneration(context(api.id), { generation: 1 }, 2)
  expect(await doDueOf(context(api.id), steps)).toEqual({ done: 2, errors: [] })
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
    expect(await doDueOf(context(api.id), steps)).toMatchObject({ errors: [] })
    expect(await rowsOf(api.id)).toHaveLength(2)
  })
})
