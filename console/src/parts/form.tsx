import type { ComponentChildren, TargetedEvent } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { type Failure, failureOf } from './failure.ts'
import { FormFaults, faultsOf, useFault } from './faults.ts'
import { wordsOf } from './format.ts'
import { Refusal } from './page.tsx'
import { forgetReads } from './read.ts'

export { Dialog, DialogButton } from './dialog.tsx'

interface Attempt {
  isBusy: boolean
  failure: Failure | undefined
  /** Does the work; true if it was done. */
  attempt: (work: () => Promise<unknown>) => Promise<boolean>
}

/** What work answers that has changed nothing. */
export const UNCHANGED = Symbol('unchanged')

const CHANGED_MEANWHILE = 412

/**
 * Does work that changes something: shows that it is going on, and why it failed. Then all that is on the page is read again, as it is if
 * somebody else was faster: a form that is opened anew begins with that.
 */
export const useAttempt = (): Attempt => {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true)
    setFailure(undefined)
    try {
      if ((await work()) !== UNCHANGED) forgetReads()
      return true
    } catch (error) {
      const its = failureOf(error)
      setFailure(its)
      if (its.status === CHANGED_MEANWHILE) forgetReads()
      return false
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, failure, attempt }
}

interface FormParts {
  children: ComponentChildren
  action: string
  send: () => Promise<unknown>
  done?: () => void
  isDangerous?: boolean
  isDisabled?: boolean
  cancel?: () => void
}

export const Form = ({ children, action, send, done, isDangerous = false, isDisabled = false, cancel }: FormParts) => {
  const { isBusy, failure, attempt } = useAttempt()
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (failure) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus()
  }, [failure])
  const submit = async (event: TargetedEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    if (!isBusy && (await attempt(send))) done?.()
  }
  return (
    <form ref={form} class="form" onSubmit={(event) => void submit(event)}>
      <FormFaults.Provider value={failure ? faultsOf(failure.message) : []}>{children}</FormFaults.Provider>
      {failure && <Refusal failure={failure} />}
      <div class="form-actions">
        {cancel && (
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        )}
        <button type="submit" class={isDangerous ? 'danger' : 'primary'} disabled={isBusy || isDisabled} aria-busy={isBusy}>
          {isBusy ? 'Working…' : action}
        </button>
      </div>
    </form>
  )
}

export type Choice = string | readonly [value: string, words: string]

interface FieldParts {
  label: string
  /** Where the value is in the request, by which a refusal finds its field. */
  path?: string | undefined
  hint?: ComponentChildren
  value: string
  set: (value: string) => void
  isOptional?: boolean
  /** What is wrong with the value. */
  fault?: string | undefined
}

/** Says to those who cannot see it what stands below a field. */
const describe = (id: string, hint: ComponentChildren, fault: string | undefined) => {
  const described = [fault && `${id}-fault`, hint && `${id}-hint`].filter(Boolean).join(' ')
  return { ...(described && { 'aria-describedby': described }), ...(fault && { 'aria-invalid': true }) }
}

const Field = ({
  id,
  label,
  hint,
  isOptional,
  fault,
  children,
}: Omit<FieldParts, 'value' | 'set' | 'path'> & { id: string; children: ComponentChildren }) => (
  <div class="field">
    <label for={id}>
      {label} {isOptional && <span class="muted">optional</span>}
    </label>
    {children}
    {fault && (
      <p class="fault" id={`${id}-fault`}>
        {fault}
      </p>
    )}
    {hint && (
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
    )}
  </div>
)

type InputParts = FieldParts & {
  type?: 'text' | 'email' | 'date' | 'datetime-local' | 'password'
  isNumber?: boolean
  /** What the form itself calls the field when it refuses the value, where several fields have its label. */
  called?: string
  /** What is offered while it is typed. */
  list?: readonly Choice[]
}

export const TextField = ({
  label,
  path,
  called = label,
  hint,
  value,
  set,
  isOptional = false,
  type = 'text',
  isNumber = false,
  list,
  fault: given,
}: InputParts) => {
  const id = useId()
  const fault = useFault(called, path, given)
  return (
    <Field id={id} label={label} hint={hint} isOptional={isOptional} fault={fault}>
      <input
        id={id}
        {...({ type } as { type: 'text' })}
        value={value}
        required={!isOptional}
        class={isNumber ? 'number' : ''}
        inputMode={isNumber ? 'decimal' : undefined}
        autocomplete="off"
        spellcheck={false}
        list={list && `${id}-list`}
        onInput={(event) => set(event.currentTarget.value)}
        {...describe(id, hint, fault)}
      />
      {list && (
        <datalist id={`${id}-list`}>
          {list.map((one) => {
            const [offered, words] = typeof one === 'string' ? [one] : one
            return (
              <option key={offered} value={offered}>
                {words}
              </option>
            )
          })}
        </datalist>
      )}
    </Field>
  )
}

export const TextArea = ({ label, path, hint, value, set, isOptional = false, rows = 4, fault: given }: FieldParts & { rows?: number }) => {
  const id = useId()
  const fault = useFault(label, path, given)
  return (
    <Field id={id} label={label} hint={hint} isOptional={isOptional} fault={fault}>
      <textarea
        id={id}
        value={value}
        rows={rows}
        required={!isOptional}
        spellcheck={false}
        onInput={(event) => set(event.currentTarget.value)}
        {...describe(id, hint, fault)}
      />
    </Field>
  )
}

export const ChoiceField = ({
  label,
  path,
  hint,
  value,
  set,
  isOptional = false,
  of,
  none,
  fault: given,
}: FieldParts & { of: readonly Choice[]; none?: string }) => {
  const id = useId()
  const fault = useFault(label, path, given)
  return (
    <Field id={id} label={label} hint={hint} isOptional={isOptional} fault={fault}>
      <select
        id={id}
        value={value}
        required={!isOptional}
        onChange={(event) => set(event.currentTarget.value)}
        {...describe(id, hint, fault)}
      >
        {none !== undefined && <option value="">{none}</option>}
        {of.map((one) => {
          const [key, words] = typeof one === 'string' ? [one, wordsOf(one)] : one
          return (
            <option key={key} value={key}>
              {words}
            </option>
          )
        })}
      </select>
    </Field>
  )
}

export const CheckField = ({ label, value, set }: { label: string; value: boolean; set: (value: boolean) => void }) => (
  <label class="check">
    <input type="checkbox" checked={value} onChange={(event) => set(event.currentTarget.checked)} />
    {label}
  </label>
)
