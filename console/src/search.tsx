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

const find = async (text: string): Promise<Found[]> => {
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
  const [typed, type] = useState('')
  const [asked, ask] = useState('')
  const [chosen, choose] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const timer = setTimeout(() => ask(typed.trim()), PAUSE)
    return () => clearTimeout(timer)
  }, [typed])
  useEffect(() => {
    const jump = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || (event.target as Element).closest('input, textarea, select, dialog'))
        return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', jump)
    return () => document.removeEventListener('keydown', jump)
  }, [])
  const { data: found, failure } = useRead(asked ? `search ${asked}` : undefined, () => find(asked))
  const isOpen = typed !== '' && asked !== '' && (found !== undefined || failure !== undefined)
  const leave = (): void => {
    type('')
    ask('')
    choose(0)
  }
  const press = (event: KeyboardEvent): void => {
    const { key } = event
    const count = found?.length ?? 0
    if (key === 'Escape') leave()
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault()
      choose(count ? (chosen + (key === 'ArrowDown' ? 1 : count - 1)) % count : 0)
    }
    const one = found?.[chosen]
    /** What is listed may still be what an earlier text found. */
    if (key === 'Enter' && isOpen && one && asked === typed.trim()) {
      goTo(one.link)
      leave()
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
          type(event.currentTarget.value)
          choose(0)
        }}
        onKeyDown={press}
        onBlur={(event) => !(event.relatedTarget as Element | null)?.closest?.('.found') && leave()}
      />
      <div id="found" class="found" role="listbox" aria-label="Found" hidden={!isOpen}>
        {found?.map(({ kind, name, id, link }, at) => (
          <a key={kind + id} id={`found-${at}`} role="option" aria-selected={at === chosen} href={link} tabIndex={-1} onClick={leave}>
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
