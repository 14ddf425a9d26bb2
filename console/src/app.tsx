import { useEffect } from 'preact/hooks'
import { SignIn } from './pages/sign_in.tsx'
import { clearReads } from './parts/read.ts'
import { session } from './parts/session.ts'
import { useStore } from './parts/store.ts'
import { Shell } from './shell.tsx'

export const App = () => {
  const signedIn = useStore(session)
  useEffect(() => {
    if (!signedIn) clearReads()
  }, [signedIn])
  return signedIn ? <Shell /> : <SignIn />
}
