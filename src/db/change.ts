import { CHANGED, EXISTS, includesTag } from '../lib/etag.ts'
import { type Draft, type Reply, commit } from './commit.ts'
import { STALE } from './conflicts.ts'
import type { Ctx } from './context.ts'

const MOST_ATTEMPTS = 20

/** Repeats reading and committing as long as another write comes between them. */
export const retryWhenStale = async <Result>(readAndCommit: () => Promise<Result>): Promise<Result> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readAndCommit()
    } catch (error) {
      if (error !== STALE || attempt === MOST_ATTEMPTS) throw error
      await scheduler.wait(Math.random() * 5 * attempt)
    }
  }
}

/** Checks If-Match and If-None-Match against the resource that was read (RFC 9110, 13.1). `tag` begins with its version. */
const holdPrecondition = ({ conditions: { match, noneMatch } }: Ctx, tag: string): void => {
  if (match && !includesTag(match, tag)) throw CHANGED
  if (noneMatch && includesTag(noneMatch, tag)) throw EXISTS
}

/** What a change answers that changes nothing. */
interface Unchanged<Answer> {
  unchanged: Answer
  tag?: string
}

/** A change of an existing resource. */
interface VersionedChange<Found, Answer extends object> {
  /** Reads the resource. Throws NOT_FOUND. */
  read: () => Promise<Found>
  tagOf: (found: Found) => string
  /** Drafts the write, or returns only the answer if nothing changes, with its tag if that is longer. */
  change: (found: Found) => Draft<Answer> | Unchanged<Answer> | Promise<Draft<Answer> | Unchanged<Answer>>
}

/** Changes an existing resource in the version of If-Match, or otherwise in its newest version. If another write comes first, it reads again. */
export const changeVersioned = <Found, Answer extends object>(
  ctx: Ctx,
  { read, tagOf, change }: VersionedChange<Found, Answer>,
): Promise<Reply<Answer>> =>
  retryWhenStale(async () => {
    const found = await read()
    const tag = tagOf(found)
    holdPrecondition(ctx, tag)
    const made = await change(found)
    return 'unchanged' in made ? { answer: made.unchanged, tag: made.tag ?? tag } : commit(ctx, made, true)
  })
