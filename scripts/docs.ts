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

/** Scalar's plugin for Fastify carries the reference as one script, and 14 packages with it; the package of its own name, 271. It is asked for the script as Fastify would ask. */
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
