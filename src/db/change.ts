import { CHANGED, EXISTS, includesTag } from '../lib/etag.ts'
import { type Draft, type Reply, commit } from './commit.ts'
import { STALE } from './conflicts.ts'
import type { Ctx } from './context.ts'

const MOST_ATTEMPTS = 20

/** Reads and writes again when what was read has changed before it was written, so that a change is always made to what is there. */
const retryWhenStale = async <Result>(readAndCommit: () => Promise<Result>): Promise<Result> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readAndCommit()
    } catch (error) {
      if (error !== STALE || attempt === MOST_ATTEMPTS) throw error
      await scheduler.wait(Math.random() * 5 * attempt)
    }
  }
}

/** Holds If-Match and If-None-Match against the resource as it was read (RFC 9110, 13.1); `tag` begins with its version. */
const holdPrecondition = ({ conditions: { match, noneMatch } }: Ctx, tag: string): void => {
  if (match && !includesTag(match, tag)) throw CHANGED
  if (noneMatch && includesTag(noneMatch, tag)) throw EXISTS
}

/** A change of what exists. */
interface VersionedChange<Found, Answer extends object> {
  /** Reads what is to be changed, or refuses with NOT_FOUND. */
  read: () => Promise<Found>
  tagOf: (found: Found) => string
  /** The write, or the answer alone where there is nothing to change. */
  change: (found: Found) => Draft<Answer> | { unchanged: Answer } | Promise<Draft<Answer> | { unchanged: Answer }>
}

/** Changes what exists, to the version that the request names or to the newest; it reads again when another write comes between. */
export const changeVersioned = <Found, Answer extends object>(
  ctx: Ctx,
  { read, tagOf, change }: VersionedChange<Found, Answer>,
): Promise<Reply<Answer>> =>
  retryWhenStale(async () => {
    const found = await read()
    const tag = tagOf(found)
    holdPrecondition(ctx, tag)
    const made = await change(found)
    return 'unchanged' in made ? { answer: made.unchanged, tag } : commit(ctx, made, true)
  })
