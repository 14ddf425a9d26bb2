import { createStore, useStore } from './store.ts'

export type Role = 'ADMINISTRATOR' | 'DEVELOPER' | 'ANALYST'

interface Session {
  jwt: string
  role: Role
  tokenId: string
  /** In milliseconds. */
  expiresAt: number
}

const KEY = 'togai console session'

/** Reads what a JWT says of its token. The Worker alone checks it. */
const sessionOf = (jwt: string): Session => {
  const [, payload = ''] = jwt.split('.')
  const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.codePointAt(0) ?? 0)
  const { role, sub, exp } = JSON.parse(new TextDecoder().decode(bytes)) as { role: Role; sub: string; exp: number }
  return { jwt, role, tokenId: sub, expiresAt: exp * 1000 }
}

const readKept = (): Session | undefined => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Session | null
    return kept && kept.expiresAt > Date.now() ? kept : undefined
  } catch {
    return undefined
  }
}

/** Who is signed in in this tab. The JWT is in sessionStorage, which ends with the tab; the token itself is not kept. */
export const session = createStore<Session | undefined>(readKept())

/** Why nobody is signed in any more, for the page that asks for a token. */
export const farewell = createStore<string | undefined>(undefined)

export const signIn = (jwt: string): void => {
  const opened = sessionOf(jwt)
  sessionStorage.setItem(KEY, JSON.stringify(opened))
  farewell.set(undefined)
  session.set(opened)
}

export const signOut = (reason?: string): void => {
  sessionStorage.removeItem(KEY)
  farewell.set(reason)
  session.set(undefined)
}

/** What the role of the token allows. A control that would be refused is not shown. */
export const useRights = (): { writes: boolean; administers: boolean } => {
  const role = useStore(session)?.role
  return { writes: role === 'ADMINISTRATOR' || role === 'DEVELOPER', administers: role === 'ADMINISTRATOR' }
}
