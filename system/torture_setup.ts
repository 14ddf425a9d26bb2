import type { Send } from './torture_requests.ts'
import { must } from './torture_values.ts'

/** What a load makes before it works, with keys that begin with its name. An answer must come. */
export const openSetup = (send: Send, name: string) => {
  let made = 0
  return async (path: string, body?: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const answer = await send({ method: 'POST', path, body, headers: { 'Idempotency-Key': `${name} ${++made}` } })
    must(answer, `POST ${path} was not answered`)
    return answer.body
  }
}
