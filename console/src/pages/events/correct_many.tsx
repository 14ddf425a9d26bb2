import { useState } from 'preact/hooks'
import { goTo, linkTo, useParameters } from '../../parts/address.ts'
import { api } from '../../parts/client.ts'
import { ChoiceField, Form, TextField, UNCHANGED, useAttempt } from '../../parts/form.tsx'
import { counted } from '../../parts/format.ts'
import { Page, Refusal, Section } from '../../parts/page.tsx'
import { startJob } from '../../parts/start_job.ts'
import { requireInstant } from '../../parts/typed.ts'
import { ACTIONS, type Action, Corrected, type Selection, correct } from './corrections.tsx'

/** How many events are corrected at once without a job. */
const AT_ONCE = 30

const [FROM, UNTIL] = ['Events from (UTC)', 'until before (UTC)']

/** A selection of events that was tried, and what its correction would change. */
interface Trial {
  typed: string
  selection: Selection
  corrected: Awaited<ReturnType<typeof correct>>
}

/** What a correction would change, with a button that does it: at once, or of many events in a job that waits for a confirmation. */
const Tried = ({ trial: { selection, corrected } }: { trial: Trial }) => {
  const { isBusy, failure, attempt } = useAttempt()
  const areMany = corrected.length >= AT_ONCE
  const correctAll = async (): Promise<void> => {
    if (areMany) {
      const query = { ...selection, require_confirmation: true }
      return startJob(api.POST('/events/correction', { params: { query }, body: {} }))
    }
    await correct(selection, false)
    goTo(linkTo('events', { account: selection.account_id }))
  }
  return (
    <Section
      title="What it would change"
      note={
        areMany
          ? `The newest ${AT_ONCE} are shown. A job lists all of them, and waits until you confirm it.`
          : `${counted(corrected.length, 'event')}. Nothing has been changed yet.`
      }
      actions={
        corrected.length > 0 && (
          <button type="button" class="primary" disabled={isBusy} onClick={() => void attempt(correctAll)}>
            {areMany ? 'List all in a job' : 'Correct these'}
          </button>
        )
      }
    >
      {failure && <Refusal failure={failure} />}
      <Corrected of={corrected} />
    </Section>
  )
}

/** Corrects the events of an account in a range of time. What that changes is shown first. */
export const CorrectMany = () => {
  const { get } = useParameters()
  const [action, choose] = useState<string>('REDO')
  const [account, setAccount] = useState(get('account') ?? '')
  const [from, setFrom] = useState('')
  const [until, setUntil] = useState('')
  const [tried, setTried] = useState<Trial>()
  const typed = JSON.stringify([action, account, from, until])
  const show = async (): Promise<typeof UNCHANGED> => {
    const selection = {
      action: action as Action,
      account_id: account.trim(),
      event_source_time: `${requireInstant(from, FROM)},${requireInstant(until, UNTIL)}`,
    }
    setTried({ typed, selection, corrected: await correct(selection, true) })
    return UNCHANGED
  }
  return (
    <Page title="Correct many events" above={<a href={linkTo('events')}>Events</a>}>
      <div class="card narrow-card">
        <Form action="Show what it would change" send={show}>
          <ChoiceField label="What shall be done" value={action} set={choose} of={ACTIONS} />
          <TextField label="Account" value={account} set={setAccount} hint="Its id, an alias, or a name in events that no account has." />
          <div class="columns">
            <TextField label={FROM} type="datetime-local" value={from} set={setFrom} />
            <TextField label={UNTIL} type="datetime-local" value={until} set={setUntil} />
          </div>
        </Form>
      </div>
      {tried?.typed === typed && <Tried key={typed} trial={tried} />}
    </Page>
  )
}
