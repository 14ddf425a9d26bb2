import { type Catalogue, makeCatalogue } from './catalogue.ts'
import { WATCHING, happenings } from './happenings.ts'
import { DAY, END, type PlanName, START, accounts } from './data.ts'
import { days, eventsOf, exportsOf } from './events.ts'
import { type Send, moveClock, sender, together } from './send.ts'

const BATCH = 1000

/** The days on which months begin, before whose grace is over their events have come. */
const MONTHS = [31, 61]

const instantOf = (day: number): string => new Date(Math.min(Date.parse(START) + day * DAY, Date.parse(END))).toISOString()
const dateOf = (day: number): string => instantOf(day).slice(0, 10)

/** Makes the accounts that come on a day, each with its plan and seats. */
const makeAccounts = async (send: Send, { plans, seats }: Catalogue, day: number): Promise<void> => {
  const planOf = (name: PlanName): string => plans.get(name) ?? ''
  for (const one of accounts.filter(({ since }) => since === day)) {
    const { customerId, customerName, id, name, email, city, country, currency, netTermDays } = one
    const address = { city, country }
    const account = { id, name, invoiceCurrency: currency, netTermDays, primaryEmail: email, address, aliases: [`workspace-${id}`] }
    if (id === customerId) await send('POST', '/customers', { id: customerId, name: customerName, primaryEmail: email, address, account })
    else await send('POST', '/accounts', { ...account, customerId })
    await send('POST', `/accounts/${id}/price_plans`, {
      pricePlanId: planOf(one.plan),
      effectiveFrom: dateOf(day),
      effectiveUntil: '9999-01-01',
    })
    if (one.seats)
      await send('POST', '/license_updates', {
        licenseId: seats,
        accountId: id,
        updateType: 'ABSOLUTE',
        quantity: one.seats,
        effectiveFrom: instantOf(day),
      })
  }
}

const sendEvents = async (send: Send, from: number, until: number): Promise<void> => {
  const batches: object[][] = []
  for (let day = from; day < until; day++) {
    const events = eventsOf(day)
    for (let at = 0; at < events.length; at += BATCH) batches.push(events.slice(at, at + BATCH))
  }
  const exported = exportsOf(from)
  if (exported.length && from > 0) batches.push(exported)
  await together(batches, (events) => send('POST', '/ingestBatch', { events }))
}

/** Fills an empty organization with the sample business, day by day of its clock, in about half a minute. What an earlier try has done is not done again. */
export const fillBusiness = async (url: string, token: string, say: (done: string) => void): Promise<void> => {
  const send = sender(url, token)
  const clock = (await send('GET', '/test_clock')) as unknown as { now: string; isSet: boolean }
  if (clock.isSet && clock.now >= END) return
  if (!clock.isSet) await moveClock(send, START)
  const catalogue = await makeCatalogue(send)
  const rates = { id: 'exchange_rates', value: '{"EUR":"1.08"}', namespace: 'SYSTEM', name: 'Exchange rates', dataType: 'JSON' }
  await send('POST', '/settings', { ...rates, entityType: 'ORGANIZATION', entityId: catalogue.organization })
  const steps = [
    ...new Set([
      ...Array.from({ length: Math.ceil(days / 7) }, (_, week) => week * 7),
      ...MONTHS,
      WATCHING,
      ...accounts.map(({ since }) => since),
      days,
    ]),
  ].toSorted((one, other) => one - other)
  for (const [at, day] of steps.entries()) {
    if (day > 0 && !(clock.isSet && clock.now >= instantOf(day))) await moveClock(send, instantOf(day))
    await makeAccounts(send, catalogue, day)
    await happenings[day]?.(send, catalogue)
    const before = steps[at - 1]
    if (before !== undefined) await sendEvents(send, before, day)
    say(dateOf(day))
  }
}
