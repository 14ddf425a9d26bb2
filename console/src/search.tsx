import { useEffect, useRef, useState } from 'preact/hooks'
import { goTo, linkTo } from './parts/address.ts'
import { api, read } from './parts/client.ts'
import { useRead } from './parts/read.ts'

const PAUSE = 150
const MOST = 6

interface Found {
  kind: string
  name: string
  id: string
  link: string
}

const findCustomersAndAccounts = async (text: string): Promise<Found[]> => {
  const query = { _search: text, pageSize: MOST }
  const [customers, accounts] = await Promise.all([
    read(api.GET('/customers', { params: { query } })),
    read(api.GET('/accounts', { params: { query } })),
  ])
  return [
    ...customers.data.map(({ id, name }) => ({ kind: 'Customer', name, id, link: linkTo('customers', id) })),
    ...accounts.data.map(({ id, name }) => ({ kind: 'Account', name, id, link: linkTo('accounts', id) })),
  ]
}

/** Finds customers and accounts by the beginning of their id, name or e-mail, from any page. The key / leads to it. */
export const Search = () => {
  const [typed, setTyped] = useState('')
  const [asked, setAsked] = useState('')
  const [chosen, setChosen] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed.trim()), PAUSE)
    return () => clearTimeout(timer)
  }, [typed])
  useEffect(() => {
    const focusInput = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || (event.target as Element).closest('input, textarea, select, dialog'))
        return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', focusInput)
    return () => document.removeEventListener('keydown', focusInput)
  }, [])
  const { data: found, failure } = useRead(asked ? `search ${asked}` : undefined, () => findCustomersAndAccounts(asked))
  const isOpen = typed !== '' && asked !== '' && (found !== undefined || failure !== undefined)
  const closeList = (): void => {
    setTyped('')
    setAsked('')
    setChosen(0)
  }
  const followKey = (event: KeyboardEvent): void => {
    const { key } = event
    const count = found?.length ?? 0
    if (key === 'Escape') closeList()
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault()
      setChosen(count ? (chosen + (key === 'ArrowDown' ? 1 : count - 1)) % count : 0)
    }
    const one = found?.[chosen]
    /** What is listed may still be what an earlier text found. */
    if (key === 'Enter' && isOpen && one && asked === typed.trim()) {
      goTo(one.link)
      closeList()
    }
  }
  return (
    <div class="search" role="search">
      <input
        ref={input}
        {...({ type: 'search', role: 'combobox' } as { type: 'search' })}
        aria-label="Find a customer or an account"
        aria-expanded={isOpen}
        aria-controls="found"
        aria-activedescendant={isOpen && found?.[chosen] ? `found-${chosen}` : undefined}
        placeholder="Find a customer or an account   /"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value)
          setChosen(0)
        }}
        onKeyDown={followKey}
        onBlur={(event) => !(event.relatedTarget as Element | null)?.closest?.('.found') && closeList()}
      />
      <div id="found" class="found" role="listbox" aria-label="Found" hidden={!isOpen}>
        {found?.map(({ kind, name, id, link }, at) => (
          <a key={kind + id} id={`found-${at}`} role="option" aria-selected={at === chosen} href={link} tabIndex={-1} onClick={closeList}>
            <span>{name}</span>
            <span class="muted">
              {kind} · {id}
            </span>
          </a>
        ))}
        {failure && <p role="alert">{failure.message}</p>}
        {!failure && found?.length === 0 && <p class="muted">No name, id or e-mail begins with this.</p>}
      </div>
    </div>
  )
}
