import { DurableObject } from 'cloudflare:workers'
import type { Batch } from './batch.ts'
import { type ChangedAccount, dropChanged, readChanged } from './changed.ts'
import { type Closed, type Closing, closeAndSum, closeAndSumAll, liftClosing } from './closing.ts'
import { type Carry, type Eligibility, type Reverted, replaceCarry, revertEvent, tryRevert } from './correct.ts'
import { type Ledgers, concludeEntitled, doDueWork, dropCarry } from './due_work.ts'
import { type Unprocessed, type UnprocessedQuery, countUnprocessed, lastUnprocessed } from './count_unprocessed.ts'
import { dropEntitled, recordEntitled } from './entitled.ts'
import { type ErasedAccount, type ErasedEvents, countErasable, eraseEvents } from './erase.ts'
import { DAY, type EventShown, type Recorded, type RecordedEntitled, type Stale } from './entry.ts'
import { foldPart, hasJournal } from './fold.ts'
import { type EventFilter, listEvents } from './list.ts'
import { type Hours, type HoursQuery, listHours } from './list_hours.ts'
import { type Forgotten, type GroupQuery, type Grouped, readGroups } from './groups.ts'
import { type Largest, type LargestQuery, readLargest, readRanking } from './largest.ts'
import type { RankQuery, Ranking } from './ranking.ts'
import { type Parts, type PartsQuery, readParts } from './parts.ts'
import { readEvents } from './read.ts'
import { recordEvents } from './record.ts'
import { type Restoring, beginRestore, noteRestored } from './restore.ts'
import { type TriedEvent, tryEvents } from './repeats.ts'
import { forgetSome, hasForgettable, readForgot } from './retention.ts'
import { type Settled, type Settlement, readWaiting, settleEvents } from './settle.ts'
import { type Store, forgetTold, openStore, readState, takeVersion, tellAccounts, writeState } from './store.ts'
import { type Evidence, type EvidenceQuery, type SumQuery, type SumRow, readEvidence, readSpan, readSums } from './sums.ts'
import { type AskedEvent, type TakenIds, claimKey, findTaken, readKey, releaseKey } from './taken.ts'
import { readNextDue } from './work.ts'

/** How long the journal grows before it is folded, in milliseconds, and how many events it may grow by before it is folded at once. */
const FOLDED_AFTER = 5000
const FOLDED_AT = 5000

/** Days for which the payload of an event is kept, unless the variable EVENTS_KEPT_FOR says otherwise; and the least. */
const KEPT_FOR = 400
const KEPT_AT_LEAST = 45

/** Slices of old events that are looked at in one alarm. */
const MOST_SLICES = 100

/** The longest time between two alarms that fail, in milliseconds. */
const LONGEST_WAIT = 300_000

interface Env {
  EVENTS_KEPT_FOR?: string
}

/**
 * The events whose ids fall to one share of an organization, and what they add up to. Every method is one transaction, or a fold and
 * one; what it answers is data. It throws only what is broken.
 */
export class EventLedger extends DurableObject<Env> {
  readonly #store: Store
  readonly #session = crypto.randomUUID()
  #alarmAt = Number.POSITIVE_INFINITY
  #recorded = 0
  #failures = 0
  /** The corrections that the alarm is carrying out at this moment. */
  readonly #carrying = new Set<string>()

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.#store = openStore(state.storage)
    void state.blockConcurrencyWhile(async () => {
      this.#alarmAt = (await state.storage.getAlarm()) ?? Number.POSITIVE_INFINITY
      if (this.#alarmAt === Number.POSITIVE_INFINITY) this.#wakeForWork()
    })
  }

  /** Sets the alarm, unless it is set to an earlier time. */
  #wakeAt(time: number): void {
    if (time >= this.#alarmAt) return
    this.#alarmAt = time
    void this.ctx.storage.setAlarm(time)
  }

