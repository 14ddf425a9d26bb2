import { env } from 'cloudflare:workers'
import * as z from 'zod/mini'
import type { Operation } from '../../src/http/operation.ts'
import { operations } from '../../src/operations.ts'

const FOLDER = /src\/(.+)\/operations\.ts$/

/** What each file `operations.ts` exports, by its folder: `customers/accounts`. */
const files = Object.entries(import.meta.glob<Record<string, readonly Operation[]>>('../../src/*/*/operations.ts', { eager: true })).map(
  ([file, exported]) => ({ folder: FOLDER.exec(file)?.[1] ?? file, operations: Object.values(exported).flat() }),
)

export const folders: readonly string[] = files.map(({ folder }) => folder)

/** The folder of each operation, by its name. */
export const folderOf: ReadonlyMap<string, string> = new Map(
  files.flatMap(({ folder, operations: its }) => its.map(({ operationId }) => [operationId, folder] as const)),
)

/** Whether the operations of every folder are walked. */
export const walksAll = !env.DOMAIN

const isWalked = ({ operationId }: Operation): boolean => {
  const folder = `${folderOf.get(operationId)}/`
  return walksAll || env.DOMAIN.split(',').some((chosen) => folder.startsWith(`${chosen}/`))
}

/** The operations that the suites in test/walk hold to what is true of all: every one, or those of DOMAIN. */
export const walked: readonly Operation[] = operations.filter(isWalked)

export const walkedWrites: readonly Operation[] = walked.filter(({ writes }) => writes)

/** A ledger decides whether these are done, between what is written down before and after that. The tests of their domain hold them. */
const decidedByLedgers = new Set(['updateFeatureCreditEntry', 'voidFeatureCreditEntry'])

/** Those of them that write to D1 in one batch. What is kept in ledgers is held by the tests of its domain. */
export const walkedCommits: readonly Operation[] = walkedWrites.filter(
  ({ operationId, commits }) => commits !== false && !decidedByLedgers.has(operationId),
)

export const operationOf = (operationId: string): Operation => {
  const operation = operations.find((one) => one.operationId === operationId)
  if (!operation) throw new Error(`There is no operation ${operationId}`)
  return operation
}

/** The tagged read of what an operation is about: the one that it names, or of the paths that its own begins with, the longest. */
export const resourceOf = ({ path, versionOf }: Operation): Operation | undefined =>
  operations.find(({ operationId }) => operationId === versionOf) ??
  operations
    .filter((one) => one.method === 'get' && one.tagged && (path === one.path || path.startsWith(`${one.path}/`)))
    .toSorted((one, other) => other.path.length - one.path.length)[0]

/** Whether an operation answers page by page. */
export const isPaged = ({ query }: Operation): boolean =>
  'nextToken' in ((z.toJSONSchema(query, { io: 'input' }) as { properties?: object }).properties ?? {})

/** The queries without which an operation is refused, before its body is read. */
export const REQUIRED_QUERIES: Readonly<Record<string, string>> = {
  eventCorrection: '?action=REDO_EVENT&account_id=nobody',
  listaccountSchedules: '?mode=DRAFT',
  listPricingRules: '?mode=DRAFT',
  listScheduleRateCards: '?mode=DRAFT',
}
