import type { Ctx } from '../../db/context.ts'
import { findInvoicePaper } from '../invoice_paper/service.ts'
import { isReadable } from '../reports/queries.ts'
import { requireBucket } from './bucket.ts'
import { readFileRow } from './queries.ts'

/** What a file is found and read with. */
export type FileReading = Pick<Ctx, 'session' | 'ledgers' | 'files' | 'assets' | 'now' | 'secrets' | 'conflicts'>

/** What is read of a file. */
export interface FileContent {
  body: ReadableStream | Uint8Array<ArrayBuffer>
  /** In bytes. */
  size: number
}

/** A file, whatever kind it is of. */
export interface FoundFile {
  organizationId: string
  /** Whether a caller of its organization may read it: with a portal token, what it is made of. */
  isReadableBy: (ctx: Ctx) => boolean
  name: string
  contentType: string
  /** Reads it. Undefined if it is not kept any more. */
  read: () => Promise<FileContent | undefined>
}

/** A kind of files: finds one by its id, of an organization, or of any for whoever has a link that was signed for it. */
export type FindFile = (reading: FileReading, id: string, organizationId?: string) => Promise<FoundFile | undefined>

/** Files that are in the bucket, such as those of reports. */
const findStoredFile: FindFile = async (reading, id, organizationId) => {
  const row = await readFileRow(reading, id, organizationId)
  return (
    row && {
      ...row,
      isReadableBy: (ctx) => isReadable(ctx, row),
      read: async () => {
        const bucket = requireBucket(reading.files)
        const object = row.deletedAt === null ? await bucket.get(row.key) : null
        return object ? { body: object.body, size: object.size } : undefined
      },
    }
  )
}

/** All kinds of files. Each is asked, one after the other, whether a file is one of its own. */
const KINDS: readonly FindFile[] = [findStoredFile, findInvoicePaper]

export const findFile: FindFile = async (reading, id, organizationId) => {
  for (const find of KINDS) {
    const found = await find(reading, id, organizationId)
    if (found) return found
  }
  return undefined
}
