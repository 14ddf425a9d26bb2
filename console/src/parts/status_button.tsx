import type { ComponentChildren } from 'preact'
import { DialogButton, Form } from './form.tsx'

/** A button that asks before it does something. */
export const AskButton = ({
  label,
  title,
  action = label,
  children,
  send,
  done,
  tone = '',
  isDangerous = false,
}: {
  label: string
  title: string
  action?: string
  children: ComponentChildren
  send: () => Promise<unknown>
  done?: () => void
  tone?: '' | 'primary' | 'quiet'
  isDangerous?: boolean
}) => (
  <DialogButton label={label} title={title} tone={tone}>
    {(close) => (
      <Form
        action={action}
        send={send}
        done={() => {
          close()
          done?.()
        }}
        cancel={close}
        isDangerous={isDangerous}
      >
        <p>{children}</p>
      </Form>
    )}
  </DialogButton>
)
