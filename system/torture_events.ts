import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type KeptEvent, type KeptLedgers, STATUS, readLedgers, readLicenseNames } from './ledgers.ts'
import type { Request, Send } from './torture_requests.ts'
import { openSetup } from './torture_setup.ts'
import { holdSums } from './torture_sums.ts'
import { HOUR, hundredthsOf, iso, must, pick, textOf } from './torture_values.ts'

/** The organization for events. The other writes use another organization. */
export const EVENTS_ORGANIZATION = 'org.events'
export const LICENSE = 'seats'

const CLIENTS = 12
const ACCOUNTS = 8
const MOST_EVENTS = 40

/** An event as it was sent. */
interface Sent {
  id: string
  account: string
  /** Its distance in hundredths. Undefined for a licence event. */
  hundredths: bigint | undefined
  isAcknowledged: boolean
  /** Whether it was repeated without its Idempotency-Key, so that duplicates of it may be stored. */
  isRepeated: boolean
}
interface Ingestion extends Request {
  events: Sent[]
}
interface Client {
  lost?: Ingestion | undefined
  last?: Ingestion
}

/** Whether all events are settled. Also false if the files cannot be read because they are being written. */
export const isSettled = (state: string, copy: string): boolean => {
  try {
    const { events, unfinished, journal, damage } = readLedgers(state, copy)
    const open = events.some(
      ({ status, account }) => status === STATUS.IN_PROGRESS || (status === STATUS.NO_ACCOUNT && !account.startsWith('?nobody')),
    )
    return !damage.length && !open && unfinished === 0 && !journal.length
  } catch {
    return false
  }
}

