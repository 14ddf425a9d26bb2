import { createStore, useStore } from './store.ts'

/** Where the console is. */
const BASE = '/console'

interface Address {
  path: string
  query: URLSearchParams
}

const readAddress = (): Address => ({ path: location.pathname, query: new URLSearchParams(location.search) })

const address = createStore(readAddress())

export const useAddress = (): Address => useStore(address)

addEventListener('popstate', () => address.set(readAddress()))

/** Goes to an address of the console. `replaces` leaves no step back to where we are. */
export const goTo = (to: string, { replaces = false, keepsScroll = false } = {}): void => {
  if (replaces) history.replaceState(history.state, '', to)
  else history.pushState({ isOurs: true }, '', to)
  address.set(readAddress())
  if (!replaces && !keepsScroll) scrollTo(0, 0)
}

/** Whether the step back leads to a page of the console. */
export const hasStepBack = (): boolean => (history.state as { isOurs?: boolean } | null)?.isOurs === true

/** Lets links within the console change the page without loading it again. */
export const followLinks = (): void =>
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest?.('a')
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const { origin, pathname, search, hash } = new URL(link.href)
    if (link.target || link.hasAttribute('download') || origin !== location.origin || !`${pathname}/`.startsWith(`${BASE}/`)) return
    if (hash && pathname === location.pathname) return
    event.preventDefault()
    goTo(pathname + search)
  })

type Parameters = Readonly<Record<string, string | undefined>>

const withParameters = (query: URLSearchParams, changes: Parameters): string => {
  const next = new URLSearchParams(query)
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value)
    else next.delete(name)
  }
  const text = next.toString()
  return text ? `?${text}` : ''
}

/** The address of a page of the console, such as `linkTo('customers', id)`. */
export const linkTo = (page: string, ...ids: (string | Parameters)[]): string => {
  const segments = ids.filter((id): id is string => typeof id === 'string').map(encodeURIComponent)
  const parameters = ids.find((id): id is Parameters => typeof id === 'object')
  return [BASE, page, ...segments].filter(Boolean).join('/') + (page ? '' : '/') + withParameters(new URLSearchParams(), parameters ?? {})
}

/** The state of a page that is in its address: it can be left, come back to, and sent to somebody. */
export const useParameters = (): { get: (name: string) => string | undefined; set: (changes: Parameters, replaces?: boolean) => void } => {
  const { path, query } = useAddress()
  return {
    get: (name) => query.get(name) || undefined,
    set: (changes, replaces = false) =>
      goTo(path + withParameters(new URLSearchParams(location.search), changes), { replaces, keepsScroll: true }),
  }
}
