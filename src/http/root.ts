import type { Handler } from 'hono'
import type { AppEnv } from './env.ts'

/** The name of this API, and the version of package.json. */
export const about = { name: 'Togai API on Workers', version: '0.2.0' }

const links = { documentation: '/docs/', openapi: '/openapi.json', health: '/health' }

/** Redirects a browser to the API reference, and gives a program the links as JSON. The first of HTML and JSON in Accept decides. */
export const root: Handler<AppEnv> = (c) => {
  c.set('operationId', 'root')
  c.header('Vary', 'Accept', { append: true })
  const [wanted] = /text\/html|application\/json/.exec(c.req.header('Accept') ?? '') ?? []
  return wanted === 'text/html' ? c.redirect(links.documentation) : c.json({ ...about, links })
}
