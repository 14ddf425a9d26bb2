import * as z from 'zod/mini'

const encoder = new TextEncoder()
/** Keys, not promises of them, since a promise that was made for one request must not be awaited by another. */
const keys = new Map<string, CryptoKey>()

const keyOf = async (secret: string): Promise<CryptoKey> => {
  const known = keys.get(secret)
  if (known) return known
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
  keys.set(secret, key)
  return key
}

const toBase64 = (bytes: Uint8Array): string => bytes.toBase64({ alphabet: 'base64url', omitPadding: true })

const fromBase64 = (text: string): Uint8Array => Uint8Array.fromBase64(text, { alphabet: 'base64url' })

/** The HMAC-SHA-256 of a text for a purpose, in base64url. Without the secret, nobody can verify a guess of the text. */
export const macOf = async (secret: string, purpose: string, text: string): Promise<string> =>
  toBase64(new Uint8Array(await crypto.subtle.sign('HMAC', await keyOf(secret), encoder.encode(`${purpose}\n${text}`))))

/** Whether a MAC is the one of `macOf` with one of the secrets. It takes as long for a wrong one as for another. */
export const isMacOf = async (secrets: readonly string[], purpose: string, text: string, mac: string): Promise<boolean> => {
  try {
    const [signature, signed] = [fromBase64(mac), encoder.encode(`${purpose}\n${text}`)]
    for (const secret of secrets) if (await crypto.subtle.verify('HMAC', await keyOf(secret), signature, signed)) return true
  } catch {
    return false
  }
  return false
}

/** Signs a payload as `<base64url of its JSON>.<base64url of its HMAC-SHA-256>`. A different `purpose` makes the signature invalid. */
export const seal = async (secret: string, purpose: string, payload: unknown): Promise<string> => {
  const text = toBase64(encoder.encode(JSON.stringify(payload)))
  return `${text}.${await macOf(secret, purpose, text)}`
}

/** Returns the payload of `seal`. Undefined if none of the secrets signed it for this purpose. */
export const unseal = async <Schema extends z.ZodMiniType>(
  secrets: readonly string[],
  purpose: string,
  sealed: string,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> => {
  const [text = '', mac = ''] = sealed.split('.')
  try {
    const [signature, signed] = [fromBase64(mac), encoder.encode(`${purpose}\n${text}`)]
    for (const secret of secrets)
      if (await crypto.subtle.verify('HMAC', await keyOf(secret), signature, signed))
        return schema.parse(JSON.parse(new TextDecoder().decode(fromBase64(text))))
  } catch {
    return undefined
  }
  return undefined
}

const SIZE_OF_IV = 12

const cipherOf = async (secret: string, purpose: string): Promise<CryptoKey> => {
  const key = await crypto.subtle.sign('HMAC', await keyOf(secret), encoder.encode(`encrypt ${purpose}`))
  return crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** Encrypts a text with AES-256-GCM. Returns the initialization vector and the ciphertext in base64url. */
export const encrypt = async (secret: string, purpose: string, text: string): Promise<string> => {
  const iv = crypto.getRandomValues(new Uint8Array(SIZE_OF_IV))
  const encrypted = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await cipherOf(secret, purpose), encoder.encode(text))
  return toBase64(iv) + toBase64(new Uint8Array(encrypted))
}

/** Returns the text of `encrypt`. Undefined if none of the secrets encrypted it for this purpose. */
export const decrypt = async (secrets: readonly string[], purpose: string, encrypted: string): Promise<string | undefined> => {
  const bytes = fromBase64(encrypted)
  const [iv, data] = [bytes.slice(0, SIZE_OF_IV), bytes.slice(SIZE_OF_IV)]
  for (const secret of secrets)
    try {
      return new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, await cipherOf(secret, purpose), data))
    } catch {
      continue
    }
  return undefined
}
