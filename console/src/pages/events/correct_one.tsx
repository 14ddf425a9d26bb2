import { useState } from 'preact/hooks'
import { ChoiceField, DialogButton, Form } from '../../parts/form.tsx'
import { Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { ACTIONS, type Action, Corrected, correct } from './corrections.tsx'
import type { TracedEvent } from './event.tsx'

const CorrectForm = ({ event, close }: { event: TracedEvent; close: () => void }) => {
  const [action, choose] = useState<string>('REDO')
  const { eventPayload, referenceId } = event
  const selection = { action: action as Action, account_id: eventPayload.accountId, id: referenceId }
  const trial = useRead(`try to correct ${JSON.stringify(selection)}`, () => correct(selection, true))
  const canBe = !trial.failure && (trial.data?.some(({ status }) => status !== 'FAILED') ?? false)
  return (
    <Form
      action="Correct"
      send={() => correct(selection, false)}
      done={close}
      cancel={close}
      isDisabled={!canBe}
      isDangerous={action === 'UNDO'}
    >
      <ChoiceField label="What shall be done" value={action} set={choose} of={ACTIONS} />
      <h3>What it would change</h3>
      <Shown reading={trial}>{(corrected) => <Corrected of={corrected} />}</Shown>
    </Form>
  )
}

export const CorrectOne = ({ event }: { event: TracedEvent }) =>
  event.ingestionStatus.status === 'REVERTED' ? null : (
    <DialogButton label="Correct" title="Correct this event" isWide>
      {(close) => <CorrectForm event={event} close={close} />}
    </DialogButton>
  )
