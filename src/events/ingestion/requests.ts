import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { sha256 } from '../../lib/hash.ts'
import { askEvents, ledgerName, slotOf } from '../../ledger/client.ts'
import type { ParsedEvent, Refusal } from './event.ts'
import { formerOf } from './former.ts'
import { currentOf, startFirstGeneration } from './generations.ts'
import { type Generation, type OrganizationMemory, forgetOrganization, recallOrganization } from './memory.ts'
import { type ProcessedEvent, referenceOf, setReference } from './process.ts'

/** What is remembered of the organization, which has ledgers from its first event on. */
export const recallWithLedgers = async (ctx: Ctx): Promise<OrganizationMemory> => {
  const memory = await recallOrganization(ctx)
  if (memory.events.length) return memory
  await startFirstGeneration(ctx)
  forgetOrganization(ctx.organizationId)
  return recallOrganization(ctx)
}

/** Whether an event of a request is refused. */
export const isRefused = (one: ParsedEvent | Refusal): one is Refusal => 'message' in one

/** The former generations that may know a key. Keys go by real time, of which the ends of generations by a test clock say nothing. */
const mayHaveKeys = (ctx: Ctx, memory: OrganizationMemory): Generation[] =>
  ctx.clockAt === null ? formerOf(memory, ctx.now) : memory.events.slice(0, -1)

/** The name of the ledger of a generation that a key falls to. */
const keyLedgerIn = ({ organizationId }: Pick<Ctx, 'organizationId'>, { generation, ledgers }: Generation, key: string): string =>
  ledgerName(organizationId, 'event', generation, slotOf(key) % ledgers)

/** Gives the Idempotency-Key of a request back that was refused after it had been claimed, and has left nothing. */
export const releaseKey = async (ctx: Ctx, memory: OrganizationMemory): Promise<void> => {
  const key = ctx.write?.key
  if (!key) return
  const { value, fingerprints } = key
  await askEvents(ctx, keyLedgerIn(ctx, currentOf(memory), value), (ledger) => ledger.releaseKey(value, fingerprints))
}

/** Claims the Idempotency-Key of a request, in the ledger that keys fall to: under it the same is asked again, or nothing. Gives whether it was asked before. */
export const claimKey = async (ctx: Ctx, memory: OrganizationMemory): Promise<boolean> => {
  const key = ctx.write?.key
  if (!key) return false
  const { value, fingerprints } = key
  const before = await Promise.all(
    mayHaveKeys(ctx, memory).map((generation) =>
      askEvents(ctx, keyLedgerIn(ctx, generation, value), (ledger) => ledger.readKey(value, ctx.wallClock)),
    ),
  )
  const kept = before.find((its) => its !== undefined)
  const claimed =
    kept === undefined
      ? await askEvents(ctx, keyLedgerIn(ctx, currentOf(memory), value), (ledger) => ledger.claimKey(value, fingerprints, ctx.wallClock))
      : fingerprints.includes(kept)
        ? 'SAME'
        : 'OTHER'
  if (claimed === 'OTHER')
    throw new ApiError('UNPROCESSABLE', 'Idempotency-Key: was used for another request, or by another role. Take a new key.')
  return claimed === 'SAME'
}

/** Marks each row with its key, its place under that and its content, so that the same request leaves no repeats: an event without an id has its reference by them. */
export const markRows = async (processed: readonly ProcessedEvent[], key: string): Promise<void> => {
  await Promise.all(
    processed.map(async (one, index) => {
      const { row } = one
      const request = (await sha256(`${key}\n${index}\n${JSON.stringify(row[8])}`)).slice(0, 32)
      row[10] = request
      if (row[0] === row[1]) setReference(one, referenceOf(request, request, row[2]))
    }),
  )
}