  /** Sets the alarm to when there is something to be done, but not before `earliest`. */
  #wakeForWork(earliest = 0): void {
    const now = Date.now()
    const due = [
      ...(hasJournal(this.#store) ? [now + FOLDED_AFTER] : []),
      ...(hasForgettable(this.#store) ? [Math.max(readForgot(this.#store) + DAY, now + FOLDED_AFTER)] : []),
      readNextDue(this.#store) ?? Number.POSITIVE_INFINITY,
    ]
    this.#wakeAt(Math.max(Math.min(...due), earliest))
  }

  record(batch: Batch): Recorded | Stale {
    const now = Date.now()
    const recorded = recordEvents(this.#store, batch, now)
    if ('stale' in recorded) return recorded
    this.#recorded += batch.head.count
    this.#wakeAt(this.#recorded < FOLDED_AT ? now + FOLDED_AFTER : now)
    return recorded
  }

  /** What would become of events, in their order, if they were recorded now. */
  tryRecord(batch: Batch): TriedEvent[] {
    return tryEvents(this.#store, batch, Date.now())
  }

  findTaken(events: readonly AskedEvent[], version: number, now: number): TakenIds {
    return findTaken(this.#store, events, version, now)
  }

  readKey(key: string, now: number): string | undefined {
    return readKey(this.#store, key, now)
  }

  claimKey(key: string, fingerprints: readonly string[], now: number): 'NEW' | 'SAME' | 'OTHER' {
    return claimKey(this.#store, key, fingerprints, now)
  }

  releaseKey(key: string, fingerprints: readonly string[]): void {
    releaseKey(this.#store, key, fingerprints)
  }

  /** Tells the versions of the organization and of accounts that changed, by their keys. */
  tell(version: number, accounts: Readonly<Record<string, number>>): void {
    this.#store.transaction(() => {
      takeVersion(this.#store, version)
      if (Object.keys(accounts).length) tellAccounts(this.#store, accounts, Date.now())
    })
  }

  /** Forgets versions of accounts, by their keys, which the database does not have any more because it was set back. */
  forgetTold(accounts: Readonly<Record<string, number>>): void {
    forgetTold(this.#store, accounts)
  }

  /** The version of the organization, as far as this ledger knows. */
  readVersion(): number {
    return this.#store.version
  }

  readEvent(id: string, reference: string): EventShown | undefined {
    return readEvents(this.#store, [[id, reference]])[0]
  }

  listEvents(filter: EventFilter): EventShown[] {
    return listEvents(this.#store, filter)
  }

  readSums(query: SumQuery): SumRow[] {
    return readSums(this.#store, query)
  }

  listHours(query: HoursQuery): Hours {
    return listHours(this.#store, query)
  }

  readEvidence(queries: readonly EvidenceQuery[]): Evidence[][] {
    return readEvidence(this.#store, queries)
  }

  readGroups(query: GroupQuery): Grouped {
    return readGroups(this.#store, query, this.#keptFor)
  }

  readRanking(query: LargestQuery, asked: RankQuery): Ranking | Forgotten {
    return readRanking(this.#store, query, asked, this.#keptFor)
  }

  readLargest(query: LargestQuery, groups: readonly string[]): Largest | Forgotten {
    return readLargest(this.#store, query, groups, this.#keptFor)
  }

  readParts(queries: readonly PartsQuery[], now: number): Parts {
    return readParts(this.#store, queries, now, this.#keptFor)
  }

  countUnprocessed(queries: readonly UnprocessedQuery[], most: number): Unprocessed[] {
    return countUnprocessed(this.#store, queries, most)
  }

  lastUnprocessed(): number {
    return lastUnprocessed(this.#store)
  }

  readChanged(limit: number, accounts?: readonly string[]): ChangedAccount[] {
    return readChanged(this.#store, limit, accounts)
  }

  dropChanged(accounts: readonly ChangedAccount[]): void {
    dropChanged(this.#store, accounts)
  }

  readWaiting(names: readonly string[], limit: number, since: number, after?: readonly [name: string, id: string]): EventShown[] {
    return readWaiting(this.#store, names, limit, since, after)
  }

  /** Records an event that is kept only if its account has enough credits, or says what would become of it. */
  recordEntitled(batch: Batch, isTried: boolean): RecordedEntitled | Stale {
    const now = Date.now()
    const recorded = recordEntitled(this.#store, batch, now, isTried)
    if ('state' in recorded && recorded.state === 'NEW' && !isTried) {
      this.#recorded += 1
      this.#wakeAt(this.#recorded < FOLDED_AT ? now + FOLDED_AFTER : now)
    }
    return recorded
  }

  concludeEntitled(ids: readonly string[]): Promise<void> {
    return concludeEntitled(this.#store, this.#ledgers, ids, Date.now())
  }

  dropEntitled(id: string, reference: string): void {
    dropEntitled(this.#store, id, reference)
  }

  settle(head: { version: number; accounts: Record<string, number> } | undefined, settlements: readonly Settlement[]): Settled | Stale {
    const settled = settleEvents(this.#store, head, settlements, Date.now())
    if ('settled' in settled && (settled.closed.length || settlements.some(({ act }) => act))) this.#wakeForWork()
    return settled
  }

  revert(
    key: readonly [id: string, reference: string],
    eligibility: Eligibility,
    carry?: { correction: string; act?: Carry },
  ): Reverted | undefined {
    if (carry && this.#carrying.has(carry.correction)) {
      const event = this.readEvent(...key)
      return event && { event, outcome: 'BUSY' }
    }
    const reverted = revertEvent(this.#store, key, eligibility, carry, Date.now())
    if (carry?.act) this.#wakeForWork()
    return reverted
  }

  /** What would become of an event if it was taken back now. */
  tryRevert(key: readonly [id: string, reference: string], eligibility: Eligibility): Reverted | undefined {
    return tryRevert(this.#store, key, eligibility, Date.now())
  }

  /** Replaces what a correction is to do elsewhere, if it is still to be done. Gives whether it may be done now: not while this ledger is doing it. */
  replaceCarry(correction: string, act: Carry): boolean {
    if (this.#carrying.has(correction)) return false
    replaceCarry(this.#store, correction, act, Date.now())
    return true
  }

  /** A correction has been carried to its end. */
  dropCarry(correction: string): void {
    dropCarry(this.#store, correction)
  }

  /** Erases what the events of an account say, part by part. */
  eraseEvents(account: ErasedAccount): ErasedEvents {
    return eraseEvents(this.#store, account)
  }

  countErasable(accounts: readonly string[], names: readonly string[]): number {
    return countErasable(this.#store, accounts, names)
  }

  closeAndSum(account: string, from: number, until: number): SumRow[] {
    return closeAndSum(this.#store, account, from, until)
  }

  closeAndSumAll(closings: readonly Closing[]): Closed[] {
    return closeAndSumAll(this.#store, closings)
  }

  liftClosing(account: string, from: number): void {
    liftClosing(this.#store, account, from)
  }

  /** The times of the first and the last event that there ever was, in milliseconds, for a generation that ends; undefined when there is none. */
  readSpan(): { first: number; last: number } | undefined {
    return readSpan(this.#store)
  }

  /** Keeps the generations of the organization, as JSON, in case the database of the organization is set back. */
  keepGenerations(json: string): void {
    writeState(this.#store, 'generations', json)
  }

  readGenerations(): string | undefined {
    return readState<string | undefined>(this.#store, 'generations', undefined)
  }

  /** Begins to restore the ledger to how it was at an instant (milliseconds), once for each run. */
  beginRestore(time: number, run: string): Promise<'DONE' | Restoring> {
    return beginRestore({ storage: this.ctx.storage, abort: (reason) => this.ctx.abort(reason) }, this.#session, time, run)
  }

  noteRestored(run: string, former: string): Promise<boolean> {
    return noteRestored({ storage: this.ctx.storage }, this.#session, run, former)
  }

  /** Never throws, since an alarm that throws often is never called again. */
  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY
    this.#recorded = 0
    const failed: string[] = []
    const steps = {
      fold: () => this.#fold(),
      progress: () => doDueWork(this.#store, this.#ledgers, 'progress', this.#carrying, Date.now),
      carry: () => doDueWork(this.#store, this.#ledgers, 'carry', this.#carrying, Date.now),
      forget: () => this.#forget(),
    }
    for (const [step, run] of Object.entries(steps))
      try {
        await run()
      } catch (error) {
        failed.push(`${step}: ${error instanceof Error ? error.name : 'unknown'}`)
      }
    this.#failures = failed.length ? this.#failures + 1 : 0
    if (failed.length) console.error(JSON.stringify({ message: 'the alarm of an event ledger failed', failed, failures: this.#failures }))
    this.#wakeForWork(Date.now() + Math.min(failed.length ? 1000 * 2 ** this.#failures : 0, LONGEST_WAIT))
  }

  async #fold(): Promise<void> {
    while (foldPart(this.#store)) await scheduler.wait(0)
  }

  get #keptFor(): number {
    const days = Number(this.env.EVENTS_KEPT_FOR || KEPT_FOR)
    return Math.max(Number.isFinite(days) ? days : KEPT_FOR, KEPT_AT_LEAST)
  }

  get #ledgers(): Ledgers {
    return this.ctx.exports as unknown as Ledgers
  }

  /** Once a day: payloads and events that have been kept long enough go. */
  async #forget(): Promise<void> {
    const now = Date.now()
    if (now - readForgot(this.#store) < DAY) return
    for (let slice = 0; slice < MOST_SLICES && forgetSome(this.#store, now, this.#keptFor); slice++) await scheduler.wait(0)
  }
}
