import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Operation } from '../../src/http/operation.ts'
import { accountId } from '../../src/lib/examples.ts'
import { RESOURCES } from '../../src/lib/resources.ts'
import { type Answer, client, organization } from '../helpers/api.ts'
import { REFUSED, ROLES, UNAUTHORIZED, type World, refusalOf, withCredentials } from '../helpers/credentials.ts'
import { type Ready, exampleOf, keepExampleTime, readAfter, ready } from '../helpers/example.ts'
import { REQUIRED_QUERIES, isPaged, operationOf, walked, walkedWrites, walksAll } from '../helpers/operations.ts'
import { type Rows, compareRows, readRows } from '../helpers/rows.ts'

keepExampleTime()

let printed = ''

beforeEach(() => {
  printed = ''
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => void (printed += `${args.join(' ')}\n`))
})

afterEach(() => {
  vi.restoreAllMocks()
})

const key = (value: string) => ({ 'Idempotency-Key': value })
const replayed = ({ headers }: Answer) => headers.get('Idempotency-Replayed')
const messageOf = ({ status, body }: Answer) => [status, body.message]

/** Whom an operation lets in. Each is of one kind, and what is done with a caller depends on the kind alone. */
const KINDS: Readonly<Record<string, (operation: Operation) => boolean>> = {
  'reads, for a portal too': ({ portal, administrator, writes }) => portal === true && !administrator && !writes,
  reads: ({ portal, administrator, writes }) => !portal && !administrator && !writes,
  writes: ({ portal, administrator, writes }) => !portal && !administrator && writes,
  'reads, for administrators': ({ portal, administrator, writes }) => !portal && administrator === true && !writes,
  'writes, for administrators': ({ portal, administrator, writes }) => !portal && administrator === true && writes,
}

/** The kinds that are walked, each with the first of its operations. */
const kinds = Object.entries(KINDS).flatMap(([kind, isOfKind]) => {
  const operation = walked.find(isOfKind)
  return operation ? [{ kind, operation, operationId: operation.operationId }] : []
})

describe('the operations', () => {
  it('are of one kind each', () => {
    const kindsOf = (operation: Operation) => Object.values(KINDS).filter((isOfKind) => isOfKind(operation)).length
    expect(walked.filter((operation) => kindsOf(operation) !== 1).map(({ operationId }) => operationId)).toEqual([])
    if (walksAll) expect(kinds.map(({ kind }) => kind)).toEqual(Object.keys(KINDS))
  })

  it('that a portal token may call read one resource, or its metrics, events, licences, invoices and money, which their own tests hold', () => {
    const own = new Set([
      'getMetrics',
      'getFeatureCredits',
      'listFeatureCreditEntries',
      'getEntitlements',
      'getEntitlementValue',
      'validateEntitlementValue',
      'getEvents',
      'getSingleEvent',
      'getLicenseUpdates',
      'getNamedLicenseUpdates',
      'listInvoices',
      'listCredits',
      'creditBalanceForAccount',
      'listPayments',
      'getPayment',
      'walletEntriesForAccount',
      'listAccountPurchases',
      'getPurchase',
      'listAccountProposals',
      'getProposal',
      'previewInvoices',
      'listPricingRuleLogs',
      'explainInvoice',
      'listReports',
      'getReport',
      'getFile',
      'getDownloadUrl',
    ])
    const portal = walked.filter((operation) => operation.portal && !own.has(operation.operationId))
    expect(portal.filter(({ method, tagged }) => method !== 'get' || !tagged).map(({ operationId }) => operationId)).toEqual([])
  })

  it('ask for a caller before the rest of a request is looked at', async () => {
    for (const { operationId, method, path, json } of walked)
      for (const token of [undefined, 'unknown']) {
        const headers = { 'If-Match': 'nonsense', 'X-D1-Bookmark': 'nonsense', 'Idempotency-Key': '', 'Content-Type': 'text/plain' }
        const url = `${path.replaceAll(/\{\w+\}/g, 'nobody')}?unknown=1`
        const answer = await client(token).call(method.toUpperCase(), url, json && { unknown: 1 }, headers)
        expect([operationId, answer.status, answer.headers.get('WWW-Authenticate')]).toEqual([operationId, 401, 'Bearer'])
      }
  })
})

it.each(walked.filter(({ writes }) => !writes))('$operationId writes nothing', async ({ operationId, status }) => {
  const api = await ready(operationId)
  const before = await readRows(api.id)
  expect(messageOf(await api.call(...api.request()))).toEqual([status, undefined])
  expect(compareRows(before, await readRows(api.id))).toEqual([])
})

