/** A password as it is stored. The salt and the hash are in base64. */
export interface PasswordHash {
  algorithm: 'PBKDF2-SHA-256'
  iterations: number
  salt: string
  hash: string
}

/** OWASP's count for PBKDF2-HMAC-SHA-256, and the most that Cloudflare's own Workers allow, which refuse a higher one. */
const ITERATIONS = [600_000, 100_000]

const derive = async (password: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<Uint8Array> => {
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, ['deriveBits'])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 256))
}

/** Hashes a password for storage with PBKDF2-HMAC-SHA-256. */
export const hashPassword = async (password: string): Promise<PasswordHash> => {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  for (const iterations of ITERATIONS) {
    try {
      const hash = await derive(password, salt, iterations)
      return { algorithm: 'PBKDF2-SHA-256', iterations, salt: salt.toBase64(), hash: hash.toBase64() }
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'NotSupportedError') throw error
    }
  }
  throw new Error('PBKDF2 is not available')
}
