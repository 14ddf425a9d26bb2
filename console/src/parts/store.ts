import { useEffect, useState } from 'preact/hooks'

/** A value that several parts of the page show, and that each of them follows. */
interface Store<Value> {
  get: () => Value
  set: (value: Value) => void
  follow: (listener: () => void) => () => void
}

export const createStore = <Value>(initial: Value): Store<Value> => {
  let current = initial
  const listeners = new Set<() => void>()
  return {
    get: () => current,
    set: (value) => {
      current = value
      for (const listener of listeners) listener()
    },
    follow: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

export const useStore = <Value>(store: Store<Value>): Value => {
  const [, render] = useState({})
  useEffect(() => store.follow(() => render({})), [store])
  return store.get()
}