/** Sends events, and checks the ledgers after each kill and at the end. */
export const openEventLoad = (send: Send, isKilled: () => boolean) => {
  const sent = new Map<string, Sent>()
  const clients = Array.from({ length: CLIENTS }, (): Client => ({}))
  /** Accounts that events name before they exist, each with the time of its first event, and accounts that are never created. */
  const late = new Map<string, { since: number; isMade: boolean }>()
  /** The first request of each event. */
  const firsts = new Map<Sent, Ingestion>()
  const counts = { ingested: 0, acknowledged: 0, lost: 0, kept: 0, waited: 0 }
  let named = 0

  const make = openSetup(send, 'events')

  /** Creates the schema, the meter and the accounts. */
  const prepare = async (): Promise<void> => {
    await make('/event_schema', { name: 'rides', attributes: [{ name: 'distance' }], dimensions: [{ name: 'city' }] })
    await make('/event_schema/rides/activate')
    const computations = [{ computation: '{"var":"attributes.distance"}', order: 1 }]
    for (const meter of [
      { name: 'distance', aggregation: 'SUM', computations },
      { name: 'rides', aggregation: 'COUNT' },
    ]) {
      const { id } = await make('/usage_meters', { ...meter, type: 'COUNTER', eventSchemaName: 'rides' })
      await make(`/usage_meters/${String(id)}/activate`)
    }
    const account = { id: 'rider-0', name: 'Rider' }
    await make('/customers', { id: 'riders', name: 'Riders', primaryEmail: 'riders@example.com', address: {}, account })
    for (let at = 1; at < ACCOUNTS; at++) await make('/accounts', { id: `rider-${at}`, name: 'Rider', customerId: 'riders' })
  }

  const chooseAccount = (): string => {
    const kind = randomInt(20)
    if (kind > 5) return `rider-${randomInt(ACCOUNTS)}`
    if (kind === 0) return `nobody-${randomInt(3)}`
    const open = [...late].filter(([, { isMade }]) => !isMade).map(([name]) => name)
    if (open.length && kind > 2) return pick(open) ?? ''
    const name = `late-${++named}`
    late.set(name, { since: Date.now(), isMade: false })
    return name
  }

  const makeEvent = (): Sent => {
    const hundredths = randomInt(15) ? BigInt(randomInt(1, 100_000)) : undefined
    const event = { id: `event-${++named}`, account: chooseAccount(), hundredths, isAcknowledged: false, isRepeated: false }
    sent.set(event.id, event)
    return event
  }

  const start = Date.now() - 10 * HOUR
  /** The time of an event, which is the same each time that it is sent. */
  const timeOf = (id: string): number => start + (Number(id.split('-')[1]) % 9) * HOUR

  const show = ({ id, account, hundredths }: Sent): Record<string, unknown> => {
    const timestamp = iso(timeOf(id))
    const ride = {
      schemaName: 'rides',
      attributes: [{ name: 'distance', value: textOf(hundredths ?? 0n) }],
      dimensions: { city: 'florence' },
    }
    const license = {
      schemaName: 'togai-named-license',
      attributes: [{ name: 'action', value: '1' }],
      dimensions: { license_id: LICENSE, name: id },
    }
    return { id, timestamp, accountId: account, ...(hundredths === undefined ? license : ride) }
  }

  /** Sends one event or a batch, with or without a key, and sometimes with earlier events. */
  const choose = ({ last }: Client): Ingestion => {
    if (last && !randomInt(6)) return last
    const isSingle = randomInt(3) > 0
    const fresh = Array.from({ length: isSingle ? 1 : randomInt(2, MOST_EVENTS) }, makeEvent)
    const before = isSingle || randomInt(3) ? [] : (last?.events.slice(0, 5) ?? [])
    const events = [...fresh, ...before]
    const shown = events.map(show)
    return {
      method: 'POST',
      path: isSingle ? '/ingest' : '/ingestBatch',
      body: isSingle ? { event: shown[0] } : { events: shown },
      ...(randomInt(2) && { headers: { 'Idempotency-Key': randomUUID() } }),
      events,
    }
  }

  /** Marks events that are repeated outside their own request and key, since they may leave duplicates. */
  const noteRepeats = (request: Ingestion, isAgain: boolean): void => {
    for (const event of request.events) {
      const isOld = firsts.has(event) && firsts.get(event) !== request
      if (isOld || (isAgain && !request.headers)) event.isRepeated = true
      if (!firsts.has(event)) firsts.set(event, request)
    }
  }

  const ingest = async (client: Client, request: Ingestion): Promise<void> => {
    const isAgain = request === client.lost || request === client.last
    noteRepeats(request, isAgain)
    const answer = await send(request)
    if (!answer) {
      client.lost = request
      return
    }
    must(answer.body['success'] === true, `${request.path} was answered ${JSON.stringify(answer.body)}`)
    if (request === client.lost) counts.lost++
    counts.ingested++
    for (const event of request.events) {
      if (!event.isAcknowledged) counts.acknowledged++
      event.isAcknowledged = true
    }
    Object.assign(client, { lost: undefined, last: request })
  }

  const work = async (client: Client): Promise<void> => {
    for (; !isKilled(); await wait(randomInt(60))) await ingest(client, client.lost ?? choose(client))
  }

  const makeLate = async (name: string): Promise<void> => {
    const body = { id: name, name: 'Rider', customerId: 'riders' }
    const answer = await send({ method: 'POST', path: '/accounts', body, headers: { 'Idempotency-Key': name } })
    if (answer) late.set(name, { since: 0, isMade: true })
  }

  /** Creates the accounts that events have named, at least a second after the first of these events. */
  const makeAccounts = async (): Promise<void> => {
    for (; !isKilled(); await wait(200)) {
      const next = [...late].find(([, { since, isMade }]) => !isMade && since < Date.now() - 1000)
      if (next) await makeLate(next[0])
    }
  }

  const holdEvent = ({ rules }: KeptLedgers, { id, account, status, units, time, rules: name }: KeptEvent, isEnd: boolean): void => {
    const event = sent.get(id)
    must(event, `there is an event that nobody sent: ${id}`)
    must(time === timeOf(id), `${id} was sent as of ${iso(timeOf(id))}, and is kept as of ${iso(time)}`)
    const mayWait = !isEnd || event.account.startsWith('nobody')
    const mayBeInProgress = !isEnd && event.hundredths === undefined
    const isRight =
      status === STATUS.METERED || (status === STATUS.NO_ACCOUNT && mayWait) || (status === STATUS.IN_PROGRESS && mayBeInProgress)
    must(isRight, `${id} of ${event.account} has the status ${status}`)
    must(account === `${status === STATUS.NO_ACCOUNT ? '?' : '='}${event.account}`, `${id} of ${event.account} is kept of ${account}`)
    if (status !== STATUS.METERED || event.hundredths === undefined) return
    const said = (JSON.parse(units ?? '[]') as string[]).map(
      (unit, at) => `${rules.get(name ?? '')?.meters[at]?.[2]} ${hundredthsOf(unit)}`,
    )
    const right = [`distance ${event.hundredths}`, 'rides 100']
    must(said.toSorted().join() === right.join(), `${id} of ${event.hundredths} is counted as ${said.join()}`)
  }

  /**
   * Compares the files of the ledgers with the events that were sent: after a kill, or when everything is settled. `isOther` says of which
   * events another load knows. Gives what the files say.
   */
  const hold = (state: string, copy: string, isOther: (id: string) => boolean, isEnd = false): KeptLedgers => {
    const kept = readLedgers(state, copy)
    must(!kept.damage.length, `a ledger is damaged: ${kept.damage[0]}`)
    const ids = new Set(kept.events.map(({ id }) => id))
    must(ids.size === kept.events.length, `${kept.events.length - ids.size} ids are held by two events`)
    const own = kept.events.filter(({ id }) => !isOther(id))
    for (const event of own) holdEvent(kept, event, isEnd)
    for (const { id, isAcknowledged } of sent.values()) must(ids.has(id) || !isAcknowledged, `${id} was acknowledged, and is not there`)
    const past = kept.past.filter(({ id }) => !isOther(id))
    for (const { id, status } of past) {
      must(status === STATUS.DUPLICATE, `${id} has another event of the status ${status}`)
      must(sent.get(id)?.isRepeated, `${id} was sent once, or again under its key only, and has a repeat`)
    }
    holdSums(kept)
    Object.assign(counts, { kept: past.length, waited: late.size })
    if (!isEnd) return kept
    must(
      kept.unfinished === 0 && !kept.journal.length,
      `${kept.unfinished} events are in progress, ${kept.journal.length} totals not folded`,
    )
    const right = own
      .filter(({ id, status }) => status === STATUS.METERED && sent.get(id)?.hundredths === undefined)
      .map(({ id, account }) => `${account.slice(1)} ${id} 1`)
    const said = readLicenseNames(state, copy).map(({ account, name, action }) => `${account} ${name} ${action}`)
    must(
      said.toSorted().join() === right.toSorted().join(),
      `${right.length} events added a name to a licence, and ${said.length} names are there, or elsewhere`,
    )
    return kept
  }

  /** Repeats lost requests and creates named accounts, so that everything can be settled. */
  const settle = async (): Promise<void> => {
    for (const client of clients) if (client.lost) await ingest(client, client.lost)
    for (const [name, { isMade }] of late) if (!isMade) await makeLate(name)
  }

  return { prepare, work: () => [...clients.map(work), makeAccounts()], hold, settle, counts }
}
