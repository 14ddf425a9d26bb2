import { doDueFirst } from '../../access/due/service.ts'
import {
  type AskedChange,
  type FeatureEntryRow,
  askLedger,
  draftAsk,
  finishAsked,
  insertEntry,
  newEntry,
  readEntryRow,
} from '../../billing/feature_credits/service.ts'
import { retryWhenStale } from '../../db/change.ts'
import { type Reply, commit } from '../../db/commit.ts'
import { STALE } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { FEATURE_CREDITS } from '../../db/due.ts'
import { refuseUsedKey } from '../../db/idempotency.ts'
import { type FeatureEntry, type GrantChanged, askAccounts } from '../../ledger/client.ts'
import { compare, decimalFromNumber, formatDecimal, requireDecimal } from '../../lib/decimal.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { CHANGED } from '../../lib/etag.ts'
import { iso } from '../../lib/time.ts'
import { type EntitledAccount, readEntitledAccount } from './queries.ts'
import type { FeatureCreditEntry, UpdateFeatureCreditsRequest } from './schema.ts'
import { showEntry, statusOf } from './show.ts'

/** The entry that a request names. */
interface EntryKey {
  accountId: string
  featureId: string
  id: string
}

/** What a request wants of an entry. */
type Wanted = Pick<AskedChange, 'granted' | 'effectiveUntil' | 'isVoided'>

const conflict = (message: string): ApiError => new ApiError('CONFLICT', message)

const refuseState = (entry: FeatureEntry, now: number): void => {
  if (entry.source === 'OVERAGE')
    throw conflict(`The entry "${entry.id}" counts overage, and follows from the price plan. It cannot be changed.`)
  const status = statusOf(entry, now)
  if (status !== 'ACTIVE') throw conflict(`The entry "${entry.id}" is ${status}. Only an entry that is ACTIVE can be changed.`)
}

const usedMore = ({ used }: FeatureEntry): ApiError => new ApiError('INVALID', `granted: must be ${used} at least, which have been used`)

const refuseWanted = (entry: FeatureEntry, { granted, effectiveUntil }: Wanted, now: number): void => {
  const earliest = Math.max(now, entry.from)
  if (effectiveUntil !== undefined && effectiveUntil <= earliest)
    throw new ApiError('INVALID', `effectiveUntil: must be after ${iso(earliest)}`)
  if (granted !== undefined && compare(requireDecimal(granted), requireDecimal(entry.used)) < 0) throw usedMore(entry)
}

/** Says why the ledger has not made a change that was possible when it was read. */
const explainRefusal = ({ outcome, entry }: GrantChanged, { id }: EntryKey, now: number): ApiError => {
  if (!entry || outcome === 'ABSENT') return notFound('entry', id)
  return outcome === 'USED'
    ? usedMore(entry)
    : conflict(`The entry "${id}" is ${statusOf(entry, now)}. Only an entry that is ACTIVE can be changed.`)
}

/** The context of what is written for a request before its answer is known. */
const withoutWrite = ({ write: _write, ...ctx }: Ctx): Ctx => ({ ...ctx, conditions: { match: undefined, noneMatch: undefined } })

/** Reads an entry as its ledger has it. Throws NOT_FOUND. */
const readEntry = async (ctx: Ctx, { ledger }: EntitledAccount, { accountId, featureId, id }: EntryKey): Promise<FeatureEntry> => {
  const [entry] = await askAccounts(ctx, ledger, (its) => its.readFeatureEntries(accountId, [[featureId, id]]))
  if (!entry) throw notFound('entry', id)
  return entry
}

/** Whether a change that has not been finished is what a request wants, as one that is sent again does. */
const isSameChange = ({ actor }: Pick<Ctx, 'actor'>, asked: AskedChange, wanted: Wanted): boolean =>
  asked.actor === actor &&
  asked.granted === wanted.granted &&
  asked.effectiveUntil === wanted.effectiveUntil &&
  asked.isVoided === wanted.isVoided

