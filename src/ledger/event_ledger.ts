import { DurableObject } from 'cloudflare:workers'
import type { AccountLedger } from './account_ledger.ts'
import { closeAndSum, liftClosing } from './closing.ts'
import { type Eligibility, type Reverted, type Settlement, readWaiting, revertEvent, settleEvents, settleLicense } from './correct.ts'
import { type EventShown, type LicenseAct, type Recorded, type Stale } from './entry.ts'
import { foldJournal, foldPart } from './fold.ts'
import { type GroupQuery, type Grouped, readGroups } from './groups.ts'
import { type EventFilter, listEvents, readEvents } from './read.ts'
import { type Batch, TAKEN_UP_AFTER, claimKey, findTaken, recordEvents } from './record.ts'
import { forgetEvents } from './retention.ts'
import { type Store, openStore, takeVersion, tellAccounts } from './store.ts'
import { type SumQuery, type SumRow, readSums } from './sums.ts'

/** How long the journal grows before it is folded, in milliseconds. */
const FOLDED_AFTER = 1000

/** Days for which the payload of an event is kept, unless the variable EVENTS_KEPT_FOR says otherwise. */
const KEPT_FOR = 400

interface Env {
  EVENTS_KEPT_FOR?: string
}

/** What a correction is to do in other ledgers: an event that named a licence is taken back there, and another one is recorded. */
export interface Carry {
  license?: { ledger: string; reference: string }
  ledger?: string
  batch?: Batch
}

type Ledgers = {
  EventLedger: DurableObjectNamespace<EventLedger>
  AccountLedger: DurableObjectNamespace<AccountLedger>
}

/**
 * The events whose ids fall to one share of an organization, and what they add up to. Every method is one transaction, or a fold and
 * one; what it answers is data. It throws only what is broken.
 */
