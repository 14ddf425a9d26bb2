import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ClockButton } from './clock.tsx'
import { NAVIGATION } from './navigation.ts'
import { linkTo, useAddress } from './parts/address.ts'
import { waitsUntil } from './parts/client.ts'
import { Failure, LOST, UNREACHABLE } from './parts/failure.ts'
import { wordsOf } from './parts/format.ts'
import { Empty, Loading, Page, Refusal } from './parts/page.tsx'
import { session, signOut, useRights } from './parts/session.ts'
import { useStore } from './parts/store.ts'
import { ThemeButton } from './parts/theme.tsx'
import { type Names, type Route, findRoute } from './routes.ts'
import { Search } from './search.tsx'

/** Pages of one kind that stand in the navigation under another one. */
const STANDS_UNDER: Readonly<Record<string, string>> = { proposals: 'purchases' }

const Navigation = ({ isOpen, close }: { isOpen: boolean; close: () => void }) => {
  const { path } = useAddress()
  const { administers } = useRights()
  const [, , first = ''] = path.split('/')
  const section = STANDS_UNDER[first] ?? first
  return (
    <nav class={isOpen ? 'navigation open' : 'navigation'} id="navigation" aria-label="Pages" onClick={close}>
      {NAVIGATION.map(({ title, pages }) => (
        <div key={title}>
          {title && <p>{title}</p>}
          <ul>
            {pages
              .filter(([, , isForAdministrators]) => administers || !isForAdministrators)
              .map(([page, name]) => (
                <li key={page}>
                  <a href={linkTo(page)} aria-current={section === page ? 'page' : undefined}>
                    {name}
                  </a>
                </li>
              ))}
          </ul>
        </div>
      ))}
      <button type="button" class="sign-out in-navigation" onClick={() => signOut()}>
        Sign out
      </button>
    </nav>
  )
}

const Waiting = () => {
  const until = useStore(waitsUntil)
  const [, setTick] = useState(0)
  useEffect(() => {
    if (!until) return undefined
    const timer = setInterval(() => setTick(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [until])
  return (
    <div class="waiting" role="status">
      {until &&
        `The server asks to wait, since there is too much to do. Trying again in ${Math.max(1, Math.ceil((until - Date.now()) / 1000))} s…`}
    </div>
  )
}

type Opened = { route: Route; Content: ComponentType<{ names: Names }> } | { failure: Failure }

const Content = () => {
  const { path } = useAddress()
  const [opened, setOpened] = useState<Opened>()
  const route = findRoute(path)
  const pattern = route?.pattern
  useEffect(() => {
    let isOver = false
    const loadPage = async (): Promise<void> => {
      if (!route) return
      try {
        const Loaded = await route.load()
        if (!isOver) setOpened({ route, Content: Loaded })
      } catch {
        const lost = navigator.onLine
          ? new Failure(-1, 'This page could not be loaded. The console may have a newer version.')
          : new Failure(LOST, UNREACHABLE)
        if (!isOver) setOpened({ failure: lost })
      }
    }
    void loadPage()
    return () => {
      isOver = true
    }
  }, [pattern])
  if (!route)
    return (
      <Page title="Nothing here">
        <Empty title="The console has no such page.">Open one from the navigation.</Empty>
      </Page>
    )
  if (opened && 'failure' in opened)
    return (
      <Page title="Not loaded">
        <Refusal failure={opened.failure} retry={() => location.reload()} />
      </Page>
    )
  if (!opened || opened.route.pattern !== pattern)
    return (
      <main id="main">
        <Loading />
      </main>
    )
  const { Content: Shown } = opened
  return <Shown key={path} names={route.names} />
}

export const Shell = () => {
  const [isOpen, setOpen] = useState(false)
  const role = useStore(session)?.role
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <button type="button" class="quiet menu" aria-expanded={isOpen} aria-controls="navigation" onClick={() => setOpen(!isOpen)}>
          ☰<span class="hidden">Pages</span>
        </button>
        <a class="brand" href={linkTo('')}>
          Console
        </a>
        <Search />
        <ClockButton />
        <ThemeButton />
        <span class="role">{wordsOf(role ?? '')}</span>
        <button type="button" class="quiet sign-out" onClick={() => signOut()}>
          Sign out
        </button>
      </header>
      <Navigation isOpen={isOpen} close={() => setOpen(false)} />
      <Waiting />
      <Content />
    </div>
  )
}
