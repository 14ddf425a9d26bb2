import * as z from 'zod/mini'
import { described, identifier, named } from '../../lib/fields.ts'
import { LONGEST_EXPIRY, USUAL_EXPIRY } from '../../lib/links.ts'

export const FilePath = z.strictObject({ file_id: identifier() })

/** Where a file is. It is in the header Location of the answer, which has no body. */
export const FileLocation = z.strictObject({ location: z.string() })
export type FileLocation = z.infer<typeof FileLocation>

export const GetDownloadUrlQuery = z.strictObject({
  expiry: z.optional(
    z.pipe(
      z.string().register(z.globalRegistry, {
        type: 'integer',
        minimum: 1,
        maximum: LONGEST_EXPIRY,
        default: USUAL_EXPIRY,
        description: `For how many seconds the link leads to the file: 1 to ${LONGEST_EXPIRY}, which is a week, by default ${USUAL_EXPIRY}.`,
      }),
      z.transform((value: string, { issues }) => {
        const seconds = /^\d{1,7}$/.test(value) ? Number(value) : 0
        if (seconds < 1 || seconds > LONGEST_EXPIRY)
          issues.push({ code: 'custom', input: value, message: `must be a whole number of seconds from 1 to ${LONGEST_EXPIRY}` })
        return seconds
      }),
    ),
  ),
})
export type GetDownloadUrlQuery = z.infer<typeof GetDownloadUrlQuery>

export const FileDownloadUrlResponse = named(
  'FileDownloadUrlResponse',
  z.strictObject({ downloadUrl: described('A link that needs no token.', z.string()) }),
)
export type FileDownloadUrlResponse = z.infer<typeof FileDownloadUrlResponse>
