import { useState } from 'preact/hooks'
import { api, read } from './parts/client.ts'
import { Failure } from './parts/failure.ts'
import { DialogButton, Form, TextField } from './parts/form.tsx'
import { instantOf } from './parts/format.ts'
import { useOrganization } from './parts/organization.ts'
import { useRights } from './parts/session.ts'

/** Moves the clock. The server works for some seconds at a time, so it is asked until the clock is there. */
const moveClock = async (now: string, tell: (reached: string) => void): Promise<void> => {
  for (;;) {
    const moved = await read(api.POST('/test_clock', { body: { now } }))
    tell(moved.now)
    if (moved.now === moved.target) return
  }
}

const ClockForm = ({ clock, close }: { clock: { now: string; isSet: boolean }; close: () => void }) => {
  const [to, setTo] = useState(clock.now.slice(0, 16))
  const [reached, reach] = useState<string>()
  const send = async (): Promise<void> => {
    const target = new Date(`${to}Z`)
    if (Number.isNaN(target.getTime())) throw new Failure(400, 'Type a day and a time, such as 2026-11-01T00:00.')
    await moveClock(target.toISOString(), reach)
  }
  return (
    <Form action={clock.isSet ? 'Move the clock' : 'Set the clock'} send={send} done={close} cancel={close}>
      <p class="muted">
        {clock.isSet
          ? 'The clock of this organization stands still until it is moved. What falls due on the way is done at its own instant. It never goes back.'
          : 'This organization lives in real time. Once it has a clock of its own, it keeps it for ever. A time that has passed can be set only while there are no events and no plans of accounts.'}
      </p>
      <TextField label="New time in UTC" type="datetime-local" value={to} set={setTo} />
      {reached && (
        <p role="status" class="notice">
          The clock has reached {instantOf(reached)} UTC.
        </p>
      )}
    </Form>
  )
}

/** Shows the test clock, where there can be one, and moves it. */
export const ClockButton = () => {
  const { writes } = useRights()
  const { data } = useOrganization()
  if (!data || data.testClock === 'NONE' || (!writes && data.testClock !== 'SET')) return null
  const clock = { now: data.now, isSet: data.testClock === 'SET' }
  const label = clock.isSet ? instantOf(clock.now).slice(0, -':00'.length) : 'Real time'
  if (!writes) return <span class="clock">{label}</span>
  return (
    <span class="clock">
      <DialogButton label={`◷ ${label}`} title="Test clock" tone="quiet">
        {(close) => <ClockForm clock={clock} close={close} />}
      </DialogButton>
    </span>
  )
}
