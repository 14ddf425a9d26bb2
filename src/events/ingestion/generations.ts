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

/**
 * The statement that puts back what was kept of generations and the database lacks: rows, and the ends of rows.
 *
 *     insert into ledger_generations select … from json_each(?) on conflict do update set ended_at = excluded.ended_at, … where …
 */
const putBack = (kept: string) =>
  selectRows(sql`
    insert into ledger_generations
    select value ->> 'organization_id', value ->> 'kind', value ->> 'generation', value ->> 'ledgers', value ->> 'started_at',
      value ->> 'ended_at', value ->> 'first_hour', value ->> 'last_hour'
    from json_each(${kept}) where true
    on conflict (organization_id, kind, generation) do update
    set ended_at = excluded.ended_at, first_hour = excluded.first_hour, last_hour = excluded.last_hour
    where ledger_generations.ended_at is null and excluded.ended_at is not null`)

const readKept = (ctx: Ctx): Promise<string | undefined> =>
  askEvents(ctx, ledgerName(ctx.organizationId, 'event', 1, 0), (ledger) => ledger.readGenerations())

/** Begins the first generation of an organization's ledgers: or puts back the ones that the first ledger knows, where the database lost them. */
export const startFirstGeneration = async (ctx: Ctx): Promise<void> => {
  const kept = await readKept(ctx)
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
  await commitStatements(ctx, [putBack(kept ?? JSON.stringify(first))])
  if (kept === undefined) await keepGenerations(ctx, await readGenerations(ctx))
}

/** Puts back into the database the generations that only the first ledger knows, and keeps there those that only the database knows. */
export const matchGenerations = async (ctx: Ctx): Promise<void> => {
  const kept = await readKept(ctx)
  if (kept !== undefined) await commitStatements(ctx, [putBack(kept)])
  await keepGenerations(ctx, await readGenerations(ctx))
}

/** Has the ledgers told, by what is due now, of the version and of the generations of an organization. */
const tellLater = ({ now }: Ctx) => ['ORGANIZATION_CHANGED', 'GENERATIONS_CHANGED'].map((kind) => ({ kind, subject: '', dueAt: now }))

/** Begins a new generation of event ledgers in the database: it takes what comes from now on. The ledgers are told by what is due. */
export const commitGeneration = async (ctx: Ctx, current: Pick<Generation, 'generation'>, ledgers: number): Promise<void> => {
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
    tellLater(ctx),
  )
}

/** Begins a new generation of event ledgers, of as many as the last one. */
export const startGeneration = async (ctx: Ctx, current: Generation): Promise<void> => {
  await commitGeneration(ctx, current, current.ledgers)
  await keepGenerations(ctx, await readGenerations(ctx))
}

/** Raises the version of an organization above one that its ledgers may have seen: its database was set back. The ledgers are told by what is due. */
export const raiseVersion = async (ctx: Ctx, version: number): Promise<void> => {
  await commitStatements(
    ctx,
    [
      builder
        .update(organizations)
        .set({ version: sql`max(${organizations.version}, ${version} + 1)` })
        .where(sql`${organizations.id} = ${ctx.organizationId}`),
    ],
    tellLater(ctx),
  )
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
