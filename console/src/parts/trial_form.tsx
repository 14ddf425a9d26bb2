import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Form, UNCHANGED } from './form.tsx'

interface TrialFormParts<Data> {
  children: ComponentChildren
  action: string
  /** What was typed. What has been tried holds only for that. */
  typed: unknown
  attempt: (isTry: boolean) => Promise<Data>
  shows: (answer: Data) => ComponentChildren
  done: () => void
  cancel?: () => void
  isDangerous?: boolean
}

/** A form that first shows what it would change, by a dry run, and changes it when it is sent once more. */
export const TrialForm = <Data,>({ children, action, typed, attempt, shows, done, cancel, isDangerous }: TrialFormParts<Data>) => {
  const [tried, setTried] = useState<{ typed: string; answer: Data }>()
  const now = JSON.stringify(typed)
  const isTried = tried?.typed === now
  const send = async (): Promise<unknown> => {
    const answer = await attempt(!isTried)
    if (!isTried) {
      setTried({ typed: now, answer })
      return UNCHANGED
    }
    done()
    return answer
  }
  return (
    <Form action={isTried ? action : 'Show what changes'} send={send} cancel={cancel} isDangerous={isTried && isDangerous}>
      {children}
      {isTried && (
        <div class="trial" role="status">
          <h3>What changes</h3>
          {shows(tried.answer)}
        </div>
      )}
    </Form>
  )
}
