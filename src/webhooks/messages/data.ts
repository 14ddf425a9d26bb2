import { getIncident } from '../../alerts/incidents/service.ts'
import { getInvoicesById } from '../../billing/invoices/service.ts'
import { getPayment } from '../../billing/payments/service.ts'
import { getProposal } from '../../billing/proposals/service.ts'
import { getPurchase } from '../../billing/purchases/service.ts'
import { getPricePlan } from '../../catalogue/price_plans/service.ts'
import { getAccountsById } from '../../customers/accounts/service.ts'
import { getCustomersById } from '../../customers/customers/service.ts'
import { failureOf } from '../../db/client.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { ApiError } from '../../lib/errors.ts'
import { getReport } from '../../reports/reports/service.ts'
import { readCycles } from './cycles.ts'
import type { WebhookEventType } from './schema.ts'

/** Reads resources as their reads show them, by their ids. */
type ReadMany = (ctx: Ctx, ids: readonly string[]) => Promise<ReadonlyMap<string, object>>

const oneByOne =
  (read: (ctx: Ctx, id: string) => Promise<Reply<object>>): ReadMany =>
  async (ctx, ids) => {
    const found = new Map<string, object>()
    for (const id of new Set(ids)) found.set(id, (await read(ctx, id)).answer)
    return found
  }

const invoices: ReadMany = getInvoicesById

/** A report without the link to its file: the link ends after a time, and the event may be sent again after that, byte for byte. */
const readReport = async (ctx: Ctx, id: string): Promise<Reply<object>> => {
  const { preSignedUrl: _link, ...report } = (await getReport(ctx, id)).answer
  return { answer: report }
}

/** What is told of each event. */
const READERS: Readonly<Record<WebhookEventType, ReadMany>> = {
  'account.created': getAccountsById,
  'customer.created': getCustomersById,
  'incident.closed': oneByOne(getIncident),
  'incident.generated': oneByOne(getIncident),
  'invoice.generated': invoices,
  'invoice.updated': invoices,
  'order.generated': invoices,
  'payment.recorded': oneByOne((ctx, id) => getPayment(ctx, id)),
  'price_plan.created': oneByOne((ctx, id) => getPricePlan(ctx, id, {})),
  'pricing_cycle.ended': readCycles,
  'pricing_cycle.started': readCycles,
  'proposal.created': oneByOne(getProposal),
  'purchase.created': oneByOne(getPurchase),
  'report.generated': oneByOne(readReport),
}

/** Whether what failed may work at the next try, so that the event waits for it. */
const mayPass = (error: unknown): boolean =>
  error instanceof ApiError
    ? error.code === 'UNAVAILABLE' || error.code === 'TOO_MANY_REQUESTS'
    : error instanceof Error && failureOf(error) !== undefined

/** Reads one, or nothing if it cannot be read, so that it does not keep those behind it. */
const readOne = async (ctx: Ctx, read: ReadMany, id: string): Promise<object | undefined> => {
  try {
    return (await read(ctx, [id])).get(id)
  } catch (error) {
    if (mayPass(error)) throw error
    return undefined
  }
}

/** Reads what is told of resources. Of one that cannot be read only the id is told. */
export const readData = async (ctx: Ctx, type: WebhookEventType, ids: readonly string[]): Promise<ReadonlyMap<string, object>> => {
  const read = READERS[type]
  const found = new Map<string, object>()
  if (read) {
    try {
      for (const [id, data] of await read(ctx, ids)) found.set(id, data)
    } catch (error) {
      if (mayPass(error)) throw error
      for (const id of new Set(ids)) {
        const data = await readOne(ctx, read, id)
        if (data) found.set(id, data)
      }
    }
  }
  for (const id of ids) if (!found.has(id)) found.set(id, { id })
  return found
}

/** The largest data that is sent, in bytes. A row of D1 has 2 MB. */
const LARGEST_DATA = 256 * 1024

const sizeOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length

/** Leaves out the largest parts of what is too large to be sent, and names them in `omitted`: they are read by the id. */
export const fitData = (data: object): object => {
  let left = sizeOf(data)
  if (left <= LARGEST_DATA) return data
  const sizes = Object.entries(data).map(([name, value]) => ({ name, size: value === undefined ? 0 : sizeOf(value) }))
  const omitted: string[] = []
  for (const { name, size } of sizes.toSorted((one, other) => other.size - one.size)) {
    if (left <= LARGEST_DATA - 1024) break
    omitted.push(name)
    left -= size
  }
  return { ...Object.fromEntries(Object.entries(data).filter(([name]) => !omitted.includes(name))), omitted }
}
