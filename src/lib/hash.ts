const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const encoder = new TextEncoder()

/** SHA-256 of a text in UTF-8, in lower-case hexadecimal. */
export const sha256 = async (text: string): Promise<string> => {
  let hex = ''
  for (const byte of new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)))) hex += HEX[byte]
  return hex
}
