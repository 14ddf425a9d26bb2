import { setTimeout as wait } from 'node:timers/promises'

interface Answer {
  id: string
  now: string
  token: string
  message?: string
  data: Record<string, unknown>[]
  nextToken?: string
}

export type Send = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object) => Promise<Answer>

const ATTEMPTS = 20
/** A move may take several requests, which are the same if they are sent again. */
const CLOCK = '/test_clock'

/** Sends requests to the Worker. Each write has a key of its path and its place among those of that path, so that a filling that was interrupted goes on from there. */
export const sender = (url: string, token: string): Send => {
  const counts = new Map<string, number>()
  return async (method, path, body) => {
    const text = body && JSON.stringify(body)
    const content = `${method} ${path}`
    const count = (counts.get(content) ?? 0) + 1
    counts.set(content, count)
    const headers: Record<string, string> = { Authorization: `Bearer ${token}` }
    if (body) headers['Content-Type'] = 'application/json'
    if (method !== 'GET' && path !== CLOCK) headers['Idempotency-Key'] = `sample ${content} ${count}`.replaceAll(',', ' ').slice(0, 255)
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(url + path, { method, headers, ...(text && { body: text }) })
      const answer = (await response.json()) as Answer
      const after = response.headers.get('Retry-After')
      if (response.ok) return answer
      if (after === null || attempt === ATTEMPTS) throw new Error(`${content} was answered ${response.status}: ${answer.message}`)
      await wait(1000 * Number(after))
    }
  }
}

/** Moves the clock, as many requests as that takes. */
export const moveClock = async (send: Send, now: string): Promise<void> => {
  while ((await send('POST', CLOCK, { now })).now < now);
}

/** The whole of a list. */
export const readAll = async (send: Send, path: string): Promise<Record<string, unknown>[]> => {
  const all: Record<string, unknown>[] = []
  for (let next = ''; ;) {
    const { data, nextToken } = await send('GET', `${path}${path.includes('?') ? '&' : '?'}nextToken=${encodeURIComponent(next)}`)
    all.push(...data)
    if (!nextToken) return all
    next = nextToken
  }
}

/** How many requests are under way at once. */
const TOGETHER = 4

/** Does work for each item, some at a time. */
export const together = async <Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> => {
  const left = [...items]
  const workers = Array.from({ length: TOGETHER }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  })
  await Promise.all(workers)
}
