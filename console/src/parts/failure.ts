import type { Role } from './session.ts'

/** A request that was refused or lost, with what to do about it. */
export class Failure extends Error {
  readonly status: number
  readonly requestId: string | undefined
  constructor(status: number, message: string, requestId?: string) {
    super(message)
    this.status = status
    this.requestId = requestId
  }
}

/** The status of a request that got no answer. */
export const LOST = 0
export const UNREACHABLE = 'The server cannot be reached.'

export const failureOf = (error: unknown): Failure =>
  error instanceof Failure ? error : new Failure(-1, error instanceof Error ? error.message : String(error))

const ADVICE: Readonly<Record<number, string>> = {
  [LOST]: 'Check your connection, then try again. A change that you sent is made once, however often you send it.',
  400: 'Change what the message names, then send it again.',
  404: 'Check the address, or go back to the list.',
  409: 'Change your entry, or what it conflicts with.',
  412: 'Somebody has changed this since you opened it. Close this, open it again as it is now, then repeat your change.',
  413: 'Send less at once.',
  422: 'Change what the message names, then send it again.',
  429: 'Wait a moment, then try again.',
  503: 'Wait a moment, then try again.',
}

/** What a person can do about a failure. */
export const adviceOn = ({ status, requestId }: Failure, role: Role | undefined): string => {
  if (status === 403) return `Your token has the role ${role ?? 'of a portal'}. Ask an administrator for a token that may do this.`
  return (
    ADVICE[status] ??
    `Try again. If it stays like this, report ${requestId ? `the request ${requestId}` : 'what you did'} to those who run this.`
  )
}
