import { ApiError } from '../../lib/errors.ts'

/** Asks all ledgers at the same time. If one fails, the whole request fails. */
export const askAll = async <Result>(names: readonly string[], ask: (name: string) => Promise<Result>): Promise<Result[]> => {
  try {
    return await Promise.all(names.map(ask))
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw Object.assign(new ApiError('UNAVAILABLE', 'Not all of the events can be reached now. Send it again.', 1), { cause: error })
  }
}
