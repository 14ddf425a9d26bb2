import { randomBase62 } from '../../lib/ids.ts'

/** Where everything of a report is in the bucket. */
export const folderOf = (organizationId: string, reportId: string): string => `${organizationId}/reports/${reportId}/`

/** A key for an object of a report that no other run has: of two that do the same, the one whose commit wins says which objects count. */
export const newKey = (organizationId: string, reportId: string, name: string): string =>
  `${folderOf(organizationId, reportId)}${name}-${randomBase62(2)}`

/** Reads an object. Throws if it is not there. */
export const readPart = async (bucket: R2Bucket, key: string): Promise<string> => {
  const object = await bucket.get(key)
  if (!object) throw new Error('A part of a report is not in the bucket')
  return object.text()
}

/** How much is written at once, in characters. */
const CHUNK = 65_536

/** Encodes lines bit by bit, so that they are never one text in memory. */
export const encodeLines = (lines: Iterable<string>): Blob => {
  const encoder = new TextEncoder()
  const chunks: Uint8Array[] = []
  let text = ''
  for (const line of lines) {
    text += line
    if (text.length < CHUNK) continue
    chunks.push(encoder.encode(text))
    text = ''
  }
  return new Blob([...chunks, encoder.encode(text)] as Uint8Array<ArrayBuffer>[])
}

/** The lines in a text, of which each has an end. */
export function* linesIn(text: string): Iterable<string> {
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at)
    yield text.slice(at, end)
    at = end + 1
  }
}

/** Writes lines into an object, a part at a time. `size` is what they come to, in bytes. */
export const writeLines = async (
  bucket: R2Bucket,
  key: string,
  lines: Iterable<string>,
  size: number,
  contentType: string,
): Promise<void> => {
  const { readable, writable } = new FixedLengthStream(size)
  const writer = writable.getWriter()
  const encoder = new TextEncoder()
  const write = async (): Promise<void> => {
    let text = ''
    for (const line of lines) {
      text += line
      if (text.length < CHUNK) continue
      await writer.write(encoder.encode(text))
      text = ''
    }
    if (text) await writer.write(encoder.encode(text))
    await writer.close()
  }
  await Promise.all([bucket.put(key, readable, { httpMetadata: { contentType } }), write()])
}
