import { useState } from 'preact/hooks'
import { api, read } from '../parts/client.ts'
import { Failure } from '../parts/failure.ts'
import { Form, TextField } from '../parts/form.tsx'
import { farewell, signIn } from '../parts/session.ts'
import { useStore } from '../parts/store.ts'
import { ThemeButton } from '../parts/theme.tsx'

/** Exchanges a token for a JWT, so that the token itself is kept nowhere. */
const exchange = async (token: string): Promise<void> => {
  if (!/^[!-~]+$/.test(token)) throw new Failure(400, 'A token has no spaces and no letters with accents.')
  try {
    const { token: jwt } = await read(api.POST('/authenticate', { headers: { Authorization: `Bearer ${token}` } }))
    signIn(jwt)
  } catch (error) {
    if (!(error instanceof Failure) || error.status !== 401) throw error
    throw new Failure(400, 'This token is not valid. It may have been cut when it was copied, revoked, or have expired.')
  }
}

export const SignIn = () => {
  const [token, setToken] = useState('')
  const reason = useStore(farewell)
  return (
    <main class="sign-in">
      <div class="sign-in-head">
        <h1>Console</h1>
        <ThemeButton />
      </div>
      {reason && (
        <p class="notice" role="status">
          {reason}
        </p>
      )}
      <Form action="Sign in" send={() => exchange(token.trim())}>
        <TextField
          label="Token"
          type="password"
          value={token}
          set={setToken}
          hint="An administrator makes one under Tokens. It is exchanged for a session that ends when you close this tab."
        />
      </Form>
    </main>
  )
}
