import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { type Due, settleDue } from '../../db/due.ts'
import { askAccounts, askEvents } from '../../ledger/client.ts'
import { RESTORED_LEDGER, readRestored } from './generations.ts'
import { forgetOrganization } from './memory.ts'

/** How often a ledger is asked whether it has started again, and the time between, in milliseconds. */
const [MOST_ASKED, BETWEEN] = [50, 100]

/** The calls that restore a ledger, whatever its kind is. */
const callsOf = (ctx: Ctx, name: string) =>
  name.includes('/account/')
    ? {
        begin: (time: number, run: string) => askAccounts(ctx, name, (ledger) => ledger.beginRestore(time, run)),
        note: (run: string, former: string) => askAccounts(ctx, name, (ledger) => ledger.noteRestored(run, former)),
      }
    : {
        begin: (time: number, run: string) => askEvents(ctx, name, (ledger) => ledger.beginRestore(time, run)),
        note: (run: string, former: string) => askEvents(ctx, name, (ledger) => ledger.noteRestored(run, former)),
      }

/**
 * Restores one ledger to the instant that the row names, and keeps in the audit log the bookmark that undoes it. A run that dies before the
 * ledger has noted it restores it again, to the same instant.
 */
export const restoreLedger = async (ctx: Ctx, row: Due): Promise<void> => {
  const { time, run, name } = readRestored(row.subject)
  const { begin, note } = callsOf(ctx, name)
  const begun = await begin(time, run)
  if (begun !== 'DONE') {
    let isNoted = false
    for (let asked = 0; !isNoted && asked < MOST_ASKED; asked++) {
      await scheduler.wait(BETWEEN)
      isNoted = await note(run, begun.session).catch(() => false)
    }
    if (!isNoted) throw new Error('A ledger has not started again after it was restored')
  }
  forgetOrganization(ctx.organizationId)
  const undo = begun === 'DONE' ? null : begun.undo
  await commit(ctx, {
    statements: settleDue(ctx, row),
    changes: [
      {
        type: 'ORGANIZATION',
        id: ctx.organizationId,
        fields: { [RESTORED_LEDGER]: [null, { name, time: new Date(time).toISOString(), undo }] },
        status: null,
      },
    ],
    answer: {},
  })
}