/** The row of an entry, which one has that a ledger has made of an event that was undone as soon as a person changes it. */
const rowOf = (ctx: Ctx, { accountId, featureId, id }: EntryKey, entry: FeatureEntry): FeatureEntryRow =>
  newEntry(ctx, {
    accountId,
    featureId,
    id,
    source: entry.source as FeatureEntryRow['source'],
    effectiveFrom: entry.from,
    effectiveUntil: entry.until,
    granted: entry.granted,
    carried: 1,
  })

/**
 * Changes an entry: what is wanted is written down, then its ledger decides, in one step with what events take of it, and then it is
 * written down what became of it. What a crash leaves, the due work of the account finishes.
 */
const changeEntry = <Answer extends object>(
  ctx: Ctx,
  key: EntryKey,
  wanted: Wanted,
  answerOf: (entry: FeatureEntry) => Answer,
): Promise<Reply<Answer>> =>
  retryWhenStale(async () => {
    if (ctx.conditions.match) throw CHANGED
    const { accountId, featureId, id } = key
    const account = await readEntitledAccount(ctx, accountId, featureId)
    const known = await readEntryRow(ctx, accountId, featureId, id)
    if (known?.asked) {
      if (!ctx.write?.dryRun && isSameChange(ctx, known.asked, wanted)) {
        const { changed, statements, changes } = await askLedger(ctx, known, known.asked)
        if (changed.outcome === 'DONE' && changed.entry) return commit(ctx, { statements, changes, answer: answerOf(changed.entry) })
      }
      await finishAsked(ctx, known)
      throw STALE
    }
    if (known && known.carried < known.version) await doDueFirst(ctx, [{ kind: FEATURE_CREDITS, subject: accountId, dueAt: ctx.now }])
    const entry = await readEntry(ctx, account, key)
    refuseState(entry, ctx.now)
    refuseWanted(entry, wanted, ctx.now)
    const { granted = entry.granted, effectiveUntil: until = entry.until, isVoided = false } = wanted
    const after: FeatureEntry = { ...entry, granted, until, isVoid: isVoided }
    const isSame = granted === entry.granted && until === entry.until && !isVoided
    if (isSame) return { answer: answerOf(entry) }
    if (ctx.write?.dryRun) return commit(ctx, { statements: [], changes: [], answer: answerOf(after) })
    const row = known ?? rowOf(ctx, key, entry)
    const asked: AskedChange = { ...wanted, actor: ctx.actor, role: ctx.role, at: ctx.now }
    const ask = draftAsk(row, asked)
    await commit(withoutWrite(ctx), {
      statements: [...refuseUsedKey(ctx), ...(known ? [] : [insertEntry(row)]), ...ask.statements],
      changes: [],
      answer: {},
      due: [{ kind: FEATURE_CREDITS, subject: accountId, dueAt: ctx.now }],
    })
    const { changed, statements, changes } = await askLedger(ctx, ask.after, asked)
    if (changed.outcome === 'DONE' && changed.entry) return commit(ctx, { statements, changes, answer: answerOf(changed.entry) })
    await commit(withoutWrite(ctx), { statements, changes, answer: {} })
    throw explainRefusal(changed, key, ctx.now)
  })

/** Changes how many units an entry grants, or when it ends. */
export const updateFeatureCreditEntry = (
  ctx: Ctx,
  key: EntryKey,
  { granted, effectiveUntil }: UpdateFeatureCreditsRequest,
): Promise<Reply<FeatureCreditEntry>> => {
  const units = granted === undefined ? undefined : decimalFromNumber(granted)
  const wanted: Wanted = { ...(units && { granted: formatDecimal(units) }), ...(effectiveUntil !== undefined && { effectiveUntil }) }
  return changeEntry(ctx, key, wanted, (entry) => showEntry(entry, ctx.now))
}

/** Makes what is left of an entry void. */
export const voidFeatureCreditEntry = (ctx: Ctx, key: EntryKey): Promise<Reply<{ success: boolean }>> =>
  changeEntry(ctx, key, { isVoided: true }, () => ({ success: true }))
