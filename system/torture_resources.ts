import { randomBytes, randomInt } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Answer, send } from './torture_requests.ts'
import { server } from './torture_server.ts'
import { must, pick } from './torture_values.ts'
import { type Resource, type Shown, type Write, chooseWrite, pathOf, settingId } from './torture_writes.ts'

const CLIENTS = 32

export interface Client {
  number: number
  token: string
  resources: Set<Resource>
  /** Aliases that move from one account to another. */
  freed: string[]
  last?: [Write, Answer]
  /** The write that got no answer because the server was killed. It may have been made or not. */
  lost?: Write | undefined
}

export const clients = Array.from({ length: CLIENTS }, (_, number): Client => {
  return { number, token: randomBytes(32).toString('base64url'), resources: new Set(), freed: [] }
})
const [reader] = clients as [Client]
export const counts = { acknowledged: 0, lost: 0, made: 0 }

const json = (what: unknown): string => JSON.stringify(what) ?? 'nothing'
export const nameOf = ({ type, id }: Pick<Resource, 'type' | 'id'>): string => `${type} ${id}`
export const listed = (names: Iterable<string>): string => [...names].slice(0, 3).join(', ')

/** Says what is wrong with the content of a resource. An answer may show only a part of it. */
const difference = (right: Shown | undefined, seen: Shown | undefined, part = false): string | undefined => {
  if (!right || !seen) return right === seen ? undefined : right ? 'it is missing' : 'it is there'
  const field = Object.keys(right).find((name) => (name in seen || !part) && !isDeepStrictEqual(right[name], seen[name]))
  return field && `its ${field} is ${json(seen[field])} and not ${json(right[field])}`
}

const readList = async (path: string, filter = ''): Promise<Shown[]> => {
  const items: Shown[] = []
  for (let query: string | undefined = `pageSize=100${filter}`; query;) {
    const page = (await send(reader, { method: 'GET', path: `${path}?${query}` }))?.body as { data: Shown[]; nextToken?: string }
    items.push(...page.data)
    query = page.nextToken && `nextToken=${encodeURIComponent(page.nextToken)}`
  }
  return items
}

/** All of a list, each by its name. */
const readNamed = async (
  type: Resource['type'],
  path: string,
  filter = '',
  idOf = ({ id }: Shown) => String(id),
): Promise<[string, Shown][]> => (await readList(path, filter)).map((one): [string, Shown] => [nameOf({ type, id: idOf(one) }), one])

/** Every customer, account and setting, by its name. */
const readAll = async (): Promise<Map<string, Shown>> => {
  const ofCustomers = [readNamed('CUSTOMER', '/customers'), readNamed('CUSTOMER', '/customers', '&status=ARCHIVED')]
  const ofAccounts = [readNamed('ACCOUNT', '/accounts'), readNamed('ACCOUNT', '/accounts', '&status=ARCHIVED')]
  const lists = [...ofCustomers, ...ofAccounts, readNamed('SETTING', '/settings', '', settingId)]
  return new Map((await Promise.all(lists)).flat())
}

/** Checks the answer to a write, and stores the new content of its resources. */
const note = (client: Client, write: Write, answer: Answer): void => {
  const { operationId, key, effects } = write
  for (const [index, [resource, shown]] of effects.entries()) {
    const [seen, tag] = index ? [answer.body['account'] as Shown | undefined] : [answer.body, answer.tag]
    const wrong = index < 2 && seen && difference(shown, seen, true)
    must(!wrong, `${operationId} of ${nameOf(resource)} was not answered as asked: ${wrong}`)
    client.resources.add(resource)
    Object.assign(resource, { shown, before: resource.shown, tag })
    const version = resource.history.push({ operationId, key, requestId: answer.replayed ? undefined : answer.requestId })
    must(index || Number.parseInt(tag ?? '', 10) === version, `change ${version} of ${nameOf(resource)} was answered with the ETag ${tag}`)
  }
  if (operationId === 'removeAliases') client.freed.push(...(write.body?.['aliases'] as string[]))
  client.last = [write, answer]
  counts.acknowledged++
}

