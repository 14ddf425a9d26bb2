import { useEffect, useRef, useState } from 'preact/hooks'
import { type Failure, failureOf } from './failure.ts'
import { createStore } from './store.ts'

interface Kept {
  data: unknown
  at: number
}

/** How long what was read is shown without being read again, in milliseconds. What is older is shown, and read again beside that. */
const FRESH = 5000
const MOST_KEPT = 200

/** What was read in this tab. A page that is come back to shows it at once. */
const kept = new Map<string, Kept>()

/** Grows with each change, after which all is read again. */
const changes = createStore(0)

/** How many parts of the page show what was read under a key. That is not forgotten: a form may stand in it. */
const inView = new Map<string, number>()

const countView = (key: string, by: 1 | -1): void => {
  const count = (inView.get(key) ?? 0) + by
  if (count > 0) inView.set(key, count)
  else inView.delete(key)
}

const keep = (key: string, data: unknown): void => {
  kept.delete(key)
  kept.set(key, { data, at: Date.now() })
  if (kept.size <= MOST_KEPT) return
  const oldest = [...kept.keys()].find((one) => !inView.has(one))
  if (oldest !== undefined) kept.delete(oldest)
}

/** What is being asked now. Parts of a page that ask the same thing ask it once. What was asked before a change is not kept. */
const underWay = new Map<string, { asking: Promise<unknown> }>()

const askOnce = (key: string, ask: () => Promise<unknown>): Promise<unknown> => {
  const other = underWay.get(key)
  if (other) return other.asking
  const turn = { asking: ask() }
  underWay.set(key, turn)
  const settle = (isRight: boolean, data?: unknown): void => {
    if (underWay.get(key) !== turn) return
    underWay.delete(key)
    if (isRight) keep(key, data)
  }
  turn.asking = turn.asking.then(
    (data) => {
      settle(true, data)
      return data
    },
    (error: unknown) => {
      settle(false)
      throw error
    },
  )
  return turn.asking
}

/** Forgets what was read, since something was changed. What is on the page is read again. */
export const forgetReads = (): void => {
  for (const one of kept.values()) one.at = 0
  underWay.clear()
  changes.set(changes.get() + 1)
}

/** Forgets even what could be shown meanwhile, since another token reads. */
export const clearReads = (): void => {
  kept.clear()
  underWay.clear()
}

export interface Reading<Data> {
  data: Data | undefined
  failure: Failure | undefined
  isLoading: boolean
  reload: () => void
}

/** Reads data and reads it again when its key changes, something was changed, or every `period` milliseconds, which may depend on what was read. Without a key nothing is read. */
export const useRead = <Data>(
  key: string | undefined,
  ask: () => Promise<Data>,
  period?: number | ((data: Data | undefined) => number | undefined),
): Reading<Data> => {
  const [, render] = useState({})
  const failure = useRef<{ key: string; failure: Failure } | undefined>(undefined)
  const loading = useRef<string | undefined>(undefined)
  const asking = useRef(ask)
  asking.current = ask
  const known = key === undefined ? undefined : kept.get(key)
  const data = known?.data as Data | undefined
  const every = typeof period === 'function' ? period(data) : period
  const load = useRef<(isForced: boolean) => void>(() => {})
  useEffect(() => {
    if (key === undefined) return undefined
    let isOver = false
    const readNow = async (isForced: boolean): Promise<void> => {
      const before = kept.get(key)
      if (!isForced && before && Date.now() - before.at < FRESH) {
        /** Another part of the page may have read it since this one was drawn. */
        render({})
        return
      }
      loading.current = key
      render({})
      try {
        await askOnce(key, asking.current)
        if (!isOver) failure.current = undefined
      } catch (error) {
        if (!isOver) failure.current = { key, failure: failureOf(error) }
      }
      if (isOver) return
      loading.current = undefined
      render({})
    }
    countView(key, 1)
    load.current = (isForced) => void readNow(isForced)
    load.current(false)
    const stop = changes.follow(() => load.current(true))
    const timer = every ? setInterval(() => document.visibilityState === 'visible' && load.current(true), every) : undefined
    return () => {
      isOver = true
      countView(key, -1)
      loading.current = undefined
      stop()
      clearInterval(timer)
    }
  }, [key, every])
  return {
    data,
    failure: failure.current && failure.current.key === key ? failure.current.failure : undefined,
    isLoading: key !== undefined && (loading.current === key || (known === undefined && failure.current?.key !== key)),
    reload: () => load.current(true),
  }
}