describe.each(kinds)('an operation that $kind ($operationId)', ({ operation, operationId }) => {
  let world: World
  let before: Rows
  beforeAll(async () => {
    world = await withCredentials(operationId)
    before = await readRows(world.mine.id)
  })
  beforeEach(() => {
    vi.setSystemTime(world.now)
  })

  it.each(Object.entries(REFUSED))('refuses %s, keeps and tells nothing', async (_, authorization) => {
    const { mine } = world
    const credential = await authorization(world)
    const headers = { ...(credential !== undefined && { Authorization: credential }), ...key('a key') }
    const answer = await client(undefined).call(...mine.request(), headers)
    expect([answer.status, answer.body, answer.headers.get('WWW-Authenticate')]).toEqual([401, UNAUTHORIZED, 'Bearer'])
    for (const header of ['ETag', 'Location', 'Idempotency-Replayed', 'X-D1-Bookmark']) expect(answer.headers.get(header)).toBeNull()
    expect(compareRows(before, await readRows(mine.id))).toEqual([])
    if (credential) expect(printed).not.toContain(credential.split(' ').at(-1))
    expect(printed).not.toContain(mine.id)
  })

  it.each(ROLES)('answers %s if the role may', async (_, role, token) => {
    const { mine } = world
    const refusal = refusalOf(operation, role)
    const isDry = operation.writes && !refusal
    const answer = await client(token(world)).call(...mine.request(isDry ? { dry_run: true } : {}), refusal ? key('a key') : {})
    if (refusal) {
      expect([answer.status, answer.body]).toEqual([403, { message: refusal }])
      for (const header of ['WWW-Authenticate', 'ETag', 'Location', 'Idempotency-Replayed']) expect(answer.headers.get(header)).toBeNull()
    } else expect(messageOf(answer)).toEqual([operation.status, undefined])
    if (operation.method === 'get' && !refusal) expect(answer.body).toEqual((await mine.call(...mine.request())).body)
    expect(compareRows(before, await readRows(mine.id))).toEqual([])
  })

  it.each([
    ['every account', 'all'],
    ['one account', 'one'],
    ['no account', 'none'],
  ] as const)('is for no portal token of %s, unless it is for the portal', async (_, which) => {
    const { mine, portals } = world
    const answer = await client(portals[which]).call(...mine.request(), key('a key'))
    if (operation.portal && operation.path.includes('{'))
      expect(messageOf(answer)).toEqual([403, expect.stringMatching(/^This portal token (?:reads another|does not read) /)])
    else if (operation.portal) {
      /** A list has nothing of others in it, and a query is told of the account that it names. */
      const [text, sent] = [JSON.stringify(answer.body), JSON.stringify(mine.request())]
      expect(ourIdsOf(before).filter((id) => text.includes(id) && !sent.includes(id))).toEqual([])
      if (answer.status !== 200)
        expect(messageOf(answer)).toEqual([403, expect.stringMatching(/(?:^T|: t)his portal token (?:reads another|does not read) /)])
    } else
      expect([answer.status, answer.body]).toEqual([
        403,
        { message: 'A portal token reads what belongs to its customer and accounts, and nothing else.' },
      ])
    expect(compareRows(before, await readRows(mine.id))).toEqual([])
  })

  const refusing = () => {
    const keys: string[] = []
    return { keys, limit: { limit: ({ key: one }: { key: string }) => (keys.push(one), Promise.resolve({ success: false })) } }
  }

  it('answers 429 to a token over its limit, and does nothing', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const { mine, administrator } = world
    const { keys, limit } = refusing()
    const answer = await client(administrator.token, env.DB, { TOKEN_LIMIT: limit }).call(...mine.request())
    expect([answer.status, answer.body, answer.headers.get('Retry-After')]).toEqual([
      429,
      { message: 'Too many requests with this token. Wait a few seconds.' },
      '10',
    ])
    expect(answer.headers.get('WWW-Authenticate')).toBeNull()
    expect(keys).toEqual([administrator.id])
    expect(compareRows(before, await readRows(mine.id))).toEqual([])
  })

  it('answers 429 to an address over its limit', async () => {
    const { mine } = world
    const { keys, limit } = refusing()
    const answer = await client('unknown', env.DB, { REFUSED_LIMIT: limit }).call(...mine.request(), { 'CF-Connecting-IP': '192.0.2.1' })
    expect([answer.status, answer.headers.get('Retry-After'), answer.headers.get('WWW-Authenticate')]).toEqual([429, '60', null])
    expect(keys).toEqual(['192.0.2.1'])
    expect(compareRows(before, await readRows(mine.id))).toEqual([])
  })
})

const OUR_ID = new RegExp(
  String.raw`\b(?:${Object.values(RESOURCES)
    .map(({ prefix }) => prefix)
    .join('|')})\.[\w.-]+|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`,
  'g',
)

