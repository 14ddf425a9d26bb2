import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'

/** A dialog that keeps the focus until it is closed, with Escape too. */
export const Dialog = ({
  title,
  close,
  children,
  isWide = false,
}: {
  title: string
  close: () => void
  children: ComponentChildren
  isWide?: boolean
}) => {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const before = document.activeElement
    element.current?.showModal()
    /** What had the focus before has it again, unless it is not there any more. */
    return () => void setTimeout(() => before instanceof HTMLElement && before.isConnected && before.focus())
  }, [])
  return (
    <dialog ref={element} class={isWide ? 'wide' : ''} aria-labelledby={id} onClose={close} onCancel={close}>
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={close}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  )
}

/** A button that opens a dialog, whose content is given how to close it. */
export const DialogButton = ({
  label,
  title = label,
  children,
  tone = '',
  isWide = false,
}: {
  label: string
  title?: string
  children: (close: () => void) => ComponentChildren
  tone?: '' | 'primary' | 'danger' | 'quiet'
  isWide?: boolean
}) => {
  const [isOpen, open] = useState(false)
  const close = (): void => open(false)
  return (
    <>
      <button type="button" class={tone} onClick={() => open(true)}>
        {label}
      </button>
      {isOpen && (
        <Dialog title={title} close={close} isWide={isWide}>
          {children(close)}
        </Dialog>
      )}
    </>
  )
}
