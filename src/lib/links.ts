import { isMacOf, macOf } from './sign.ts'

const PURPOSE = 'download'

/** How long a link leads to its file if nobody says otherwise, in seconds, and the longest time (metering.md, 11). */
export const USUAL_EXPIRY = 900
export const LONGEST_EXPIRY = 604_800

const textOf = (fileId: string, until: number): string => `${fileId} ${until}`

/** Makes the link under which a file can be had without a token until an instant, in seconds since 1970. */
export const signLink = async (origin: string, secret: string, fileId: string, until: number): Promise<string> =>
  `${origin}/downloads/${fileId}?until=${until}&signature=${await macOf(secret, PURPOSE, textOf(fileId, until))}`

/** Holds a link against the secrets, and its end against `now` (milliseconds). */
export const verifyLink = async (
  secrets: readonly string[],
  fileId: string,
  { until, signature }: { until: string | undefined; signature: string | undefined },
  now: number,
): Promise<'VALID' | 'ENDED' | 'WRONG'> => {
  if (!/^\d{1,12}$/.test(until ?? '') || !(await isMacOf(secrets, PURPOSE, textOf(fileId, Number(until)), signature ?? ''))) return 'WRONG'
  return Number(until) * 1000 > now ? 'VALID' : 'ENDED'
}
