import { isPassing } from '../../db/client.ts'
import { commit } from '../../db/commit.ts'
import { STALE } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, type StepResult, settleDue } from '../../db/due.ts'
import { type KindedGeneration, selectGenerations } from '../../ledger/client.ts'
import { ApiError } from '../../lib/errors.ts'
import { NO_BUCKET } from '../files/bucket.ts'
import { type ReportChange, failReport, storeChange } from './change.ts'
import { collect } from './collect.ts'
import { newKey, readPart } from './parts.ts'
import { type ReportRow, findReport } from './queries.ts'
import { type Query, readQuery } from './query.ts'
import { READERS } from './read.ts'
import type { Reading } from './reading.ts'
import type { Progress } from './table.ts'
import { uploadReport } from './upload.ts'

/** How long and with how many calls a slice reads, and how many bytes of rows it collects. Then what it has is kept. */
const SLICE = { ms: 1000, calls: 40, bytes: 4 * 2 ** 20 }

/** For how long the slices of one run go on, so that other work has its turn. */
const RUN = { ms: 1500, calls: 60 }

/** After how many milliseconds a report is tried again that cannot be made now: at first, twice as long each time, and at most. */
const WAIT = 60_000
const LONGEST_WAIT = 3_600_000

/** How often in a row a report fails for a reason that nobody expects before it has failed. */
const MOST_FAILURES = 10

const NOTHING: Progress = { cursor: null, parts: [], count: 0, bytes: 0, failures: 0 }

/** Counts time and calls. */
const startBudget = (ctx: Ctx, { ms, calls }: { ms: number; calls: number }) => {
  const used = () => ctx.session.calls() + ctx.ledgers.usage.calls
  const [start, first] = [performance.now(), used()]
  return () => performance.now() - start > ms || used() - first > calls
}

const readingOf = (ctx: Ctx, report: ReportRow, query: Query): Reading => {
  const { begunAt, accountId, customerId } = report
  let generations: Promise<KindedGeneration[]> | undefined
  return {
    ctx,
    query,
    begunAt: begunAt ?? ctx.now,
    owner: accountId === null || customerId === null ? undefined : { accountId, customerId },
    generations: () => (generations ??= ctx.session.rows<KindedGeneration>(selectGenerations(ctx.organizationId))),
  }
}

/** Reads a slice, and stores what it has collected and from where the next one goes on. */
const readSlice = async (ctx: Ctx, bucket: R2Bucket, row: Due, report: ReportRow, query: Query): Promise<ReportRow> => {
  const progress = report.progress ?? NOTHING
  const [before] = query.isGrouped && progress.parts[0] !== undefined ? [await readPart(bucket, progress.parts[0])] : []
  const slice = collect(query, progress, before)
  const reading = readingOf(ctx, report, query)
  const isOver = startBudget(ctx, SLICE)
  let { cursor } = progress
  do {
    const { rows, next } = await READERS[query.table](reading, cursor)
    for (const one of rows) slice.add(one)
    cursor = slice.isEnough() ? null : next
  } while (cursor !== null && !isOver() && slice.size() < SLICE.bytes)
  const { content, collected } = slice.keep()
  const key = newKey(ctx.organizationId, report.id, query.isGrouped ? 'groups' : 'rows')
  if (content) await bucket.put(key, content)
  const kept = content ? [key] : []
  const parts = query.isGrouped ? kept : [...progress.parts, ...kept]
  const change: ReportChange = {
    progress: { cursor, parts, ...collected, failures: 0 },
    ...(cursor === null && { status: 'UPLOAD_PENDING' }),
  }
  const stored = await storeChange(ctx, row, report, change)
  if (query.isGrouped && progress.parts.length) await bucket.delete([...progress.parts])
  return stored
}

/** Does the next thing for a report. Returns it as it is then, or undefined if it has ended. */
const makeNext = async (ctx: Ctx, row: Due, report: ReportRow): Promise<ReportRow | undefined> => {
  const { files } = ctx
  if (!files) {
    await failReport(ctx, row, report, NO_BUCKET)
    return undefined
  }
  const query = readQuery(report.query)
  if (report.status === 'QUEUED') return storeChange(ctx, row, report, { status: 'RUNNING', begunAt: ctx.now, progress: NOTHING })
  if (report.status === 'RUNNING') return readSlice(ctx, files, row, report, query)
  await uploadReport(ctx, files, row, report, query)
  return undefined
}

/**
 * Leaves a report to a later run, since it could not be made now: to the next one where a test clock stands still. One that fails each time for a
 * reason that nobody expects has failed.
 */
const putOff = async (ctx: Ctx, row: Due, report: ReportRow, error: unknown): Promise<void> => {
  const progress = report.progress ?? NOTHING
  const isWaiting = error instanceof ApiError && error.code === 'UNAVAILABLE'
  const failures = progress.failures + Number(!isWaiting)
  if (failures >= MOST_FAILURES)
    return failReport(ctx, row, report, 'The report could not be made, for a reason that the query did not cause. Make it again.')
  const wait = Math.min(WAIT * 2 ** progress.failures, LONGEST_WAIT)
  const isStanding = ctx.clockAt !== null && ctx.clockTarget === undefined
  await storeChange(ctx, row, report, { progress: { ...progress, failures } }, isStanding ? row.dueAt : ctx.now + wait)
  if (!isWaiting) throw error
}

const comeBack = async (): Promise<StepResult> => {
  await scheduler.wait(Math.random() * 50)
  return { isUnfinished: true }
}

/** Makes a report, slice by slice, one commit for each. What was interrupted is repeated. If another run makes the same report, this one comes back. */
export const makeReport = async (ctx: Ctx, row: Due): Promise<StepResult> => {
  let report = await findReport(ctx, row.subject)
  if (!report || report.status === 'COMPLETED' || report.status === 'FAILED') {
    await commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })
    return {}
  }
  const isOver = startBudget(ctx, RUN)
  try {
    do {
      report = await makeNext(ctx, row, report)
    } while (report && !isOver())
    return { isUnfinished: report !== undefined }
  } catch (error) {
    /** The row stays due: another run has made the next slice, or the database cannot be reached now. */
    if (error === STALE) return comeBack()
    if (!report || (error instanceof Error && isPassing(error))) throw error
    if (error instanceof ApiError && error.code === 'UNPROCESSABLE') await failReport(ctx, row, report, error.message)
    else await putOff(ctx, row, report, error)
    return {}
  }
}
