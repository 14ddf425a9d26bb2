/*
 * Webhooks own the endpoints of organizations, and what is sent to them and when.
 * They read the outbox, which every commit writes, and ask every domain before them for what its reads answer.
 * Never wrong: an event reaches each of its endpoints at least once, and a receiver knows it again by its id.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** The messages of the conflicts that webhooks raise. */
export const webhookConflicts: ConflictWords = {
  TOO_MANY_WEBHOOK_ENDPOINTS: {
    code: 'UNPROCESSABLE',
    say: (count) => `There are ${count} webhook endpoints that are not deleted, and there can be no more`,
  },
  WEBHOOK_ENDPOINT_NOT_ENABLED: {
    say: (id, status) => `The webhook endpoint "${id}" is ${status}, and is sent nothing`,
  },
}
