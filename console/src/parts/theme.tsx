import { createStore, useStore } from './store.ts'

const THEMES = ['system', 'light', 'dark'] as const

type Theme = (typeof THEMES)[number]

const KEY = 'togai console theme'

const readKept = (): Theme => {
  const kept = localStorage.getItem(KEY)
  return THEMES.find((theme) => theme === kept) ?? 'system'
}

export const theme = createStore<Theme>(readKept())

const show = (chosen: Theme): void => {
  const { dataset } = document.documentElement
  if (chosen === 'system') delete dataset['theme']
  else dataset['theme'] = chosen
}

show(theme.get())

/** Goes from the colours of the system to light, to dark, and back. */
export const ThemeButton = () => {
  const chosen = useStore(theme)
  const next = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length] ?? 'system'
  const change = (): void => {
    localStorage.setItem(KEY, next)
    show(next)
    theme.set(next)
  }
  return (
    <button type="button" class="quiet" onClick={change} title={`Colours: ${chosen}`} aria-label={`Colours: ${chosen}. Change to ${next}`}>
      {chosen === 'system' ? '◐' : chosen === 'light' ? '☀' : '☾'}
    </button>
  )
}
