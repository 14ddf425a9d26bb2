import type { Handler } from 'hono'
import { conflicts } from './conflicts.ts'
import { readSecrets } from './db/context.ts'
import type { AppEnv } from './http/env.ts'
import { countDownload, countRefused } from './http/limits.ts'
import { loadLater } from './lib/load.ts'

const files = loadLater(() => import('./reports/files/service.ts'))

/** Sends a file to whoever has a link to it. No token is asked for: the link is signed, and its use is limited. */
export const download: Handler<AppEnv> = async (c) => {
  c.set('operationId', 'download')
  const { FILES, ASSETS, REFUSED_LIMIT } = c.env
  const reading = {
    session: c.get('database').primary(),
    ledgers: c.get('ledgers'),
    files: FILES,
    assets: ASSETS,
    now: c.get('now'),
    secrets: readSecrets(c.env),
    conflicts,
  }
  const id = c.req.param('file') ?? ''
  const [until, signature] = [c.req.query('until'), c.req.query('signature')]
  const count = () => countDownload(REFUSED_LIMIT, id)
  const response = await files.sendFile(reading, { id, until, signature, isHead: c.req.method === 'HEAD', count })
  if (response.status === 403) await countRefused(REFUSED_LIMIT, c.req.header('CF-Connecting-IP') ?? '')
  return response
}
