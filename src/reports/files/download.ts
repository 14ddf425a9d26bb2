import { verifyLink } from '../../lib/links.ts'
import { type FileReading, findFile } from './kinds.ts'

/** A request for a file by a link. */
export interface AskedFile {
  id: string
  until: string | undefined
  signature: string | undefined
  /** Whether only the headers are asked for. */
  isHead: boolean
  /** Counts that the link is used. Throws TOO_MANY_REQUESTS. */
  count: () => Promise<void>
}

const refusal = (status: number, message: string): Response => Response.json({ message }, { status })

const IN_ASCII = /[^\x20-\x21\x23-\x5B\x5D-\x7E]/g

/** RFC 8187: what an extended value does not encode. */
const encodeName = (name: string): string =>
  encodeURIComponent(name).replaceAll(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** The header that lets a browser keep a file under its name (RFC 6266), or show it if it is a PDF. */
export const dispositionOf = (name: string, contentType: string): string =>
  `${contentType === 'application/pdf' ? 'inline' : 'attachment'}; filename="${name.replaceAll(IN_ASCII, '_')}"; filename*=UTF-8''${encodeName(name)}`

/** Sends a file to whoever has a link to it, which needs no token. */
export const sendFile = async (reading: FileReading, { id, until, signature, isHead, count }: AskedFile): Promise<Response> => {
  const link = await verifyLink(reading.secrets, id, { until, signature }, reading.now)
  if (link === 'WRONG') return refusal(403, 'This link is not one that was given. Ask for another: GET /files/{file_id}/download_url.')
  if (link === 'ENDED') return refusal(410, 'This link has ended. Ask for another: GET /files/{file_id}/download_url.')
  await count()
  const file = await findFile(reading, id)
  if (!file) return refusal(404, 'There is no such file.')
  const content = await file.read()
  if (!content) return refusal(410, 'This file is not kept any more.')
  if (isHead && content.body instanceof ReadableStream) await content.body.cancel()
  return new Response(isHead ? null : content.body, {
    headers: {
      'Content-Type': file.contentType,
      'Content-Length': String(content.size),
      'Content-Disposition': dispositionOf(file.name, file.contentType),
      'Content-Security-Policy': "default-src 'none'; sandbox",
    },
  })
}
