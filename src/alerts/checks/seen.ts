import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { type KindedGeneration, askAll, askEvents, ledgersOf, selectGenerations } from '../../ledger/client.ts'
import type { Template } from '../alert_templates/templates.ts'
import type { Seen } from '../alerts/table.ts'

/** The names of all ledgers of events. */
export const allEventLedgers = (ctx: Ctx, generations: readonly KindedGeneration[]): string[] =>
  generations.filter(({ kind }) => kind === 'EVENT').flatMap((generation) => ledgersOf(ctx, generation))

/** The query for the number of the last invoice of the organization, as `last`. */
export const selectLastNumber = ({ organizationId }: Pick<Ctx, 'organizationId'>) =>
  selectRows(sql`select coalesce((select last from invoice_counters where organization_id = ${organizationId}), 0) as last`)

/** Reads up to where an alert has nothing to look at, since it begins now: its checks look at what comes behind that. Null where it goes by times. */
export const readSeen = async (ctx: Ctx, { observed }: Pick<Template, 'observed'>): Promise<Seen | null> => {
  if (observed === 'INVOICES_DUE') {
    const [row] = await ctx.session.rows<{ last: number }>(selectLastNumber(ctx))
    return { invoices: row?.last ?? 0 }
  }
  if (observed !== 'UNPROCESSED_EVENTS') return null
  const generations = await ctx.session.rows<KindedGeneration>(selectGenerations(ctx.organizationId))
  const names = allEventLedgers(ctx, generations)
  const last = await askAll(names, (name) => askEvents(ctx, name, (ledger) => ledger.lastUnprocessed()))
  return { events: Object.fromEntries(names.map((name, index) => [name, last[index] ?? 0])) }
}
