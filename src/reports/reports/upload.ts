import { combineDrafts, commit } from '../../db/commit.ts'
import { STALE } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { iso } from '../../lib/time.ts'
import { clearFolder } from '../files/bucket.ts'
import { draftFile } from '../files/draft.ts'
import { draftChange } from './change.ts'
import { type KeptRow, makeWriter, restoreGroups, rowsOfGroups, sizeOf } from './collect.ts'
import { folderOf, linesIn, newKey, readPart, writeLines } from './parts.ts'
import { type ReportRow, findReport } from './queries.ts'
import type { Query } from './query.ts'

const CSV = 'text/csv; charset=utf-8; header=present'

/** An instant in the name of a file, in which no system forbids a character. */
const inName = (instant: number): string => `${iso(instant).slice(0, 19).replaceAll(':', '-')}Z`

/** The name of the file of a report: `<REPORT_NAME>_<START_TIME>_<END_TIME>.csv` for a period, and with the time of the report otherwise. */
const nameFile = ({ name, periodFrom, periodUntil, createdAt }: ReportRow): string => {
  const times = periodFrom === null || periodUntil === null ? [createdAt] : [periodFrom, periodUntil]
  return `${[name.replaceAll(/[\\/:*?"<>|\p{Cc}]/gu, '-'), ...times.map(inName)].join('_')}.csv`
}

/** The lines of a report in their order, of what was collected. */
const linesOf = async (bucket: R2Bucket, query: Query, keys: readonly string[]): Promise<string[]> => {
  const writer = makeWriter(query)
  if (query.isGrouped) {
    const groups = restoreGroups(writer, keys[0] === undefined ? undefined : await readPart(bucket, keys[0]))
    return [writer.header, ...writer.sortLines(rowsOfGroups(query, writer, groups))]
  }
  const rows: KeptRow[] = []
  for (const key of keys) for (const line of linesIn(await readPart(bucket, key))) rows.push(JSON.parse(line) as KeptRow)
  return [writer.header, ...writer.sortLines(rows)]
}

/** Writes the file of a report of which everything was read, and completes the report. What was collected is deleted. */
export const uploadReport = async (ctx: Ctx, bucket: R2Bucket, row: Due, report: ReportRow, query: Query): Promise<void> => {
  const { organizationId } = ctx
  const lines = await linesOf(bucket, query, report.progress?.parts ?? [])
  const size = lines.reduce((sum, line) => sum + sizeOf(line), 0)
  const key = newKey(organizationId, report.id, 'report')
  await writeLines(bucket, key, lines, size, CSV)
  const { accountId, customerId } = report
  const { id: fileId, ...file } = draftFile(ctx, { key, name: nameFile(report), contentType: CSV, size, accountId, customerId })
  const { statements, ...rest } = combineDrafts(
    { ...file, answer: {} },
    draftChange(ctx, report, { status: 'COMPLETED', fileId, progress: null }),
  )
  try {
    await commit(ctx, { ...rest, statements: [...statements, ...settleDue(ctx, row)] })
  } catch (error) {
    /** The commit may have been made, and only its answer have been lost. */
    const found = await findReport(ctx, report.id)
    if (found?.fileId !== fileId) {
      if (error === STALE) await bucket.delete(key)
      throw error
    }
  }
  await clearFolder(bucket, folderOf(organizationId, report.id), key)
}
