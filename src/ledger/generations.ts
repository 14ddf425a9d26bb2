import { sql } from 'drizzle-orm'
import type { Statement } from '../db/client.ts'
import type { Ctx } from '../db/context.ts'
import { selectRows } from '../db/statements.ts'
import { ApiError } from '../lib/errors.ts'
import { HOUR } from './entry.ts'
import { slotOf } from './slot.ts'

/** A generation of ledgers. It stores what arrives from its start until its end (milliseconds). */
export interface Generation {
  generation: number
  ledgers: number
  startedAt: number
  endedAt: number | null
  firstHour: number | null
  lastHour: number | null
}

/** A generation of event ledgers or of account ledgers. */
export type KindedGeneration = Generation & { kind: 'EVENT' | 'ACCOUNT' }

/** The name of a ledger, by its organization, its generation and its index. */
export const ledgerName = (organizationId: string, kind: 'event' | 'account', generation: number, index: number): string =>
  `${organizationId}/${kind}/${generation}/${index}`

/** The query for the generations of an organization. */
export const selectGenerations = (organizationId: string): Statement =>
  selectRows(sql`
    select kind, generation, ledgers, started_at as startedAt, ended_at as endedAt, first_hour as firstHour, last_hour as lastHour
    from ledger_generations where organization_id = ${organizationId} order by generation`)

/** The names of all event ledgers of a generation. */
export const ledgersOf = ({ organizationId }: Pick<Ctx, 'organizationId'>, { generation, ledgers }: Generation): string[] =>
  Array.from({ length: ledgers }, (_, index) => ledgerName(organizationId, 'event', generation, index))

/** The names of the event ledgers that can have events from `from` until just before `until` (milliseconds). */
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

/** The name of the ledger of an account, in the generation of account ledgers in which the account was created (milliseconds). */
export const ledgerOfAccount = (
  organizationId: string,
  generations: readonly Generation[],
  { id, createdAt }: { id: string; createdAt: number },
): string => {
  const { generation, ledgers } = generations.findLast(({ startedAt }) => startedAt <= createdAt) ?? { generation: 1, ledgers: 1 }
  return ledgerName(organizationId, 'account', generation, slotOf(id) % ledgers)
}

/** Asks all ledgers at the same time. If one fails, the whole request fails. */
export const askAll = async <Result>(names: readonly string[], ask: (name: string) => Promise<Result>): Promise<Result[]> => {
  try {
    return await Promise.all(names.map(ask))
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw Object.assign(new ApiError('UNAVAILABLE', 'Not all of the events can be reached now. Send it again.', 1), { cause: error })
  }
}