const makeWrite = async (client: Client): Promise<void> => {
  const write = chooseWrite(client)
  const answer = await send(client, write)
  must(!answer?.replayed, `${write.operationId} under the new key ${write.key} was answered as a repetition`)
  if (answer) note(client, write, answer)
  else client.lost = write
}

/** Repeats an answered request, and checks that the answer is the same. */
const repeat = async (client: Client): Promise<void> => {
  const [write, first] = client.last ?? []
  const again = write && (await send(client, write))
  if (!again) return
  const wrong = difference(first?.body, again.body)
  const right = again.replayed && again.tag === first?.tag && !wrong
  const said = `${again.replayed ? '' : 'not '}as a repetition, with the ETag ${again.tag} after ${first?.tag}${wrong ? `; ${wrong}` : ''}`
  must(right, `${write.operationId} under the key ${write.key}, sent again after its answer, was answered ${said}`)
}

/** Reads a resource of the client, and checks its content. */
const readBack = async (client: Client, resource = pick([...client.resources])): Promise<void> => {
  const seen = resource && (await send(client, { method: 'GET', path: pathOf(resource) }))
  if (!seen) return
  const wrong = difference(resource.shown, seen.body, true)
  must(!wrong, `${nameOf(resource)} is not as was told: ${wrong}`)
  const { tag = seen.tag, history } = resource
  const right = seen.tag === tag && Number.parseInt(tag ?? '', 10) === history.length
  must(right, `${nameOf(resource)} has the ETag ${seen.tag} after ${history.length} changes, of which the last was answered with ${tag}`)
}

/** Some clients wait between their requests, so that a kill meets them at different steps. */
export const work = async (client: Client): Promise<void> => {
  for (; !server.killed; await wait(randomInt(10 * client.number + 1)))
    await (pick([makeWrite, makeWrite, makeWrite, makeWrite, readBack, repeat]) ?? makeWrite)(client)
}

/** The resources of a client, and their content if its unanswered write was made. */
export const owned = ({ resources, lost }: Client): [Resource, Shown | undefined][] => {
  const changed = new Map(lost?.effects)
  return [...new Set([...resources, ...changed.keys()])].map((resource) => [resource, changed.get(resource)])
}

/** Repeats a write whose answer was lost, and checks that it is made once. */
const settle = async (client: Client, lost: Write, isMade: boolean): Promise<void> => {
  const answer = await send(client, lost)
  const said = `${lost.operationId} under the key ${lost.key} had ${isMade ? '' : 'not '}been made when its answer was lost`
  must(answer?.replayed === isMade, `${said}, and was ${isMade ? 'not ' : ''}answered as a repetition`)
  client.lost = undefined
  counts.lost++
  if (isMade) counts.made++
  note(client, lost, answer)
  const changed = lost.effects.map(async ([resource]) => {
    if (resource.type === 'SETTING') return
    await readBack(client, resource)
    const { length } = await readList('/audit_log', `&resource_type=${resource.type}&resource_id=${resource.id}`)
    const right = resource.history.length
    must(length === right, `${said}; after ${right} changes of ${nameOf(resource)} the audit log shows ${length}`)
  })
  await Promise.all(changed)
}

/** Reads everything after a start, and checks that it is as the clients know it. An unanswered write may have been made or not. */
export const recover = async (): Promise<void> => {
  const found = await readAll()
  const settled = clients.map(async (client) => {
    const made = new Set<boolean>()
    for (const [resource, after] of owned(client)) {
      const name = nameOf(resource)
      const seen = found.get(name)
      const [before, wrong] = [difference(resource.shown, seen), after && difference(after, seen)]
      const isMade = after !== undefined && !wrong
      const nor = wrong ? `, nor as ${client.lost?.operationId} makes it: ${wrong}` : ''
      must(isMade || !before, `${name} is not as was told: ${before}${nor}`)
      if (after) made.add(isMade)
      found.delete(name)
    }
    must(made.size < 2, `${client.lost?.operationId} under the key ${client.lost?.key} was made in part`)
    if (client.lost) await settle(client, client.lost, made.has(true))
    await repeat(client)
  })
  await Promise.all(settled)
  must(!found.size, `there is what nobody made: ${listed(found.keys())}`)
}
