import { explainLogin, fail, findFault, run } from './wrangler.ts'

const base = process.env['CLOUDFLARE_API_BASE_URL'] ?? 'https://api.cloudflare.com/client/v4'

/** An error of Cloudflare's API. `status` is 0 if there was no answer. */
export interface Refusal {
  status: number
  codes: number[]
  message: string
}

type Answer<T> = { result: T; refusal?: never } | { result?: never; refusal: Refusal }

type Credentials = { type: 'oauth' | 'api_token'; token: string } | { type: 'api_key'; key: string; email: string }

/** The credentials that wrangler uses. */
const readCredentials = async (): Promise<Record<string, string>> => {
  const token = process.env['CLOUDFLARE_API_TOKEN']
  if (token) return { Authorization: `Bearer ${token}` }
  const { ok, output, answer } = await run(['auth', 'token', '--json'])
  if (!ok) return fail(explainLogin(output) ?? `There is nothing to ask Cloudflare with: ${findFault(output)}`)
  const found = JSON.parse(answer) as Credentials
  return found.type === 'api_key' ? { 'X-Auth-Key': found.key, 'X-Auth-Email': found.email } : { Authorization: `Bearer ${found.token}` }
}

let headers: Record<string, string> | undefined

const LONGEST_CALL = 30_000

/** Calls Cloudflare's API where wrangler has no suitable command. */
export const ask = async <T>(
  path: string,
  method: 'GET' | 'POST' | 'PUT' = 'GET',
  body?: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer<T>> => {
  headers ??= { ...(await readCredentials()), 'Content-Type': 'application/json' }
  try {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { ...headers, ...more },
      signal: AbortSignal.timeout(LONGEST_CALL),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const answer = (text.startsWith('{') ? JSON.parse(text) : {}) as {
      success?: boolean
      result?: T
      errors?: { code: number; message: string }[]
    }
    if (response.ok && answer.success) return { result: answer.result as T }
    const errors = answer.errors ?? []
    const said = errors.map(({ message, code }) => `${message} [code: ${code}]`).join(', ')
    return {
      refusal: { status: response.status, codes: errors.map(({ code }) => code), message: `HTTP ${response.status}${said && `, ${said}`}` },
    }
  } catch (error) {
    return { refusal: { status: 0, codes: [], message: `no answer, ${(error as Error).message}` } }
  }
}

/** Chooses the Cloudflare account, and passes it to wrangler. */
export const chooseAccount = async (configured: string | undefined): Promise<string> => {
  let account = configured ?? process.env['CLOUDFLARE_ACCOUNT_ID']
  if (!account) {
    const { result: accounts = [], refusal } = await ask<{ id: string; name: string }[]>('/accounts?per_page=50')
    if (refusal) fail(explainLogin(refusal.message) ?? `The accounts could not be listed: ${refusal.message}. Set CLOUDFLARE_ACCOUNT_ID.`)
    const [one, another] = accounts
    if (!one) return fail('No Cloudflare account can be reached. Set CLOUDFLARE_ACCOUNT_ID to the one that is meant, then run this again.')
    if (another)
      fail(`Set CLOUDFLARE_ACCOUNT_ID to the account that is meant: ${accounts.map(({ id, name }) => `${id} (${name})`).join(', ')}`)
    account = one.id
  }
  process.env['CLOUDFLARE_ACCOUNT_ID'] = account
  return account
}
