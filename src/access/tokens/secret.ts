import { sha256 } from '../../lib/hash.ts'
import { base62, randomBase62 } from '../../lib/ids.ts'

const PREFIX = 'togai_'
const BLOCKS = 5
const SIZE_OF_CHECKSUM = 6

const POLYNOMIAL = 0xedb88320

/** CRC-32 as zip and GitHub's tokens have it. */
const crc32 = (text: string): number => {
  let crc = ~0
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0)
  }
  return ~crc >>> 0
}

const checksumOf = (body: string): string => base62(crc32(body), SIZE_OF_CHECKSUM)

/** Creates a secret: `togai_`, 40 random characters (235 bits), and their CRC-32 in 6 digits of base 62, so that scanners recognize leaked secrets. */
export const newSecret = (): string => {
  const body = randomBase62(BLOCKS)
  return PREFIX + body + checksumOf(body)
}

const FORM = new RegExp(`^${PREFIX}([0-9A-Za-z]{${8 * BLOCKS}})([0-9A-Za-z]{${SIZE_OF_CHECKSUM}})$`)

/** Whether a text looks like a secret but has a wrong checksum. Then no token has it, and the database need not be asked. */
export const isMistyped = (secret: string): boolean => {
  const [, body = '', checksum] = FORM.exec(secret) ?? []
  return checksum !== undefined && checksum !== checksumOf(body)
}

/** The SHA-256 of a secret in lower-case hexadecimal. The database stores only this. */
export const hashToken = (secret: string): Promise<string> => sha256(secret)

/** The length of a mark. */
export const MARK = 16

/** The part of a secret's hash by which a JWT refers to the secret. */
export const markOf = (hash: string): string => hash.slice(0, MARK)
