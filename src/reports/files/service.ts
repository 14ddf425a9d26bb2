import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError, notFound } from '../../lib/errors.ts'
import { USUAL_EXPIRY, signLink } from '../../lib/links.ts'
import { findFile } from './kinds.ts'
import type { FileDownloadUrlResponse, FileLocation } from './schema.ts'

export { clearFolder } from './bucket.ts'
export { sendFile } from './download.ts'
export { deleteFile } from './expire.ts'

/** Makes a link to a file that the caller may read. Throws NOT_FOUND or FORBIDDEN. */
const linkTo = async (ctx: Ctx, id: string, seconds: number): Promise<string> => {
  const file = await findFile(ctx, id, ctx.organizationId)
  if (file ? !file.isReadableBy(ctx) : ctx.portal) throw new ApiError('FORBIDDEN', 'This portal token does not read this file.')
  if (!file) throw notFound('file', id)
  return signLink(ctx.origin ?? '', ctx.secrets[0] ?? '', id, Math.floor(ctx.wallClock / 1000) + seconds)
}

/** Leads to a file. */
export const getFile = async (ctx: Ctx, id: string): Promise<Reply<FileLocation> & { status: 302 }> => ({
  status: 302,
  answer: { location: await linkTo(ctx, id, USUAL_EXPIRY) },
})

export const getDownloadUrl = async (ctx: Ctx, id: string, expiry = USUAL_EXPIRY): Promise<Reply<FileDownloadUrlResponse>> => ({
  answer: { downloadUrl: await linkTo(ctx, id, expiry) },
})