/** The ids in a text that the server made, by which nothing of one organization is mistaken for another's. */
const ourIdsIn = (text: string): string[] => [...new Set(text.match(OUR_ID))]
const ourIdsOf = (rows: Rows): string[] => ourIdsIn(Object.values(rows).flat().join('\n'))

/** These name accounts and events, and need none to be there: an event is kept before its account is, and usage of nobody is none. */
const looksForNothing = new Set(['ingest', 'ingestBatch', 'eventCorrection', 'getMetrics'])

/** Their contract has no 404: what a body names and is not there is a 400. */
const refusesWith400 = new Set(['addLicenseUpdateEntry', 'ingestEntitledEvent'])

/** What these write is in ledgers alone, once the organization has them. */
const keepsInLedgers = new Set(['ingestEntitledEvent'])

/** These are built in, and no organization's: all read the same. */
const isOfNobody = new Set(['getAlertTemplates', 'getAlertTemplate'])

const NOT_THERE = /^(?:[\w.[\]]+: t|T)he [\w -]+ "[^"]+" does not exist\.?$|^\w+: there is no [A-Z_]+ "[^"]+"$/

/** Of a stranger's thing it is said that it does not exist, or that the account that was named does not have it. */
const NOT_THEIRS = new RegExp(`${NOT_THERE.source}|^[\\w.[\\]]+: "[^"]+" has no \\w+ "[^"]+"$`)

/** These change what ledgers keep. */
const changesLedgers = new Set([
  'ingest',
  'ingestBatch',
  'eventCorrection',
  'ingestEntitledEvent',
  'updateFeatureCreditEntry',
  'voidFeatureCreditEntry',
])

/** What ledgers keep of an organization: its events, and the credits of features of its accounts. */
const readLedgers = async ({ get }: Ready): Promise<unknown[]> => {
  const answers = [await get('/events?pageSize=50'), await get(`/accounts/${accountId}/entitlements`)]
  expect(answers[0]?.status).toBe(200)
  return answers.map(({ status, body }) => [status, body as unknown])
}

/**
 * Sends as one organization what is of the other: both have the same ids of their own, so that only an id that the server made tells whose it
 * is. It is not there, and nothing of either is changed or told.
 */
const holdStranger = async (mine: Ready, theirs: Ready, { operationId, method }: Operation): Promise<void> => {
  const [sent, own] = [mine.request(), theirs.request()]
  if (JSON.stringify(sent) === JSON.stringify(own)) return
  const [before, other] = [await readRows(mine.id), await readRows(theirs.id)]
  const answer = await theirs.call(...sent, method === 'get' ? {} : key('a key of a stranger'))
  const text = JSON.stringify(answer.body)
  const known = new Set([...ourIdsOf(other), ...ourIdsIn(JSON.stringify(sent))])
  expect(ourIdsOf(before).filter((id) => text.includes(id) && !known.has(id))).toEqual([])
  expect(compareRows(before, await readRows(mine.id))).toEqual([])
  if (answer.status >= 400) expect(compareRows(other, await readRows(theirs.id))).toEqual([])
  const isList = method === 'get' && answer.status === 200
  const rows = (answer.body.data ?? answer.body.events) as unknown[] | undefined
  if (isList) expect(rows).toEqual([])
  else
    expect([operationId, ...messageOf(answer)]).toEqual([
      operationId,
      refusesWith400.has(operationId) ? 400 : 404,
      expect.stringMatching(NOT_THEIRS),
    ])
}

describe('of two organizations', () => {
  it.each(walked)('one that has nothing is told so by $operationId', async ({ operationId, method, path, status }) => {
    const [mine, theirs] = [await ready(operationId), await organization()]
    const before = await readRows(mine.id)
    const request = mine.request()
    const answer = await theirs.call(...request, key('a key'))
    expect(compareRows(before, await readRows(mine.id))).toEqual([])
    const text = JSON.stringify(answer.body)
    const sent = JSON.stringify(request)
    expect(ourIdsOf(before).filter((id) => text.includes(id) && !sent.includes(id))).toEqual([])
    if (isOfNobody.has(operationId)) {
      const own = await mine.call(...request)
      /** A token of a page is of one organization. */
      const readOf = ({ body }: Answer) => ({ ...body, nextToken: undefined })
      expect([answer.status, readOf(answer)]).toEqual([status, readOf(own)])
      return
    }
    /** What the example stands on is named by its path or its body; a list that stands on something is empty, or has what is their own. */
    const namesOthers =
      path.includes('{') || (method !== 'get' && !looksForNothing.has(operationId) && exampleOf(operationId).after !== undefined)
    const expected = operationId === 'eventCorrection' ? [400, 'No events match the given filters'] : [status, undefined]
    const notThere = [refusesWith400.has(operationId) ? 400 : 404, expect.stringMatching(NOT_THERE)]
    expect(messageOf(answer)).toEqual(namesOthers ? notThere : expected)
    if (namesOthers || method !== 'get') return
    const own = ourIdsOf(await readRows(theirs.id))
    const rows = (answer.body.data ?? answer.body.events ?? [answer.body]) as unknown[]
    const isList = !rows.includes(answer.body)
    if (!isList) expect(ourIdsIn(JSON.stringify(rows)).filter((id) => !own.includes(id))).toEqual([])
    else expect(rows.filter((row) => !ourIdsIn(JSON.stringify(row)).some((id) => own.includes(id)))).toEqual([])
  })

  it.each(walkedWrites)('each changes its own with $operationId, under one key, and nothing of the other', async (operation) => {
    const { operationId, status } = operation
    const [mine, theirs] = [await ready(operationId), await ready(operationId)]
    await holdStranger(mine, theirs, operation)
    const first = await mine.call(...mine.request(), key('a key'))
    const [before, other] = [await readRows(mine.id), await readRows(theirs.id)]
    const inLedgers = changesLedgers.has(operationId) && (await readLedgers(mine))
    const answer = await theirs.call(...theirs.request(), key('a key'))
    if (inLedgers) expect(await readLedgers(mine)).toEqual(inLedgers)
    expect([...messageOf(answer), replayed(answer), first.status]).toEqual([status, undefined, null, status])
    expect(compareRows(before, await readRows(mine.id))).toEqual([])
    if (!keepsInLedgers.has(operationId)) expect(compareRows(other, await readRows(theirs.id))).not.toEqual([])
  })

  it.each(walked.filter(({ writes }) => !writes))('each reads its own with $operationId, and nothing of the other', async (operation) => {
    const { operationId, status } = operation
    const [mine, theirs] = [await ready(operationId), await ready(operationId)]
    await holdStranger(mine, theirs, operation)
    const [before, other] = [await readRows(mine.id), await readRows(theirs.id)]
    const answer = await theirs.call(...theirs.request())
    expect(messageOf(answer)).toEqual([status, undefined])
    const text = JSON.stringify(answer.body)
    const known = ourIdsOf(other)
    const strangers = ourIdsOf(before).filter((id) => !known.includes(id))
    expect(strangers.length).toBeGreaterThan(0)
    expect(strangers.filter((id) => text.includes(id))).toEqual([])
  })

  const filtersOf = (operationId: string) => Object.entries({ ...exampleOf(operationId).query, ...exampleOf(operationId).instead })

  it.each(walked.filter(isPaged))('one finds nothing by a filter of the other: $operationId', async ({ operationId }) => {
    const [mine, theirs] = [await ready(operationId), await organization()]
    for (const [name, value] of filtersOf(operationId)) {
      const request = mine.requestWith({ [name]: value })
      const [found, answer] = [await mine.call(...request), await theirs.call(...request)]
      const own = ourIdsOf(await readRows(theirs.id))
      const rows = (answer.body.data ?? answer.body.events ?? []) as unknown[]
      if (found.status !== 200) expect(answer.body).toEqual(found.body)
      else expect([request[1], (found.body.data ?? found.body.events).length > 0]).toEqual([request[1], true])
      if (found.status === 200 && answer.status !== 404 && !isOfNobody.has(operationId))
        expect(rows.filter((row) => !ourIdsIn(JSON.stringify(row)).some((id) => own.includes(id)))).toEqual([])
    }
  })

  it.each(walked.filter(isPaged))('one cannot go on with a page of the other: $operationId', async ({ operationId, path: template }) => {
    const [mine, theirs] = [await ready(operationId), await ready(operationId)]
    const { after = [] } = exampleOf(operationId)
    const makers = after.filter((before) => operationOf(readAfter(before).operationId).writes)
    const maker = makers.find((before) => operationOf(readAfter(before).operationId).path === template) ?? makers.at(-1)
    if (maker) await mine.makeOther(maker)
    const [method, path] = mine.request()
    const required = REQUIRED_QUERIES[operationId]
    const list = `${path.split('?')[0] ?? path}${required === undefined ? '?' : `${required}&`}`
    const { nextToken } = (await mine.call(method, `${list}pageSize=1`)).body
    expect(nextToken).toBeTypeOf('string')
    const next = `${list}nextToken=${encodeURIComponent(nextToken)}`
    expect(messageOf(await mine.call(method, next))).toEqual([200, undefined])
    expect(messageOf(await theirs.call(method, next))).toEqual([
      400,
      'nextToken: must be the nextToken of a page of this list, as it was given',
    ])
  })
})
