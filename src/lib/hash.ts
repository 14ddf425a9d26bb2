import { randomBase62 } from './ids.ts'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const encoder = new TextEncoder()

/** SHA-256 of a text in UTF-8, in lower-case hexadecimal. */
export const sha256 = async (text: string): Promise<string> => {
  let hex = ''
  for (const byte of new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)))) hex += HEX[byte]
  return hex
}

const sortNames = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortNames)
  if (typeof value !== 'object' || value === null) return value
  const sorted = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return sorted.map(([name, its]) => [name, sortNames(its)])
}

/** The fingerprint of a request, whatever the order of its names. It begins with its salt, since a request can be personal. */
export const fingerprintOf = async (request: unknown, salt: string = randomBase62(2)): Promise<string> =>
  `${salt}.${await sha256(JSON.stringify([salt, sortNames(request)]))}`

/** Whether a request has a fingerprint that was kept. */
export const hasFingerprint = async (request: unknown, kept: string | null): Promise<boolean> =>
  kept !== null && kept === (await fingerprintOf(request, kept.slice(0, kept.indexOf('.'))))
