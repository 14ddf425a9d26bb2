import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { commitRestore } from '../../src/events/ingestion/generations.ts'
import { restoreLedger } from '../../src/events/ingestion/restore.ts'
import { beginRestore, noteRestored } from '../../src/ledger/restore.ts'
import { eventLedger } from '../helpers/ledger.ts'
import { doDue, system } from '../helpers/ledgers.ts'
import { organizationWithMeter, ride } from '../helpers/metering.ts'

/** A storage that has points in time, which the one of local objects has not, and what was asked of it. */
const withPoints = () => {
  const kept = new Map<string, unknown>()
  const asked: string[] = []
  const storage = {
    get: (name: string) => Promise.resolve(kept.get(name)),
    put: (name: string, value: unknown) => Promise.resolve(void kept.set(name, value)),
    getBookmarkForTime: (time: number) => Promise.resolve(`at ${time}`),
    onNextSessionRestoreBookmark: (bookmark: string) => Promise.resolve((asked.push(bookmark), 'undo')),
  }
  const aborted: string[] = []
  return { asked, aborted, object: { storage: storage as never, abort: (reason: string) => void aborted.push(reason) } }
}

describe('restoring a ledger', () => {
  it('stops it after the answer, and is done once for each run', async () => {
    const { asked, aborted, object } = withPoints()
    expect(await beginRestore(object, 'first', 1000, 'run 1')).toEqual({ session: 'first', undo: 'undo' })
    expect([asked, aborted]).toEqual([['at 1000'], []])
    await vi.waitFor(() => expect(aborted).toHaveLength(1), 10_000)
    expect(await noteRestored(object, 'first', 'run 1', 'first')).toBe(false)
    expect(await noteRestored(object, 'second', 'run 1', 'first')).toBe(true)
    expect(await beginRestore(object, 'second', 1000, 'run 1')).toBe('DONE')
    expect(asked).toHaveLength(1)
    expect(await beginRestore(object, 'second', 2000, 'run 2')).toMatchObject({ session: 'second' })
    expect(asked).toEqual(['at 1000', 'at 2000'])
  })

  it('waits until the ledger has started again', async () => {
    const ledger = eventLedger()
    expect(await ledger.noteRestored('run', 'another session')).toBe(true)
    expect(await ledger.beginRestore(0, 'run')).toBe('DONE')
    await evictDurableObject(ledger)
    expect(await ledger.beginRestore(0, 'run')).toBe('DONE')
  })

  it('is due for each ledger of the organization, kept in the audit log, and left due where it fails', async () => {
    const { id, post } = await organizationWithMeter()
    await post('/ingest', { event: ride('one', '1') })
    await doDue(id)
    const ctx = system(id)
    const generations = ['EVENT', 'ACCOUNT'].map((kind) => ({ kind, generation: 1, ledgers: 4 }))
    await commitRestore(ctx, generations, Date.now())
    const due = () =>
      env.DB.prepare(
        "SELECT kind, subject, due_at AS dueAt FROM due WHERE organization_id = ? AND kind = 'LEDGER_RESTORED' ORDER BY subject",
      )
        .bind(id)
        .all<{ kind: string; subject: string; dueAt: number }>()
    const { results } = await due()
    expect(results.map(({ subject }) => subject.split(' ')[2]).toSorted()).toEqual(
      ['account', 'event'].flatMap((kind) => [0, 1, 2, 3].map((index) => `${id}/${kind}/1/${index}`)),
    )
    for (const row of results) await expect(restoreLedger(ctx, row)).rejects.toThrow(/point-in-time recovery/)
    expect((await due()).results).toEqual(results)
    for (const row of results) {
      const [, run = '', name = ''] = row.subject.split(' ')
      const namespace = name.includes('/account/') ? ctx.ledgers.AccountLedger : ctx.ledgers.EventLedger
      await (namespace.getByName(name) as never as ReturnType<typeof eventLedger>).noteRestored(run, 'another session')
      await restoreLedger(ctx, row)
    }
    expect((await due()).results).toEqual([])
    const { results: log } = await env.DB.prepare(
      "SELECT changes FROM audit_log WHERE organization_id = ? AND changes LIKE '%ledgerRestored%'",
    )
      .bind(id)
      .all()
    expect(log).toHaveLength(8)
  })
})
