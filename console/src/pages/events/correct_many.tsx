import { useState } from 'preact/hooks'
import { goTo, linkTo, useParameters } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import { Failure } from '../../parts/failure.ts'
import { ChoiceField, Form, TextField, useAttempt } from '../../parts/form.tsx'
import { quantity } from '../../parts/format.ts'
import { Page, Refusal, Section } from '../../parts/page.tsx'
import { ACTIONS, type Action, Corrected, type Selection, correct } from './corrections.tsx'

/** How many events are corrected at once without a job. */
const AT_ONCE = 30

const instantOf = (typed: string, name: string): string => {
  const at = new Date(`${typed}Z`)
  if (Number.isNaN(at.getTime())) throw new Failure(400, `${name}: choose a day and a time.`)
  return at.toISOString()
}

/** Starts a job that waits for a confirmation, with an entry for each event that it would correct. */
const startJob = async (query: Selection): Promise<void> => {
  const { response } = await api
    .POST('/events/correction', { params: { query: { ...query, require_confirmation: true } }, body: {} })
    .then(async (answer) => {
      await read(Promise.resolve(answer))
      return answer
    })
  const [, , id = ''] = response.headers.get('Location')?.split('/') ?? []
  goTo(linkTo('jobs', decodeURIComponent(id)))
}

/** Corrects the events of an account in a range of time. What that changes is shown first. */
export const CorrectMany = () => {
  const { get } = useParameters()
  const [action, choose] = useState<string>('REDO')
  const [account, setAccount] = useState(get('account') ?? '')
  const [from, setFrom] = useState('')
  const [until, setUntil] = useState('')
  const [tried, setTried] = useState<{ selection: Selection; corrected: Awaited<ReturnType<typeof correct>> }>()
  const { isBusy, failure, attempt } = useAttempt()
  const selectionOf = (): Selection => ({
    action: action as Action,
    account_id: account.trim(),
    event_source_time: `${instantOf(from, 'From')},${instantOf(until, 'Until')}`,
  })
  const show = async (): Promise<void> => {
    const selection = selectionOf()
    setTried({ selection, corrected: await correct(selection, true) })
  }
  const many = (tried?.corrected.length ?? 0) >= AT_ONCE
  return (
    <Page title="Correct many events" above={<a href={linkTo('events')}>Events</a>}>
      <div class="card narrow-card">
        <Form action="Show what it would change" send={show}>
          <ChoiceField label="What shall be done" value={action} set={choose} of={ACTIONS} />
          <TextField label="Account" value={account} set={setAccount} hint="Its id, an alias, or a name in events that no account has." />
          <div class="columns">
            <TextField label="Events from (UTC)" type="datetime-local" value={from} set={setFrom} />
            <TextField label="until before (UTC)" type="datetime-local" value={until} set={setUntil} />
          </div>
        </Form>
      </div>
      {tried && (
        <Section
          title="What it would change"
          note={
            many
              ? `The newest ${AT_ONCE} are shown. A job lists all of them, and waits until you confirm it.`
              : `${quantity(tried.corrected.length)} events. Nothing has been changed yet.`
          }
          actions={
            many ? (
              <button type="button" class="primary" disabled={isBusy} onClick={() => void attempt(() => startJob(tried.selection))}>
                List all in a job
              </button>
            ) : (
              <button
                type="button"
                class="primary"
                disabled={isBusy}
                onClick={() =>
                  void attempt(async () => {
                    await correct(tried.selection, false)
                    goTo(linkTo('events', { account: tried.selection.account_id }))
                  })
                }
              >
                Correct these
              </button>
            )
          }
        >
          {failure && <Refusal failure={failure} />}
          <Corrected of={tried.corrected} />
        </Section>
      )}
    </Page>
  )
}
