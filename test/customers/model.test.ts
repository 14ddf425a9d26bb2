import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Api, organization } from '../helpers/api.ts'
import { type Call, sequence } from './calls.ts'
import { type Listing, type Loose, type Read, type Step, everything, iso, newWorld } from './model.ts'

const SEQUENCES = 60
const MOST_CALLS = 40

/** Later than the clock of any machine that runs this. */
const START = Date.UTC(2060, 0, 1)

/** Longer than all sequences take: what is left of it goes into making a sequence that fails shorter. */
const MOST_MS = 180_000

/** Every kind of call and every refusal, each of which some sequence must meet. */
const OUTCOMES = `
  createCustomer updateCustomer deleteCustomer getCustomers createAccount updateAccount deleteAccount getAccounts addAliases removeAliases
  createAlias deleteAlias insertSetting updateSetting listSetting createInvoiceGroup addInvoiceGroupAccounts removeInvoiceGroupAccounts
  MALFORMED UNSUITED NOT_FOUND ARCHIVED CUSTOMER_ID_TAKEN CUSTOMER_NOT_FOUND CUSTOMER_ARCHIVED CUSTOMER_HAS_ACCOUNTS
  ACCOUNT_ID_TAKEN ACCOUNT_ID_IS_ALIAS CURRENCY_GIVEN CURRENCY_OF_GROUP ALIAS_IS_ACCOUNT_ID ALIAS_TAKEN TOO_MANY_ALIASES NOT_HELD
  ALIASES_EXIST ALIAS_HELD SETTING_TAKEN ENTITY_NOT_FOUND ENTITY_ARCHIVED
  ACCOUNT_NOT_FOUND ACCOUNT_ARCHIVED ACCOUNT_IN_GROUP ACCOUNT_CURRENCY NOT_IN_GROUP
`.match(/\w+/g) as string[]

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {})
  vi.useFakeTimers({ toFake: ['Date'], now: START })
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Where two values differ first, and what they are there; undefined when they are the same, but for what is undefined. */
const difference = (answered: Loose, expected: Loose): string | undefined => {
  if (answered === expected) return undefined
  const [one, other] = [answered, expected].map((value) => (typeof value === 'object' && value !== null ? Array.isArray(value) : undefined))
  if (one === undefined || one !== other) return `\n  answered ${JSON.stringify(answered)}\n  expected ${JSON.stringify(expected)}`
  for (const key of Object.keys({ ...answered, ...expected })) {
    const inside = difference(answered[key], expected[key])
    if (inside) return `.${key}${inside}`
  }
  return undefined
}

const agree = (what: string, answered: unknown, expected: unknown): void => {
  const found = difference(answered, expected)
  if (found) throw new Error(`${what}: ${found}`)
}

const readAgrees = async ({ get }: Api, { path, status, learn, body }: Read): Promise<void> => {
  const answer = await get(path)
  if (answer.status === 200) learn?.(answer.body)
  agree(`GET ${path}`, { status: answer.status, body: answer.body }, { status, body: body() })
}

/** Walks a list to its end, page by page. */
const listAgrees = async ({ get }: Api, { path, size, data, sortOrder }: Listing): Promise<void> => {
  const [base] = path.split('?')
  const shown: unknown[] = []
  let next = path
  do {
    const { status, body } = await get(next)
    const page = data.slice(shown.length, shown.length + size)
    shown.push(...body.data)
    const more = shown.length < data.length
    agree(
      `GET ${next}`,
      { status, ...body, nextToken: typeof body.nextToken },
      { status: 200, data: page, nextToken: more ? 'string' : 'undefined', ...(sortOrder && { context: { pageSize: size, sortOrder } }) },
    )
    next = body.nextToken && `${base}?nextToken=${encodeURIComponent(body.nextToken)}`
  } while (next)
}

const seen = new Set<string>()

/** Makes a call, holds its answer against the model, and reads one of what it may have changed, and the ids that only a read tells. The end of a sequence reads everything. */
const make = async (api: Api, step: Step, made: string[]): Promise<void> => {
  const { kind, request, body, refusals, status, change, shows, affects } = step
  const [method = '', path = ''] = request.split(' ')
  const answer = await api.call(method, path, body)
  made.push(`  ${answer.status} ${answer.body.message ?? ''}`)
  if (refusals.length) {
    const refusal = refusals.find((one) => one.status === answer.status && (one.message ?? answer.body.message) === answer.body.message)
    if (!refusal) throw new Error(`its answer is none of ${JSON.stringify(refusals)}`)
    seen.add(refusal.code)
  } else {
    agree('its status', answer.status, status)
    change(answer.body)
    agree('its answer', answer.body, shows())
    seen.add(kind)
  }
  const reads = affects()
  const chosen = Math.floor(made.length / 2) % reads.length
  await Promise.all(reads.filter(({ learn }, index) => learn || index === chosen).map((read) => readAgrees(api, read)))
}

/** Makes the calls in an organization of their own. Throws, with all that was made, at the first of which the model says otherwise. */
const run = async (calls: readonly Call[]): Promise<void> => {
  const api = await organization()
  const world = newWorld(api.id, START)
  const made: string[] = []
  try {
    for (const { wait, plan } of calls) {
      world.now += wait
      vi.setSystemTime(world.now)
      const step = plan(world)
      const isList = 'data' in step
      made.push(`${iso(world.now)} ${isList ? `GET ${step.path}` : `${step.request} ${JSON.stringify(step.body) ?? ''}`}`)
      if (isList) await listAgrees(api, step)
      else await make(api, step, made)
      if (isList) seen.add(step.kind)
    }
    const { reads, lists } = everything(world)
    await Promise.all([...reads.map((read) => readAgrees(api, read)), ...lists.map((list) => listAgrees(api, list))])
  } catch (error) {
    throw new Error(`${made.join('\n')}\n${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

it(
  `agrees with a plain model in ${SEQUENCES} sequences of up to ${MOST_CALLS} calls`,
  async () => {
    const { failed, errorInstance, seed, numRuns, counterexamplePath, numShrinks } = await fc.check(
      fc.asyncProperty(fc.noBias(sequence(MOST_CALLS)), run),
      { seed: 1, numRuns: SEQUENCES, interruptAfterTimeLimit: MOST_MS, markInterruptAsFailure: true },
    )
    if (failed) {
      const told = errorInstance instanceof Error ? errorInstance.message : `stopped after ${MOST_MS} ms`
      throw new Error(`sequence ${numRuns} of seed ${seed}, path ${counterexamplePath}, made shorter ${numShrinks} times:\n${told}`)
    }
    expect(OUTCOMES.filter((outcome) => !seen.has(outcome))).toEqual([])
  },
  2 * MOST_MS,
)
