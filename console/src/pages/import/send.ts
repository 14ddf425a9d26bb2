import { api, read } from '../../parts/client.ts'
import { type Failure, failureOf } from '../../parts/failure.ts'
import type { Row } from './rows.ts'

/** How far a row has come, and what was said of it. */
export interface Outcome {
  state: 'WRONG' | 'RIGHT' | 'EXISTS' | 'MADE' | 'REFUSED'
  notes: readonly string[]
}

/** Refusals that say nothing of the row that was sent: of the token, and of its limit. */
const OF_TOKEN: ReadonlySet<number> = new Set([401, 403, 429])

const isOfRow = ({ status }: Failure): boolean => status >= 400 && status < 500 && !OF_TOKEN.has(status)

/** Why a row was refused. Throws the failure if the row was not: then nothing of it is known, and others would end like it. */
const refusalOf = (error: unknown): string => {
  const failure = failureOf(error)
  if (!isOfRow(failure)) throw failure
  return failure.message
}

/** How many customers are worked on at once. */
const AT_ONCE = 4

const digestOf = async (content: unknown): Promise<string> => {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(content))))
  return bytes.slice(0, 16).toHex()
}

/** The same row has the same key in each run, so that what an earlier run has made is answered, and not made again. */
const headerOf = async (step: string, content: unknown) => ({ 'Idempotency-Key': `import ${step} ${await digestOf(content)}` })

const makeAccount = async ({ customer, account }: Row, isTry: boolean): Promise<void> => {
  const query = isTry ? { dry_run: true } : {}
  if (customer) {
    const header = isTry ? {} : await headerOf('customer', customer)
    await read(api.POST('/customers', { params: { query, header }, body: customer }))
  } else if (account) {
    const header = isTry ? {} : await headerOf('account', account)
    await read(api.POST('/accounts', { params: { query, header }, body: account }))
  }
}

const isThere = async (accountId: string): Promise<boolean> =>
  (await read(api.GET('/accounts', { params: { query: { account_id: accountId, pageSize: 1 } } }))).data.length > 0

/** Tries a row, without making anything. A customer that the file itself makes is not there yet, so its further accounts are only looked at here. */
const checkRow = async (row: Row): Promise<Outcome> => {
  if (row.faults.length) return { state: 'WRONG', notes: row.faults }
  if (await isThere(row.accountId))
    return { state: 'EXISTS', notes: ['The account is there. What an earlier run has made of this row is not made again.'] }
  if (!row.customer && row.isOfEarlier) return { state: 'RIGHT', notes: [] }
  try {
    await makeAccount(row, true)
    return { state: 'RIGHT', notes: [] }
  } catch (error) {
    return { state: 'WRONG', notes: [refusalOf(error)] }
  }
}

const sendRow = async (row: Row): Promise<Outcome> => {
  try {
    await makeAccount(row, false)
    if (row.plan) {
      const header = await headerOf('plan', [row.accountId, row.plan])
      await read(
        api.POST('/accounts/{account_id}/price_plans', { params: { path: { account_id: row.accountId }, header }, body: row.plan }),
      )
    }
    return { state: 'MADE', notes: [] }
  } catch (error) {
    return { state: 'REFUSED', notes: [refusalOf(error)] }
  }
}

/** Works through rows: those of one customer one after another, and some customers at once. Ends with the first failure that is not of a row. */
const workThrough = async (
  rows: readonly Row[],
  workOn: (row: Row) => Promise<Outcome>,
  tell: (line: number, outcome: Outcome) => void,
  isOver: () => boolean,
): Promise<void> => {
  const queues = [...Map.groupBy(rows, ({ customerId }) => customerId).values()]
  let hasFailed = false
  const workOnQueues = async (): Promise<void> => {
    for (let queue = queues.shift(); queue; queue = queues.shift())
      for (const row of queue) {
        if (isOver() || hasFailed) return
        tell(row.line, await workOn(row))
      }
  }
  const stopOthers = (error: unknown): never => {
    hasFailed = true
    throw error
  }
  await Promise.all(Array.from({ length: AT_ONCE }, () => workOnQueues().catch(stopOthers)))
}

type Work = (rows: readonly Row[], tell: (line: number, outcome: Outcome) => void, isOver: () => boolean) => Promise<void>

/** Tries rows. Where the row that makes a customer is wrong, the further accounts of the customer cannot be made either. */
export const checkRows: Work = (rows, tell, isOver) => {
  const wrong = new Set<string>()
  const check = async (row: Row): Promise<Outcome> => {
    if (row.isOfEarlier && wrong.has(row.customerId))
      return { state: 'WRONG', notes: [...row.faults, 'The row that makes its customer is wrong.'] }
    const outcome = await checkRow(row)
    if (row.customer && outcome.state === 'WRONG') wrong.add(row.customerId)
    return outcome
  }
  return workThrough(rows, check, tell, isOver)
}

export const sendRows: Work = (rows, tell, isOver) => workThrough(rows, sendRow, tell, isOver)
