import type { Answer, Request } from './torture_requests.ts'
import { must } from './torture_values.ts'

/** What the ids of its events begin with, since the files of the ledgers do not say whose they are. */
export const MONEY = 'money-'
/** What the ids of the accounts begin with that buy, and how many there are. */
export const [BUYER, BUYERS] = ['buyer-', 6] as const
/** The source of the payments that are recorded by it. */
export const GATEWAY = 'gateway'

export const KINDS = [
  'TOP_UP',
  'CREDIT',
  'VOID_CREDIT',
  'PAYMENT',
  'REFUND',
  'STATUS',
  'PAID',
  'LICENSE',
  'PLAN',
  'CUSTOM',
  'EVENTS',
  'CORRECTION',
] as const
export type Kind = (typeof KINDS)[number]

/** Of so many acts of a kind, some can be done. */
const MANY = 20

/** A write. */
export interface Act {
  kind: Kind
  request: Request
  /** What tells what it has made from what other acts of its kind make, as the database has it. */
  mark: string
  /** What is known when it has been done. */
  learn?: (answer: Pick<Answer, 'body'>) => void
  /** What is known when it has been refused. */
  forget?: () => void
}

/** An event, and all that it may be now: its distance in hundredths, or undefined if it is not there. */
export interface BoughtEvent {
  id: string
  account: string
  time: number
  may: ReadonlySet<bigint | undefined>
  /** Whether it is being sent or corrected. */
  isBusy: boolean
}

/** What is known of the buyers by the answers alone. */
export const newModel = () => {
  const refused = new Map<Kind, number>()
  const done = new Map<Kind, string[]>(KINDS.map((kind) => [kind, []]))
  /** What is being asked, or was when the Worker was killed: it may have been done or not. */
  const open = new Set<Act>()
  return {
    done,
    open,
    events: new Map<string, BoughtEvent>(),
    /** The payments that were answered, by their references, each with its request. */
    payments: new Map<string, { request: Request; body: Record<string, unknown> }>(),
    /** The plan that each buyer was given last, which is in force without an end. */
    plans: new Map<string, string>(),
    /** Adds what an act has done. */
    note: ({ kind, mark }: Act): unknown => done.get(kind)?.push(mark),
    /** Adds that an act was refused. */
    noteRefusal: ({ kind }: Act): unknown => refused.set(kind, (refused.get(kind) ?? 0) + 1),
    /** The kinds of which each act was refused, though so many were asked for that some were possible. */
    listImpossible: (): Kind[] => KINDS.filter((kind) => !done.get(kind)?.length && (refused.get(kind) ?? 0) >= MANY),
    /** Holds what is there of a kind against what was done: all of that, each once, and what may have been done. */
    holdMarks: (kinds: readonly Kind[], what: string, found: readonly string[]): void => {
      const left = new Map<string, number>()
      for (const mark of found) left.set(mark, (left.get(mark) ?? 0) + 1)
      const take = (mark: string): boolean => {
        const count = left.get(mark) ?? 0
        left.set(mark, count - 1)
        return count > 0
      }
      for (const mark of kinds.flatMap((kind) => done.get(kind) ?? [])) must(take(mark), `${what} was answered, and is not there: ${mark}`)
      for (const { kind, mark } of open) if (kinds.includes(kind)) take(mark)
      for (const [mark, count] of left) must(count <= 0, `${what} is there ${count} times more often than it was asked for: ${mark}`)
    },
  }
}
export type MoneyModel = ReturnType<typeof newModel>
