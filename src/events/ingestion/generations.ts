import { sql } from 'drizzle-orm'
import { organizations } from '../../access/organizations/table.ts'
import { commit } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, selectRows } from '../../db/statements.ts'
import { type Generation, askEvents, ledgerName } from '../../ledger/client.ts'
import type { OrganizationMemory } from './memory.ts'

/** The number of ledgers of each kind in the first generation. */
const LEDGERS = 4

/** The size of a ledger in bytes at which a new generation starts. */
export const LARGEST_LEDGER = 6_000_000_000

const commitStatements = (
  ctx: Ctx,
  statements: Parameters<typeof commit>[1]['statements'],
  due: Parameters<typeof commit>[1]['due'] = [],
) => {
  const { write: _write, ...own } = ctx
  return commit({ ...own, conditions: { match: undefined, noneMatch: undefined } }, { statements, changes: [], answer: {}, due })
}

/** Stores the generations in the first ledger too, in case the database is restored to a time before them. */
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

/** Starts the first generation of an organization's ledgers, or restores the generations that only the first ledger has. */
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

/** Restores generations that only the first ledger has, and stores in it those that only the database has. */
export const matchGenerations = async (ctx: Ctx): Promise<void> => {
  const kept = await readKept(ctx)
  if (kept !== undefined) await commitStatements(ctx, [putBack(kept)])
  await keepGenerations(ctx, await readGenerations(ctx))
}

/** The due work that tells the ledgers the version and the generations of an organization. */
const tellLater = ({ now }: Ctx) => ['ORGANIZATION_CHANGED', 'GENERATIONS_CHANGED'].map((kind) => ({ kind, subject: '', dueAt: now }))

/**
 * How long after its end (milliseconds) a generation of event ledgers may still take an event, from a correction whose request has died: its
 * first and last hour are read then, and until then every read asks it.
 */
export const SETTLED_AFTER = 2 * 86_400_000

/** An account must have one ledger only, so a generation of account ledgers starts when every Worker knows it: later than any remembers an organization. */
const ACCOUNTS_START_AFTER = 120_000

/**
 * Starts a new generation of ledgers in the database. One of event ledgers stores new events from now on, one of account ledgers has the
 * accounts that are created in two minutes or later. Due work tells the ledgers.
 */
export const commitGeneration = async (
  ctx: Ctx,
  current: Pick<Generation, 'generation'>,
  ledgers: number,
  kind: 'EVENT' | 'ACCOUNT' = 'EVENT',
): Promise<void> => {
  const { organizationId } = ctx
  const now = kind === 'EVENT' ? ctx.now : ctx.now + ACCOUNTS_START_AFTER
  const its = sql`organization_id = ${organizationId} and kind = ${kind} and generation = ${current.generation}`
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
    [
      ...tellLater(ctx),
      ...(kind === 'EVENT' ? [{ kind: 'ORGANIZATION_CHANGED', subject: `${current.generation}`, dueAt: now + SETTLED_AFTER }] : []),
    ],
  )
}

/** Starts a new generation with the same number of event ledgers. */
export const startGeneration = async (ctx: Ctx, current: Generation): Promise<void> => {
  await commitGeneration(ctx, current, current.ledgers)
  await keepGenerations(ctx, await readGenerations(ctx))
}

/** Raises the version of an organization above `version`, which its ledgers may have seen before the database was restored. Due work tells the ledgers. */
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

/** The generation that stores new events. */
export const currentOf = ({ events }: OrganizationMemory): Generation => events.at(-1) as Generation

/** What the audit log calls that a ledger was restored. */
export const RESTORED_LEDGER = 'ledgerRestored'

/** Reads the subject of due work that restores a ledger: the instant in milliseconds, the run, and the name of the ledger. */
export const readRestored = (subject: string): { time: number; run: string; name: string } => {
  const [time = '', run = '', ...name] = subject.split(' ')
  return { time: Number(time), run, name: name.join(' ') }
}

/** Has due work restore all ledgers of an organization, those of its generations in the database, to how they were at an instant (milliseconds). */
export const commitRestore = (
  ctx: Ctx,
  generations: readonly (Pick<Generation, 'generation' | 'ledgers'> & { kind: string })[],
  time: number,
) => {
  const names = generations.flatMap(({ kind, generation, ledgers }) =>
    Array.from({ length: ledgers }, (_, index) =>
      ledgerName(ctx.organizationId, kind === 'EVENT' ? 'event' : 'account', generation, index),
    ),
  )
  const due = names.map((name) => ({ kind: 'LEDGER_RESTORED', subject: `${time} ${ctx.requestId} ${name}`, dueAt: ctx.now }))
  return commitStatements(ctx, [], due)
}
