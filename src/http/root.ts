import type { Handler } from 'hono'
import type { AppEnv } from './env.ts'

/** What this API is called, and the version of package.json. */
export const about = { name: 'Togai API on Workers', version: '0.1.0' }

const links = { documentation: '/docs/', openapi: '/openapi.json', health: '/health' }

/** Leads a person to the reference, and tells a program where it is: whichever of HTML and JSON it names first. */
export const root: Handler<AppEnv> = (c) => {
  c.set('operationId', 'root')
  c.header('Vary', 'Accept', { append: true })
  const [wanted] = /text\/html|application\/json/.exec(c.req.header('Accept') ?? '') ?? []
  return wanted === 'text/html' ? c.redirect(links.documentation) : c.json({ ...about, links })
}
