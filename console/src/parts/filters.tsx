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
  useEffect(() => type(inAddress), [inAddress])
  const change = (text: string): void => {
    type(text)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => set({ [name]: text.trim(), ...forget }, true), PAUSE)
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

/** A choice that filters a list. */
export const ChoiceFilter = ({
  name,
  label,
  of,
  usual = 'All',
}: FilterParts & { of: readonly (string | readonly [string, string])[]; usual?: string }) => {
  const { get, set } = useParameters()
  return (
    <label class="filter">
      <span>{label}</span>
      <select value={get(name) ?? ''} onChange={(event) => set({ [name]: event.currentTarget.value, ...forget })}>
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
