import { ApiError } from '../../lib/errors.ts'

export const NO_BUCKET = 'Files need a bucket, and this Worker has none: bind one as FILES under r2_buckets in wrangler.toml.'

/** The bucket for files. Throws UNAVAILABLE if there is none. */
export const requireBucket = (files: R2Bucket | undefined): R2Bucket => {
  if (!files) throw new ApiError('UNAVAILABLE', NO_BUCKET)
  return files
}
