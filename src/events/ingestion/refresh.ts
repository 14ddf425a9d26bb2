import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { accountKey, askEvents, isUnknown, ledgersOf } from '../../ledger/client.ts'
import { forgetAccounts } from './accounts.ts'
import { matchGenerations, raiseVersion } from './generations.ts'
import { type OrganizationMemory, forgetOrganization, recallOrganization } from './memory.ts'

/** After how many refusals it is asked whether the database was restored to a time before the versions that ledgers were told. */
const PATIENT_ATTEMPTS = 2

/** Has ledgers forget versions of accounts that the database does not have any more. The primary, which is asked, knows every version that was told. */
const forgetRestored = async (ctx: Ctx, memory: OrganizationMemory, told: Readonly<Record<string, number>>): Promise<void> => {
  const ids = Object.keys(told).flatMap((key) => (isUnknown(key) ? [] : [key.slice(1)]))
  const rows = await ctx.session.rows<{ id: string; version: number }>(
    selectRows(sql`
      select its.id, its.version from json_each(${JSON.stringify(ids)}) as sent
      cross join accounts as its on its.organization_id = ${ctx.organizationId} and its.id = sent.value`),
  )
  const gone = rows.flatMap(({ id, version }) => {
    const its = told[accountKey(id)] ?? 0
    return version < its ? [[accountKey(id), its] as const] : []
  })
  if (!gone.length) return
  const names = memory.events.flatMap((generation) => ledgersOf(ctx, generation))
  await Promise.all(names.map((name) => askEvents(ctx, name, (ledger) => ledger.forgetTold(Object.fromEntries(gone)))))
}

/** Reads again what has changed since events were processed, the n-th time. If the database was restored to an earlier time, it and its ledgers are made to agree. */
export const refresh = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  { version, accounts = {} }: { version?: number; accounts?: Record<string, number> },
  attempt: number,
): Promise<OrganizationMemory> => {
  forgetAccounts(
    ctx,
    Object.keys(accounts).map((key) => key.slice(1)),
  )
  if (attempt > PATIENT_ATTEMPTS) await forgetRestored(ctx, memory, accounts)
  if (version === undefined) return memory
  forgetOrganization(ctx.organizationId)
  const read = await recallOrganization(ctx)
  if (read.version >= version) return read
  await matchGenerations(ctx)
  await raiseVersion(ctx, version)
  forgetOrganization(ctx.organizationId)
  return recallOrganization(ctx)
}
