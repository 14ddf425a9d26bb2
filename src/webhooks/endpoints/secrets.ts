import type { Ctx } from '../../db/context.ts'
import { decrypt, encrypt, macOf } from '../../lib/sign.ts'
import type { webhookEndpoints } from './table.ts'

type EndpointRow = typeof webhookEndpoints.$inferSelect
type Secrets = Pick<Ctx, 'secrets'>

const SIZE = 32

/** Creates a secret of the form of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
export const newSecret = (): string => `whsec_${crypto.getRandomValues(new Uint8Array(SIZE)).toBase64()}`

const purposeOf = ({ id, organizationId }: Pick<EndpointRow, 'id' | 'organizationId'>): string => `webhook secret ${organizationId} ${id}`

const LENGTH_OF_MARK = 16

/** A mark of the signing secret that encrypts now, by which what was encrypted with an earlier one is found. */
export const markOfKey = async ({ secrets }: Secrets): Promise<string> =>
  (await macOf(secrets[0] ?? '', 'webhook key', '')).slice(0, LENGTH_OF_MARK)

export const encryptSecret = (
  { secrets }: Secrets,
  endpoint: Pick<EndpointRow, 'id' | 'organizationId'>,
  secret: string,
): Promise<string> => encrypt(secrets[0] ?? '', purposeOf(endpoint), secret)

/** Reads an encrypted secret. Undefined if the signing secret with which it was encrypted is not known any more. */
export const decryptSecret = ({ secrets }: Secrets, endpoint: Pick<EndpointRow, 'id' | 'organizationId'>, secret: string) =>
  decrypt(secrets, purposeOf(endpoint), secret)

/** The secrets that sign for an endpoint at an instant (milliseconds), the newest first. */
export const readSigningSecrets = async (
  ctx: Secrets,
  row: Pick<EndpointRow, 'id' | 'organizationId' | 'secret' | 'previousSecret' | 'previousUntil'>,
  now: number,
): Promise<string[]> => {
  const isBoth = row.previousSecret !== null && row.previousUntil !== null && row.previousUntil > now
  const kept = [row.secret, ...(isBoth && row.previousSecret !== null ? [row.previousSecret] : [])]
  const found = await Promise.all(kept.map((one) => decryptSecret(ctx, row, one)))
  return found.filter((one) => one !== undefined)
}
