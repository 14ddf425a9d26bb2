import type { Handler } from 'hono'
import type { AppEnv } from './env.ts'

/** Answers an address within the console, such as /console/invoices, with the one page that it is: its script shows what the address names. */
export const showConsole: Handler<AppEnv> = async (c) => {
  c.set('operationId', 'console')
  const page = await c.env.ASSETS?.fetch(new URL('/console/', c.req.url))
  return page?.ok ? new Response(page.body, page) : c.notFound()
}
