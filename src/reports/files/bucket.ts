import { ApiError } from '../../lib/errors.ts'

export const NO_BUCKET = 'Files need a bucket, and this Worker has none: bind one as FILES under r2_buckets in wrangler.toml.'

/** The bucket for files. Throws UNAVAILABLE if there is none. */
export const requireBucket = (files: R2Bucket | undefined): R2Bucket => {
  if (!files) throw new ApiError('UNAVAILABLE', NO_BUCKET)
  return files
}

/** Deletes what is in a folder of the bucket, except one object. */
export const clearFolder = async (bucket: R2Bucket, folder: string, except?: string): Promise<void> => {
  for (let cursor: string | undefined, isMore = true; isMore;) {
    const listed = await bucket.list({ prefix: folder, ...(cursor !== undefined && { cursor }) })
    const keys = listed.objects.map(({ key }) => key).filter((key) => key !== except)
    if (keys.length) await bucket.delete(keys)
    isMore = listed.truncated
    cursor = listed.truncated ? listed.cursor : undefined
  }
}
