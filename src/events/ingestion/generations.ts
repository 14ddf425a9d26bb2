import { sql } from 'drizzle-orm'
import { organizations } from '../../access/organizations/table.ts'
import { commit } from '../../db/commit.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, selectRows } from '../../db/statements.ts'
import { HOUR, askEvents, ledgerName } from '../../ledger/client.ts'
import type { Generation, OrganizationMemory } from './memory.ts'

/** How many ledgers an organization has of each kind at first. */
const LEDGERS = 4

/** How many bytes a ledger holds before a new generation begins. */
export const LARGEST_LEDGER = 6_000_000_000

const commitStatements = (
  ctx: Ctx,
  statements: Parameters<typeof commit>[1]['statements'],
  due: Parameters<typeof commit>[1]['due'] = [],
) => {
  const { write: _write, ...own } = ctx
  return commit({ ...own, conditions: { match: undefined, noneMatch: undefined } }, { statements, changes: [], answer: {}, due })
}

/** Keeps the generations in the first ledger too, in case the database is set back to a time before they began. */
const keepGenerations = (ctx: Ctx, generations: readonly unknown[]): Promise<void> =>
  askEvents(ctx, ledgerName(ctx.organizationId, 'event', 1, 0), (ledger) => ledger.keepGenerations(JSON.stringify(generations)))

const readGenerations = async (ctx: Ctx): Promise<unknown[]> => {
  const [result] = await ctx.session.batch([
    selectRows(sql`select * from ledger_generations where organization_id = ${ctx.organizationId}`),
  ])
  return result?.results ?? []
}

/** Begins the first generation of an organization's ledgers: or puts back the ones that the first ledger knows, where the database lost them. */
export const startFirstGeneration = async (ctx: Ctx): Promise<void> => {
  const kept = await askEvents(ctx, ledgerName(ctx.organizationId, 'event', 1, 0), (ledger) => ledger.readGenerations())
  const first = ['EVENT', 'ACCOUNT'].map((kind) => ({
    organization_id: ctx.organizationId,
    kind,
    generation: 1,
    ledgers: LEDGERS,
    started_at: 0,
    ended_at: null,
    first_hour: null,
    last_hour: null,
  }))
  const insert = selectRows(sql`
    insert into ledger_generations
    select value ->> 'organization_id', value ->> 'kind', value ->> 'generation', value ->> 'ledgers', value ->> 'started_at',
      value ->> 'ended_at', value ->> 'first_hour', value ->> 'last_hour'
    from json_each(${kept ?? JSON.stringify(first)}) where true on conflict do nothing`)
  await commitStatements(ctx, [insert])
  if (kept === undefined) await keepGenerations(ctx, await readGenerations(ctx))
}

/** Begins a new generation of event ledgers, of as many as the last one or `ledgers`: it takes what comes from now on. */
export const startGeneration = async (ctx: Ctx, current: Generation, ledgers = current.ledgers): Promise<void> => {
  const { organizationId, now } = ctx
  const its = sql`organization_id = ${organizationId} and kind = 'EVENT' and generation = ${current.generation}`
  await commitStatements(
    ctx,
    [
      selectRows(sql`
        insert into ledger_generations
        select organization_id, kind, generation + 1, ${ledgers}, ${now}, null, null, null from ledger_generations where ${its} and ended_at is null`),
      selectRows(sql`update ledger_generations set ended_at = ${now} where ${its} and ended_at is null`),
      builder
        .update(organizations)
        .set({ version: sql`${organizations.version} + 1` })
        .where(sql`${organizations.id} = ${organizationId}`),
    ],
    [{ kind: 'ORGANIZATION_CHANGED', subject: '', dueAt: now }],
  )
  await keepGenerations(ctx, await readGenerations(ctx))
}

/** Raises the version of an organization above one that its ledgers have seen: its database was set back. */
export const raiseVersion = async (ctx: Ctx, version: number): Promise<void> => {
  await commitStatements(ctx, [
    builder
      .update(organizations)
      .set({ version: sql`max(${organizations.version}, ${version} + 1)` })
      .where(sql`${organizations.id} = ${ctx.organizationId}`),
  ])
}

/** The generation that takes what comes now. */
export const currentOf = ({ events }: OrganizationMemory): Generation => events.at(-1) as Generation

/** The names of all event ledgers of a generation. */
export const ledgersOf = (ctx: Pick<Ctx, 'organizationId'>, { generation, ledgers }: Generation): string[] =>
  Array.from({ length: ledgers }, (_, index) => ledgerName(ctx.organizationId, 'event', generation, index))

/** A generation, and whether it is one of event ledgers or of account ledgers. */
export type KindedGeneration = Generation & { kind: 'EVENT' | 'ACCOUNT' }

/** The query of all generations of an organization, as they are now. */
export const selectGenerations = (organizationId: string): Statement =>
  selectRows(sql`
    select kind, generation, ledgers, started_at as startedAt, ended_at as endedAt, first_hour as firstHour, last_hour as lastHour
    from ledger_generations where organization_id = ${organizationId} order by generation`)

/** The names of the event ledgers that may hold events from `from` until before `until` (milliseconds): a generation that has ended says between which hours its events are. */
export const eventLedgersIn = (
  ctx: Pick<Ctx, 'organizationId'>,
  generations: readonly KindedGeneration[],
  from: number,
  until: number,
): string[] =>
  generations
    .filter(({ kind }) => kind === 'EVENT')
    .filter(({ firstHour, lastHour }) => firstHour === null || lastHour === null || (firstHour < until && lastHour + HOUR > from))
    .flatMap((generation) => ledgersOf(ctx, generation))

/** The names of all account ledgers. */
export const accountLedgersOf = ({ organizationId }: Pick<Ctx, 'organizationId'>, generations: readonly KindedGeneration[]): string[] =>
  generations
    .filter(({ kind }) => kind === 'ACCOUNT')
    .flatMap(({ generation, ledgers }) =>
      Array.from({ length: ledgers }, (_, index) => ledgerName(organizationId, 'account', generation, index)),
    )
