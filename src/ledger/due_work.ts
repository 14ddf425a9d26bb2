import type { AccountLedger } from './account_ledger.ts'
import type { Carry } from './correct.ts'
import type { LicenseAct } from './entry.ts'
import type { EventLedger } from './event_ledger.ts'
import { readEvents } from './read.ts'
import { settleEvents, settleLicense } from './settle.ts'
import type { Store } from './store.ts'
import { type Todo, type Work, putOff, readDue } from './work.ts'

/** The Durable Objects of the Worker, as one of them calls the others. */
export type Ledgers = {
  EventLedger: DurableObjectNamespace<EventLedger>
  AccountLedger: DurableObjectNamespace<AccountLedger>
}

/** Removes a correction whose work has been done. */
export const dropCarry = ({ sql }: Store, correction: string): void => {
  sql.exec('DELETE FROM carry WHERE correction = ?', correction)
}

const finishProgress = async (store: Store, { AccountLedger: accounts }: Ledgers, { key, id, act }: Todo, now: number): Promise<void> => {
  const asked = JSON.parse(act) as LicenseAct
  const outcome = await accounts.getByName(asked.ledger).applyLicense(asked)
  const [event] = readEvents(store, [[id, key]])
  const settlements = event ? [settleLicense(event, outcome)] : []
  const settled = settleEvents(store, undefined, settlements, now)
  if ('settled' in settled && !settled.settled) store.sql.exec('DELETE FROM progress WHERE reference = ? AND is_undo = 0', key)
}

const takeBack = async ({ sql }: Store, { AccountLedger: accounts }: Ledgers, { key, act }: Todo): Promise<void> => {
  await accounts.getByName((JSON.parse(act) as { ledger: string }).ledger).revertLicense(key)
  sql.exec('DELETE FROM progress WHERE reference = ? AND is_undo = 1', key)
}

const finishCarry = async (store: Store, { AccountLedger: accounts, EventLedger: events }: Ledgers, { key, act }: Todo): Promise<void> => {
  const { license, ledger, batch } = JSON.parse(act) as Carry
  if (license) await accounts.getByName(license.ledger).revertLicense(license.reference)
  if (ledger !== undefined && batch) await events.getByName(ledger).record({ ...batch, isCarried: true })
  dropCarry(store, key)
}

const doOne = (store: Store, ledgers: Ledgers, work: Work, todo: Todo, now: number): Promise<void> => {
  if (work === 'carry') return finishCarry(store, ledgers, todo)
  return todo.isUndo ? takeBack(store, ledgers, todo) : finishProgress(store, ledgers, todo, now)
}

/** Does what is due in other ledgers because the request that was to do it has died. What fails is put off and does not stop the rest. `running` holds the keys of what is being done; `clock` gives the time in milliseconds. */
export const doDueWork = async (store: Store, ledgers: Ledgers, work: Work, running: Set<string>, clock: () => number): Promise<void> => {
  const errors: unknown[] = []
  for (const todo of readDue(store, work, clock())) {
    running.add(todo.key)
    try {
      await doOne(store, ledgers, work, todo, clock())
    } catch (error) {
      putOff(store, work, todo.key, clock())
      errors.push(error)
    } finally {
      running.delete(todo.key)
    }
  }
  if (errors.length) throw errors[0]
}
