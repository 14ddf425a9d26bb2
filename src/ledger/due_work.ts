import type { AccountLedger } from './account_ledger.ts'
import { settleAct } from './acts.ts'
import type { Carry } from './correct.ts'
import { type Act, type ActOutcome, ENTITLED, accountKey, isFeatureAct } from './entry.ts'
import { dropEntitled } from './entitled.ts'
import { markChanged } from './mark.ts'
import type { EventLedger } from './event_ledger.ts'
import { readEvents } from './read.ts'
import { settleEvents } from './settle.ts'
import type { Store } from './store.ts'
import { type OpenWork, type Work, putOff, readDue } from './work.ts'

/** The Durable Objects of the Worker, as one of them calls the others. */
export type Ledgers = {
  EventLedger: DurableObjectNamespace<EventLedger>
  AccountLedger: DurableObjectNamespace<AccountLedger>
}

/** Removes a correction whose work has been done. What its account earns is reckoned again, since that rests on other ledgers, too. */
export const dropCarry = (store: Store, correction: string): void =>
  store.transaction(() => {
    const accounts = store.sql
      .exec<{ account: string }>(
        `SELECT past.account FROM carry
         CROSS JOIN past ON past.reference = coalesce(carry.act ->> '$.feature.reference', carry.act ->> '$.license.reference')
         WHERE carry.correction = ?`,
        correction,
      )
      .toArray()
    markChanged(
      store,
      accounts.map(({ account }) => account),
    )
    store.sql.exec('DELETE FROM carry WHERE correction = ?', correction)
  })

/** Asks the ledger of its account what an event in progress may do; if its sender has waited for that, only whether it was done. */
const askForEvent = async ({ AccountLedger: accounts }: Ledgers, act: Act, at: number): Promise<ActOutcome | undefined> => {
  const ledger = accounts.getByName(act.ledger)
  if (isFeatureAct(act) && act.isEntitled) return ledger.concludeTake(act.reference, at)
  const [outcome] = await ledger.applyActs([act], at)
  return outcome
}

const finishProgress = async (store: Store, ledgers: Ledgers, { key, id, act }: OpenWork, now: number): Promise<void> => {
  const asked = JSON.parse(act) as Act
  const outcome = await askForEvent(ledgers, asked, store.clock ?? now)
  const isGone = isFeatureAct(asked) && asked.isEntitled && typeof outcome === 'object' && outcome.outcome === 'GONE'
  if (isGone) dropEntitled(store, id, key)
  const [event] = readEvents(store, [[id, key]])
  const settlement = event && outcome && settleAct(event, asked, outcome)
  if (event && !settlement) {
    putOff(store, 'progress', key, now)
    return
  }
  const settled = settleEvents(store, undefined, settlement ? [settlement] : [], now)
  if ('settled' in settled && !settled.settled) store.sql.exec('DELETE FROM progress WHERE reference = ? AND is_undo = 0', key)
}

const takeBack = async (store: Store, { AccountLedger: accounts }: Ledgers, { key, act }: OpenWork, now: number): Promise<void> => {
  const asked = JSON.parse(act) as Act
  await accounts.getByName(asked.ledger).revertActs([{ reference: key, isFeature: isFeatureAct(asked) }], store.clock ?? now)
  store.transaction(() => {
    markChanged(store, [accountKey(asked.account)])
    store.sql.exec('DELETE FROM progress WHERE reference = ? AND is_undo = 1', key)
  })
}

const finishCarry = async (
  store: Store,
  { AccountLedger: accounts, EventLedger: events }: Ledgers,
  { key, act }: OpenWork,
  now: number,
): Promise<void> => {
  const { license, feature, ledger, batch } = JSON.parse(act) as Carry
  const revert = (its: { ledger: string; reference: string }, isFeature: boolean) =>
    accounts.getByName(its.ledger).revertActs([{ reference: its.reference, isFeature }], store.clock ?? now)
  if (license) await revert(license, false)
  if (feature) await revert(feature, true)
  if (ledger !== undefined && batch) {
    const recorded = await events.getByName(ledger).record({ ...batch, isCarried: true })
    if ('held' in recorded && recorded.held.length) throw new Error('an event holds the id of a corrected one that may not be kept')
  }
  dropCarry(store, key)
}

const doOne = (store: Store, ledgers: Ledgers, work: Work, row: OpenWork, now: number): Promise<void> => {
  if (work === 'carry') return finishCarry(store, ledgers, row, now)
  return row.isUndo ? takeBack(store, ledgers, row, now) : finishProgress(store, ledgers, row, now)
}

/** Finds out whether events are kept that hold ids and of which that is not known yet, as if their senders did not wait any more. */
export const concludeEntitled = async (store: Store, ledgers: Ledgers, ids: readonly string[], now: number): Promise<void> => {
  const open = ids.flatMap((id) =>
    store.sql
      .exec<OpenWork>(
        `SELECT progress.reference AS key, progress.act, progress.id, 0 AS isUndo
         FROM event CROSS JOIN progress ON progress.reference = event.reference AND is_undo = 0
         WHERE event.id = ? AND event.source = ${ENTITLED}`,
        id,
      )
      .toArray(),
  )
  for (const row of open) await finishProgress(store, ledgers, row, now)
}

/** Does what is due in other ledgers because the request that was to do it has died. What fails is put off and does not stop the rest. `running` holds the keys of what is being done; `clock` gives the time in milliseconds. */
export const doDueWork = async (store: Store, ledgers: Ledgers, work: Work, running: Set<string>, clock: () => number): Promise<void> => {
  const errors: unknown[] = []
  for (const row of readDue(store, work, clock())) {
    running.add(row.key)
    try {
      await doOne(store, ledgers, work, row, clock())
    } catch (error) {
      putOff(store, work, row.key, clock())
      errors.push(error)
    } finally {
      running.delete(row.key)
    }
  }
  if (errors.length) throw errors[0]
}
