import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import scalar from '@scalar/fastify-api-reference'
import { fail, root } from './wrangler.ts'

interface Reply {
  header: () => Reply
  send: (body: unknown) => unknown
}

interface Route {
  url: string
  handler: (request: object, reply: Reply) => unknown
}

/** Gets the script of the API reference from Scalar's Fastify plugin, which depends on only 14 packages. Scalar's main package has 271. */
const routes: Route[] = []
const fastify = { initialConfig: {}, hasPlugin: () => false, route: (route: Route) => routes.push(route) }
scalar(fastify, { configuration: { url: '/openapi.json' } }, () => {})
const reply: Reply = { header: () => reply, send: (body) => body }
const script = routes.find(({ url }) => url.endsWith('.js'))?.handler({}, reply)
if (typeof script !== 'string' || !script.includes('createApiReference'))
  fail('@scalar/fastify-api-reference has no script of the reference. See its release notes, and mend scripts/docs.ts.')

const about = join(root, 'node_modules/@scalar/fastify-api-reference')
const { version } = JSON.parse(readFileSync(join(about, 'package.json'), 'utf8')) as { version: string }
writeFileSync(
  join(root, 'public/docs/scalar.js'),
  `/*! Scalar API Reference ${version}\n\n${readFileSync(join(about, 'LICENSE'), 'utf8')}*/\n${script}`,
)
