import { Webhook } from 'standardwebhooks'
import { faultOfAddress } from '../endpoints/address.ts'
import { readRetryAfter } from './back_off.ts'

/** How long a receiver may take to answer, in milliseconds. */
const LONGEST_ANSWER = 10_000

const USER_AGENT = 'togai-workers (webhooks)'

/** What is sent. The secrets sign, all of them. */
export interface SentWebhook {
  url: string
  secrets: readonly string[]
  eventId: string
  body: string
}

/** How a try ended. */
export interface TryResult {
  /** GONE: the receiver wants nothing any more. */
  outcome: 'DELIVERED' | 'FAILED' | 'GONE'
  /** The status of the answer, if there was one. */
  status: number | null
  /** Why it was not delivered, in words without anything of the URL. */
  error: string | null
  /** How long the receiver wants to be left alone, in milliseconds. */
  retryAfter?: number | undefined
  /** Whether to leave the endpoint for the rest of the run. */
  isLeft: boolean
}

const failed = (error: string, isLeft: boolean): TryResult => ({ outcome: 'FAILED', status: null, error, isLeft })

const explain = (status: number): string =>
  status >= 300 && status < 400 ? `It answered ${status}, and redirects are not followed.` : `It answered ${status}.`

const resultOf = ({ status, headers }: Response, now: number): TryResult => {
  if (status >= 200 && status < 300) return { outcome: 'DELIVERED', status, error: null, isLeft: false }
  if (status === 410) return { outcome: 'GONE', status, error: explain(status), isLeft: true }
  const isBusy = status === 429 || status === 503
  return {
    outcome: 'FAILED',
    status,
    error: explain(status),
    retryAfter: isBusy ? readRetryAfter(headers.get('Retry-After'), now) : undefined,
    isLeft: isBusy,
  }
}

/**
 * Sends a webhook once, by the Standard Webhooks specification: the id and the body are those of every try, the timestamp is `now`
 * (milliseconds), and each secret signs. Redirects are not followed, and nothing of the answer but its status is read.
 */
export const sendWebhook = async ({ url, secrets, eventId, body }: SentWebhook, now: number, allowsLocal: boolean): Promise<TryResult> => {
  const fault = faultOfAddress(url, allowsLocal)
  if (fault) return failed(`Its url ${fault}.`, true)
  if (!secrets.length) return failed('Its secret cannot be read: rotate it.', true)
  const at = new Date(now)
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(LONGEST_ANSWER),
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': USER_AGENT,
        'webhook-id': eventId,
        'webhook-timestamp': String(Math.floor(now / 1000)),
        'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(eventId, at, body)).join(' '),
      },
    })
    await response.body?.cancel().catch(() => {})
    return resultOf(response, now)
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError'
    return failed(isLate ? `It did not answer within ${LONGEST_ANSWER / 1000} s.` : 'It could not be reached.', true)
  }
}
