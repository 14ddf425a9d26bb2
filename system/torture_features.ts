import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type KeptCredits, type KeptEvent, type KeptLedgers, STATUS } from './ledgers.ts'
import { makeFeatureCatalogue } from './torture_features_catalogue.ts'
import type { Request, Send } from './torture_requests.ts'
import { type Refused, holdRefused, holdTakes } from './torture_takes.ts'
import { DAY, HOUR, hundredthsOf, iso, must, pick, textOf } from './torture_values.ts'

/** The organization for features. */
export const FEATURES_ORGANIZATION = 'org.features'
/** What the ids of its events begin with, since the files of the ledgers do not say whose they are. */
export const USED = 'used-'

const CLIENTS = 10
/** The source of events of /entitled by its code, which never changes. */
const ENTITLED = 2
/** Few accounts are used at a time, so that their credits run out, and others come after them: so many, at most one each so many milliseconds. */
const [ACCOUNTS, NEXT_ACCOUNT] = [2, 3000]
/** The most units of an event, in hundredths, and how many are given back at most. */
const [MOST_UNITS, MOST_BACK] = [800, 400]
const MOST_EVENTS = 8

/** An event as it is sent. */
interface Use {
  id: string
  account: string
  hundredths: bigint
  /** Whether no meter counts it. It needs credits nevertheless. */
  isFree: boolean
  time: number
}

/** A request with events, and what it was answered: whether it ever passed, and what was last. It is open as long as it is being sent, or its answer was lost. */
interface Asked extends Request {
  uses: readonly Use[]
  isEntitled: boolean
  isOpen: boolean
  hasPassed: boolean
  last?: number
}

interface Client {
  /** What it is sending, all of it at once. */
  now: readonly Asked[]
  last?: Asked | undefined
}

const show = ({ id, account, hundredths, isFree, time }: Use) => ({
  id,
  schemaName: 'calls',
  timestamp: iso(time),
  accountId: account,
  attributes: [{ name: 'units', value: textOf(hundredths) }],
  dimensions: { plan: isFree ? 'free' : 'paid' },
})

const newKey = (): string | null => (randomInt(2) ? randomUUID() : null)

