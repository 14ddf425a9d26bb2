import type { Api } from './api.ts'
import { doDue } from './ledgers.ts'
import { withAccount } from './schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

export const fee = (feeId: string, rate: number) => [
  { id: feeId, name: 'fee', enableProration: true, rateValues: [{ currency: 'USD', rate }] },
]

/** An organization whose plan "Basic" is published in a second version, which nobody has, and the account `acc1`. */
export const withVersions = async (now: string, first: Loose = {}, second: Loose = {}) => {
  const api = await withAccount(now, first)
  const publish = async (details: Loose, more: Loose = {}) => {
    const answer = await api.patch(`/price_plans/${api.planId}`, { pricePlanDetails: details, ...more })
    if (answer.status !== 200) throw new Error(answer.body.message)
    return answer
  }
  const edit = (account: string, from: string, until = '9999-01-01', more: Loose = {}) => api.associate(from, until, more, account)
  /** Makes an account that has the newest version from a day on. */
  const addAccount = async (id: string, from?: string, until?: string, more: Loose = {}) => {
    const made = await api.post('/accounts', { id, name: `Account ${id}`, customerId: 'cus1' })
    if (made.body.message) throw new Error(made.body.message)
    const answer = from === undefined ? undefined : await edit(id, from, until, more)
    if (answer && answer.status !== 200) throw new Error(answer.body.message)
  }
  const publishSecond = () => publish({ fixedFeeRateCards: fee(api.feeId, 20), ...second })
  const migrate = (more: Loose = {}) =>
    api.post('/v2/price_plans/migration', {
      sourceId: api.planId,
      sourceVersion: 1,
      targetId: api.planId,
      migrationMode: 'IMMEDIATE',
      ...more,
    })
  return { ...api, publish, publishSecond, edit, addAccount, migrate }
}

const schedulesOf = async (api: Pick<Api, 'get'>, account: string): Promise<Loose[]> =>
  (await api.get(`/accounts/${account}/pricing_schedules?start_date=1970-01-01T00:00:00Z&pageSize=100`)).body.data

/** The schedules of an account: the plan and its version, the first day, the day on which each ends, and whether the account has something instead. */
export const linesOf = async (api: Pick<Api, 'get'>, account: string): Promise<string[]> =>
  (await schedulesOf(api, account)).map(
    ({ pricePlanName, version, startDate, endDate, isOverriden }) =>
      `${pricePlanName} ${version} ${startDate.slice(0, 10)} ${endDate.slice(0, 10)}${isOverriden ? ' own' : ''}`,
  )

export const idsOf = async (api: Pick<Api, 'get'>, account: string): Promise<string[]> =>
  (await schedulesOf(api, account)).map(({ id }) => id)

/** The day offset of each schedule of an account. */
export const offsetsOf = async (api: Pick<Api, 'get'>, account: string): Promise<string[]> =>
  (await schedulesOf(api, account)).map(({ pricePlanDetails }) => pricePlanDetails.pricingCycleConfig.startOffset.dayOffset)

const PENDING = new Set(['PENDING', 'IN_PROGRESS'])

/** Does what is due until a job is over. Gives the job, and the status and the reason of each of its entries. */
export const finish = async (api: Pick<Api, 'id' | 'get'>, path: string | null, now = Date.now()) => {
  for (let run = 0; run < 100; run++) {
    await doDue(api.id, undefined, now)
    const { body: job } = await api.get(path ?? '')
    if (!PENDING.has(job.status)) {
      const { body } = await api.get(`${path}/entries?pageSize=100`)
      const results = body.data.map(({ entityId, status, metadata }: Loose) => [
        entityId,
        metadata ? `${status}: ${metadata.reason}` : status,
      ])
      return { job, entries: Object.fromEntries(results) as Record<string, string> }
    }
    await scheduler.wait(5)
  }
  throw new Error('The job does not end')
}

/** The newest job of an organization. */
export const newestJob = async (api: Pick<Api, 'get'>): Promise<string | null> => {
  const [job] = (await api.get('/jobs?pageSize=1')).body.data
  return job ? `/jobs/${job.id}` : null
}
