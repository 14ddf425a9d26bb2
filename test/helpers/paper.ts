import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { extractText, getDocumentProxy } from 'unpdf'
import { app } from '../../src/app.ts'

/** Follows a link to a file, without a token. */
export const follow = async (link: string, headers: Record<string, string> = {}): Promise<Response> =>
  app.fetch(
    new Request(link, { headers }),
    { DB: env.DB, FILES: env.FILES, ASSETS: env.ASSETS, SIGNING_SECRET: env.SIGNING_SECRET },
    createExecutionContext(),
  )

/** The texts of the pages of a PDF, as a reader would copy them. */
export const readPages = async (bytes: Uint8Array): Promise<string[]> => {
  const { text } = await extractText(await getDocumentProxy(bytes.slice()), { mergePages: false })
  return text
}
