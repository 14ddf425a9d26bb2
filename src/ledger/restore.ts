/** What restoring a ledger needs of it. */
export interface Restorable {
  storage: Pick<DurableObjectStorage, 'get' | 'put' | 'getBookmarkForTime' | 'onNextSessionRestoreBookmark'>
  abort: (reason: string) => void
}

/** A restore that happens when the ledger starts again: the session that ends with it, and the bookmark that undoes it. */
export interface Restoring {
  session: string
  undo: string
}

/** The name under which a ledger notes the last restore that was done. */
const RESTORED = 'restored'

/** How long a ledger waits before it stops, so that its answer arrives, in milliseconds. */
const STOPS_AFTER = 100

/**
 * Begins to restore a ledger to how it was at an instant (milliseconds, at most 30 days ago): it stops, and wakes with what it had then. DONE
 * if that has been noted for this `run` already. `session` is any name that no other start of the ledger has.
 */
export const beginRestore = async (
  { storage, abort }: Restorable,
  session: string,
  time: number,
  run: string,
): Promise<'DONE' | Restoring> => {
  if ((await storage.get<string>(RESTORED)) === run) return 'DONE'
  const undo = await storage.onNextSessionRestoreBookmark(await storage.getBookmarkForTime(time))
  void scheduler.wait(STOPS_AFTER).then(() => abort('The ledger is restored to an earlier time.'))
  return { session, undo }
}

/** Notes that a restore was done, so that it is not done again. Gives false as long as the ledger has not started again. */
export const noteRestored = async (
  { storage }: Pick<Restorable, 'storage'>,
  session: string,
  run: string,
  former: string,
): Promise<boolean> => {
  if (session === former) return false
  await storage.put(RESTORED, run)
  return true
}
