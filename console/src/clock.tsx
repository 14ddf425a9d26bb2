import { useEffect, useRef, useState } from 'preact/hooks'
import { api, read } from './parts/client.ts'
import { DialogButton, Form, TextField } from './parts/form.tsx'
import { instantOf } from './parts/format.ts'
import { useOrganization } from './parts/organization.ts'
import { useRights } from './parts/session.ts'
import { instantTyped } from './parts/typed.ts'

const NEW_TIME = 'New time in UTC'

/** Moves the clock. The server works for some seconds at a time, so it is asked until the clock is there, or nobody waits any more. */
const moveClock = async (now: string, tell: (reached: string) => void, isOver: () => boolean): Promise<void> => {
  while (!isOver()) {
    const moved = await read(api.POST('/test_clock', { body: { now } }))
    tell(moved.now)
    if (moved.now === moved.target) return
  }
}

const ClockForm = ({ clock, close }: { clock: { now: string; isSet: boolean }; close: () => void }) => {
  const [to, setTo] = useState(clock.now.slice(0, 16))
  const [reached, setReached] = useState<string>()
  const isClosed = useRef(false)
  useEffect(
    () => () => {
      isClosed.current = true
    },
    [],
  )
  const send = async (): Promise<void> => {
    const target = instantTyped(to, NEW_TIME)
    if (target) await moveClock(target, setReached, () => isClosed.current)
  }
  return (
    <Form action={clock.isSet ? 'Move the clock' : 'Set the clock'} send={send} done={close} cancel={close}>
      <p class="muted">
        {clock.isSet
          ? 'The clock of this organization stands still until it is moved. What falls due on the way is done at its own instant. It never goes back.'
          : 'This organization lives in real time. Once it has a clock of its own, it keeps it for ever. A time that has passed can be set only while there are no events and no plans of accounts.'}
      </p>
      <TextField label={NEW_TIME} type="datetime-local" value={to} set={setTo} />
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