export class EventLedger extends DurableObject<Env> {
  readonly #store: Store
  #alarmAt = Number.POSITIVE_INFINITY

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.#store = openStore(state.storage)
    const [work] = this.#store.sql
      .exec<{ n: number }>('SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM progress) + (SELECT count(*) FROM carry) AS n')
      .toArray()
    if (work?.n) this.#wakeAt(Date.now() + FOLDED_AFTER)
  }

  /** Sets the alarm, unless it is set to an earlier time. */
  #wakeAt(time: number): void {
    if (time >= this.#alarmAt) return
    this.#alarmAt = time
    void this.ctx.storage.setAlarm(time)
  }

  record(batch: Batch): Recorded | Stale {
    const recorded = recordEvents(this.#store, batch)
    this.#wakeAt(Date.now() + FOLDED_AFTER)
    return recorded
  }

  findTaken(ids: readonly string[], version: number, now: number): Record<string, string> {
    return findTaken(this.#store, ids, version, now)
  }

  claimKey(key: string, fingerprint: string, now: number): 'NEW' | 'SAME' | 'OTHER' {
    return claimKey(this.#store, key, fingerprint, now)
  }

  /** Tells the versions of the organization and of accounts that changed, by their keys. */
  tell(version: number, accounts: Readonly<Record<string, number>>, now: number): void {
    this.#store.transaction(() => {
      takeVersion(this.#store, version)
      if (Object.keys(accounts).length) tellAccounts(this.#store, accounts, now)
    })
  }

  /** The version of the organization, as far as this ledger knows. */
  readVersion(): number {
    return this.#store.version
  }

  listEvents(filter: EventFilter): EventShown[] {
    return listEvents(this.#store, filter)
  }

  readSums(query: SumQuery): SumRow[] {
    return readSums(this.#store, query)
  }

  readGroups(query: GroupQuery): Grouped {
    return readGroups(this.#store, query, this.#keptFor)
  }

  readWaiting(names: readonly string[], limit: number): EventShown[] {
    return readWaiting(this.#store, names, limit)
  }

  settle(
    head: { version: number; accounts: Record<string, number> } | undefined,
    settlements: readonly Settlement[],
  ): { settled: number } | Stale {
    return settleEvents(this.#store, head, settlements)
  }

  revert(
    key: readonly [id: string, reference: string],
    eligibility: Eligibility,
    carry?: { correction: string; act?: Carry },
  ): Reverted | undefined {
    const now = Date.now()
    const kept = carry && { correction: carry.correction, act: carry.act && JSON.stringify(carry.act), dueAt: now + TAKEN_UP_AFTER }
    const reverted = revertEvent(this.#store, key, eligibility, kept)
    if (kept?.act !== undefined) this.#wakeAt(kept.dueAt)
    return reverted
  }

  /** A correction has been carried to its end. */
  dropCarry(correction: string): void {
    this.#store.sql.exec('DELETE FROM carry WHERE correction = ?', correction)
  }

  closeAndSum(account: string, from: number, until: number): SumRow[] {
    return closeAndSum(this.#store, account, from, until)
  }

  liftClosing(account: string, from: number): void {
    liftClosing(this.#store, account, from)
  }

  /** The hours of the first and the last event, in milliseconds, of a generation that ends; undefined when there is none. */
  readSpan(): { first: number; last: number } | undefined {
    foldJournal(this.#store)
    const [span] = this.#store.sql
      .exec<{ first: number | null; last: number | null }>('SELECT -max(back) AS first, -min(back) AS last FROM timeline')
      .toArray()
    return span?.first === null || span?.last === null || !span ? undefined : { first: span.first, last: span.last }
  }

  /** Keeps the generations of the organization, as JSON, in case the database of the organization is set back. */
  keepGenerations(json: string): void {
    this.#store.sql.exec("INSERT INTO state VALUES ('generations', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1", json)
  }

  readGenerations(): string | undefined {
    const [row] = this.#store.sql.exec<{ value: string }>("SELECT value FROM state WHERE key = 'generations'").toArray()
    return row?.value
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY
    try {
      while (foldPart(this.#store)) await scheduler.wait(0)
      await this.#finishProgress()
      await this.#finishCarries()
      this.#forget()
    } finally {
      const [next] = this.#store.sql
        .exec<{ at: number | null }>(
          'SELECT min(at) AS at FROM (SELECT min(due_at) AS at FROM progress UNION ALL SELECT min(due_at) FROM carry)',
        )
        .toArray()
      const hasJournal = this.#store.sql.exec<{ n: number }>('SELECT count(*) AS n FROM (SELECT 1 FROM journal LIMIT 1)').one().n
      if (hasJournal) this.#wakeAt(Date.now() + FOLDED_AFTER)
      else if (next?.at) this.#wakeAt(Math.max(next.at, Date.now() + FOLDED_AFTER))
    }
  }

  get #keptFor(): number {
    return Number(this.env.EVENTS_KEPT_FOR ?? KEPT_FOR)
  }

  get #ledgers(): Ledgers {
    return this.ctx.exports as unknown as Ledgers
  }

  /** Takes up events that have been in progress for long: their request has died. */
  async #finishProgress(): Promise<void> {
    const rows = this.#store.sql
      .exec<{ id: string; act: string }>('SELECT id, act FROM progress WHERE due_at <= ? ORDER BY due_at LIMIT 100', Date.now())
      .toArray()
    for (const { id, act } of rows) {
      const asked = JSON.parse(act) as LicenseAct
      const outcome = await this.#ledgers.AccountLedger.getByName(asked.ledger).applyLicense(asked)
      settleEvents(this.#store, undefined, this.#settlementOf(id, asked, outcome))
      this.#store.sql.exec('DELETE FROM progress WHERE id = ?', id)
    }
  }

  #settlementOf(id: string, act: LicenseAct, outcome: 'DONE' | 'ABSENT'): Settlement[] {
    const [event] = readEvents(this.#store, [[id, act.reference]])
    return event ? [settleLicense(event, outcome)] : []
  }

  /** Records what corrections carry, whose request has died. */
  async #finishCarries(): Promise<void> {
    const rows = this.#store.sql
      .exec<{ correction: string; act: string }>(
        'SELECT correction, act FROM carry WHERE due_at <= ? ORDER BY due_at LIMIT 100',
        Date.now(),
      )
      .toArray()
    for (const { correction, act } of rows) {
      const { license, ledger, batch } = JSON.parse(act) as Carry
      if (license) await this.#ledgers.AccountLedger.getByName(license.ledger).revertLicense(license.reference)
      if (ledger !== undefined && batch) await this.#ledgers.EventLedger.getByName(ledger).record({ ...batch, isCarried: true })
      this.dropCarry(correction)
    }
  }

  /** Once a day: payloads and events that have been kept long enough go. */
  #forget(): void {
    forgetEvents(this.#store, Date.now(), this.#keptFor)
  }
}
