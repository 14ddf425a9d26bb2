import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useParameters } from './address.ts'
import { wordsOf } from './format.ts'

/** Milliseconds after the last key before a search begins. */
const PAUSE = 150

export const Filters = ({ children }: { children: ComponentChildren }) => (
  <div class="filters" role="search">
    {children}
  </div>
)

interface FilterParts {
  name: string
  label: string
}

const forget = { page: undefined }

/** A text that filters a list while it is typed. It is in the address. */
export const SearchFilter = ({ name, label, placeholder }: FilterParts & { placeholder?: string }) => {
  const { get, set } = useParameters()
  const inAddress = get(name) ?? ''
  const [typed, type] = useState(inAddress)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  /** What was typed here and put into the address: it is not typed over again, for the field may have more by now, or a space at its end. */
  const put = useRef(inAddress)
  useEffect(() => {
    if (inAddress === put.current) return
    put.current = inAddress
    type(inAddress)
  }, [inAddress])
  useEffect(() => () => clearTimeout(timer.current), [])
  const change = (text: string): void => {
    type(text)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      put.current = text.trim()
      set({ [name]: put.current, ...forget }, true)
    }, PAUSE)
  }
  return (
    <label class="filter">
      <span>{label}</span>
      <input
        type="search"
        value={typed}
        placeholder={placeholder ?? ''}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </label>
  )
}

/** A choice that filters a list. `clears` is the name of a filter that cannot be set beside it. */
export const ChoiceFilter = ({
  name,
  label,
  of,
  usual = 'All',
  clears,
}: FilterParts & { of: readonly (string | readonly [string, string])[]; usual?: string; clears?: string }) => {
  const { get, set } = useParameters()
  return (
    <label class="filter">
      <span>{label}</span>
      <select
        value={get(name) ?? ''}
        onChange={(event) => set({ [name]: event.currentTarget.value, ...forget, ...(clears && { [clears]: undefined }) })}
      >
        <option value="">{usual}</option>
        {of.map((one) => {
          const [value, words] = typeof one === 'string' ? [one, wordsOf(one)] : one
          return (
            <option key={value} value={value}>
              {words}
            </option>
          )
        })}
      </select>
    </label>
  )
}

/** One or several of some words that filter a list, in the address with commas between them. */
export const SeveralFilter = ({ name, label, of, clears }: FilterParts & { of: readonly string[]; clears?: string }) => {
  const { get, set } = useParameters()
  const details = useRef<HTMLDetailsElement>(null)
  const chosen = new Set((get(name) ?? '').split(','))
  const words = of.filter((one) => chosen.has(one))
  const choose = (one: string, isChosen: boolean): void =>
    set({
      [name]: of.filter((other) => (other === one ? isChosen : chosen.has(other))).join(','),
      ...forget,
      ...(clears && { [clears]: undefined }),
    })
  const close = (): void => {
    if (details.current) details.current.open = false
  }
  return (
    <details
      ref={details}
      class="filter several"
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (relatedTarget && !currentTarget.contains(relatedTarget as Node)) close()
      }}
      onKeyDown={({ key }) => {
        if (key !== 'Escape') return
        close()
        details.current?.querySelector('summary')?.focus()
      }}
    >
      <summary>
        <span>{label}</span>
        <span class="chosen">{words.map(wordsOf).join(', ') || 'All'}</span>
      </summary>
      <fieldset aria-label={label}>
        {of.map((one) => (
          <label key={one} class="check">
            <input type="checkbox" checked={chosen.has(one)} onChange={(event) => choose(one, event.currentTarget.checked)} />
            {wordsOf(one)}
          </label>
        ))}
      </fieldset>
    </details>
  )
}

/** A day in UTC that filters a list. */
export const DayFilter = ({ name, label }: FilterParts) => {
  const { get, set } = useParameters()
  return (
    <label class="filter">
      <span>{label}</span>
      <input type="date" value={get(name) ?? ''} onChange={(event) => set({ [name]: event.currentTarget.value, ...forget })} />
    </label>
  )
}
