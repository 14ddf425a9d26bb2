import type { Handler } from 'hono'
import { ApiError } from '../lib/errors.ts'
import { verifyLink } from '../lib/links.ts'
import type { AppEnv } from './env.ts'

/** A file that a link leads to. */
export interface Download {
  name: string
  contentType: string
  read: () => Promise<Uint8Array>
}

/** Answers a link that is signed, without a token. `find` is given by the app. */
export const download =
  (
    find: (c: Parameters<Handler<AppEnv>>[0], fileId: string, secrets: readonly string[]) => Promise<Download | undefined>,
  ): Handler<AppEnv> =>
  async (c) => {
    c.set('operationId', 'download')
    const fileId = c.req.param('file_id') ?? ''
    const { SIGNING_SECRET, SIGNING_SECRET_PREVIOUS } = c.env
    const secrets = [SIGNING_SECRET, ...(SIGNING_SECRET_PREVIOUS ? [SIGNING_SECRET_PREVIOUS] : [])]
    const link = { until: c.req.query('until'), signature: c.req.query('signature') }
    const held = await verifyLink(secrets, fileId, link, c.get('now'))
    const file = held === 'VALID' ? await find(c, fileId, secrets) : undefined
    if (!file) throw new ApiError('NOT_FOUND', 'This link leads to no file, or no longer.')
    return c.body(Uint8Array.from(await file.read()), 200, {
      'Content-Type': file.contentType,
      'Content-Disposition': `inline; filename="${file.name}"`,
      'Cache-Control': 'private, no-store',
      'X-Content-Type-Options': 'nosniff',
    })
  }