/** Uses up the credits of a feature, and checks after each kill and at the end who took what. */
export const openFeatureLoad = (send: Send, isKilled: () => boolean) => {
  const counts = { passed: 0, refused: 0, lost: 0, takes: 0, back: 0, accounts: 0 }
  const clients = Array.from({ length: CLIENTS }, (): Client => ({ now: [] }))
  /** The requests that named an event, by its id. */
  const asked = new Map<string, Asked[]>()
  const accounts: string[] = []
  let named = 0
  let planId = ''
  /** When accounts get the plan. All events are of the hours after that. */
  const start = Date.now() - (Date.now() % DAY) - DAY

  const post = (path: string, body: Record<string, unknown>, key: string) =>
    send({ method: 'POST', path, body, headers: { 'Idempotency-Key': key } })

  /** Makes an account, and gives it the plan. Both are sent again after a kill. */
  const makeAccount = async (): Promise<void> => {
    const id = `user-${accounts.length}`
    if (!(await post('/accounts', { id, name: 'User', customerId: 'users' }, `make ${id}`))) return
    const plan = { pricePlanId: planId, effectiveFrom: iso(start).slice(0, 10), effectiveUntil: '9999-01-01' }
    if (await post(`/accounts/${id}/price_plans`, plan, `plan ${id}`)) accounts.push(id)
  }

  const prepare = async (): Promise<void> => {
    planId = await makeFeatureCatalogue(send)
    while (accounts.length < ACCOUNTS) await makeAccount()
  }

  const makeUse = (account = pick(accounts.slice(-ACCOUNTS)) ?? '', isBack = !randomInt(6)): Use => ({
    id: `${USED}${++named}`,
    account,
    hundredths: isBack ? -BigInt(randomInt(1, MOST_BACK)) : BigInt(randomInt(15) && randomInt(1, MOST_UNITS)),
    isFree: !randomInt(5),
    time: start + randomInt(24) * HOUR + randomInt(HOUR),
  })

  /** Makes a request, and notes what it names. */
  const request = (path: '/entitled' | '/ingest' | '/ingestBatch', uses: readonly Use[], key = newKey()): Asked => {
    const [event, ...others] = uses.map(show)
    const isEntitled = path === '/entitled'
    const body = path === '/ingestBatch' ? { events: [event, ...others] } : { event }
    const its: Asked = { method: 'POST', path, body, uses, isEntitled, isOpen: false, hasPassed: false }
    if (key !== null) its.headers = { 'Idempotency-Key': key }
    if (isEntitled) its.refusals = [400, 409]
    for (const { id } of uses) asked.set(id, [...(asked.get(id) ?? []), its])
    return its
  }

  /** Requests for the same event at once, and one that gives back to its account, so that there may be enough for only some of them. */
  const chooseTwins = (): Asked[] => {
    const use = makeUse(undefined, false)
    const key = newKey()
    const back = request('/entitled', [makeUse(use.account, true)])
    return [...[key, key, newKey()].map((one) => request('/entitled', [use], one)), back]
  }

  /** Two requests for one id, which are for different events, or by different operations. */
  const chooseRivals = (): Asked[] => {
    const use = makeUse()
    const one = request('/entitled', [use])
    const other = randomInt(2) ? request('/entitled', [{ ...use, hundredths: use.hundredths + 1n }]) : request('/ingest', [use])
    return randomInt(2) ? [one, other] : [other, one]
  }

  /** What was answered is sent again; and where it was refused, for another number of units. */
  const chooseAgain = (last: Asked): Asked[] => {
    const [use] = last.uses
    const isFree = last.last === 400 && use && asked.get(use.id)?.every((one) => one.last === 400)
    return [isFree && randomInt(2) ? request('/entitled', [{ ...use, hundredths: BigInt(randomInt(1, 500)) }]) : last]
  }

  const choose = ({ last }: Client): Asked[] => {
    const kind = randomInt(20)
    if (kind < 5) return chooseTwins()
    if (kind < 8) return chooseRivals()
    if (kind < 11 && last) return chooseAgain(last)
    if (kind < 13) return [request('/ingest', [makeUse()])]
    if (kind < 15)
      return [
        request(
          '/ingestBatch',
          Array.from({ length: randomInt(1, MOST_EVENTS) }, () => makeUse()),
        ),
      ]
    return [request('/entitled', [makeUse()])]
  }

  /** Whether a request has a key, under which alone its event was sent: then it is answered again as it was. */
  const isAlone = ({ headers, uses: [use] }: Asked): boolean => {
    const all = asked.get(use?.id ?? '') ?? []
    return headers !== undefined && all.every((one) => one.headers?.['Idempotency-Key'] === headers['Idempotency-Key'])
  }

  /** Whether a refusal says that the event needs more than is left. */
  const saysShortage = ({ uses: [use] }: Asked, { message }: Record<string, unknown>): boolean => {
    const [, needed, left] = /needs (\S+) of the feature .* has (\S+) left/.exec(String(message)) ?? []
    return needed !== undefined && left !== undefined && hundredthsOf(needed) === use?.hundredths && hundredthsOf(left) < use.hundredths
  }

  const ask = async (its: Asked): Promise<void> => {
    const isAgain = its.isOpen
    its.isOpen = true
    const answer = await send(its)
    if (!answer) return
    const { status, body } = answer
    const isRight = status === 400 ? saysShortage(its, body) : status === 409 || body['success'] === true
    must(isRight, `${its.path} was answered ${status} ${JSON.stringify(body)}`)
    must(status !== 409 || !its.hasPassed || !isAlone(its), `${its.path} of ${its.uses[0]?.id} passed, and was refused under its key then`)
    if (isAgain) counts.lost++
    if (its.isEntitled && status === 200 && !its.hasPassed) counts.passed++
    if (status === 400) counts.refused++
    Object.assign(its, { isOpen: false, last: status, hasPassed: its.hasPassed || status < 300 })
  }

  /** Sends what has got no answer yet, all of it at once. */
  const askAll = async (client: Client): Promise<void> => {
    await Promise.all(client.now.map(ask))
    client.last = client.now.find(({ isOpen }) => !isOpen) ?? client.last
    client.now = client.now.filter(({ isOpen }) => isOpen)
  }

  /** After a kill, some lost requests are never sent again: then the ledgers finish their events themselves. */
  const keepAsking = async (client: Client): Promise<void> => {
    if (!randomInt(3)) client.now = []
    for (; !isKilled(); await wait(randomInt(60))) {
      if (!client.now.length) client.now = choose(client)
      await askAll(client)
    }
  }

  const keepMaking = async (): Promise<void> => {
    for (; !isKilled(); await wait(NEXT_ACCOUNT)) await makeAccount()
  }

  /**
   * Compares what is kept under an id with the answers to the requests for it. What is ingested waits for an event of /entitled that holds
   * its id, and is a repeat of that only if it is kept.
   */
  const holdId = (id: string, requests: readonly Asked[], event: KeptEvent | undefined, repeats: number, isEnd: boolean): void => {
    const uses = requests.flatMap((one) => one.uses.filter((use) => use.id === id))
    const said = requests.map((one) => `${one.path} ${one.isOpen ? 'lost' : (one.last ?? '')}`).join(', ')
    const what = `${id}, which was sent by ${said},`
    const passed = requests.find((one) => one.isEntitled && one.hasPassed)
    const isTaken = passed || requests.some(({ last }) => last === 409)
    const isIngested = requests.some((one) => !one.isEntitled && one.hasPassed)
    must(event || !isTaken, `${what} is not there`)
    must(event || !isIngested, `${what} was acknowledged, and is not there`)
    must(repeats === 0 || requests.some((one) => !one.isEntitled), `${what} has a repeat`)
    if (!event) return
    const isGone = requests.every((one) => !one.isOpen && one.last === 400 && !one.hasPassed)
    must(!isGone, `${what} was refused, and is there with the status ${event.status}`)
    const { account, status, source, time, value, units } = event
    const use = uses.find(({ hundredths }) => value !== null && hundredths === hundredthsOf(value))
    must(use && `=${use.account}` === account && use.time === time, `${what} is there as an event of ${value} of ${account} at ${time}`)
    const own = passed?.uses.find((one) => one.id === id)
    must(!own || own.hundredths === use.hundredths, `${what} passed with ${textOf(own?.hundredths ?? 0n)}, and is there with ${value}`)
    const isOpen = status === STATUS.IN_PROGRESS && !isEnd && !passed
    const isShort = status === STATUS.INSUFFICIENT_CREDITS && source !== ENTITLED && !passed
    must(isOpen || isShort || status === (use.isFree ? STATUS.NOT_METERED : STATUS.METERED), `${what} is there with the status ${status}`)
    if (status !== STATUS.METERED) return
    const [unit = ''] = JSON.parse(units ?? '[]') as string[]
    must(hundredthsOf(unit) === use.hundredths, `${what} needs ${value}, and is counted as ${unit}`)
  }

  /** What was refused for want of credits: by an answer, or as it is kept. */
  const listRefused = (events: ReadonlyMap<string, KeptEvent>): Refused[] =>
    [...asked].flatMap(([id, requests]) => {
      const isKept = events.get(id)?.status === STATUS.INSUFFICIENT_CREDITS
      const refused = requests.filter((one) => (one.isEntitled ? one.last === 400 : isKept))
      return refused.flatMap((one) => one.uses.filter((use) => use.id === id))
    })

  /** Compares the files of the ledgers with what was sent and answered: after a kill, or when everything is settled. */
  const hold = (credits: KeptCredits, kept: KeptLedgers, isEnd = false): void => {
    const events = new Map(kept.events.filter(({ id }) => id.startsWith(USED)).map((event) => [event.id, event]))
    const past = kept.past.filter(({ id }) => id.startsWith(USED))
    const repeats = Map.groupBy(past, ({ id }) => id)
    must(
      past.every(({ status }) => status === STATUS.DUPLICATE),
      'an event lost its id',
    )
    for (const id of [...events.keys(), ...repeats.keys()]) must(asked.has(id), `there is an event that nobody sent: ${id}`)
    for (const [id, requests] of asked) holdId(id, requests, events.get(id), repeats.get(id)?.length ?? 0, isEnd)
    Object.assign(counts, holdTakes(credits, [...events.values()], isEnd), { accounts: accounts.length })
    if (isEnd) holdRefused(credits, listRefused(events), BigInt(MOST_UNITS))
  }

  /** Repeats lost requests, so that everything can be settled. */
  const settle = async (): Promise<void> => {
    for (const client of clients) await askAll(client)
  }

  return { prepare, work: () => [...clients.map(keepAsking), keepMaking()], hold, settle, counts }
}
