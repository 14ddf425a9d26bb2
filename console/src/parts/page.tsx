import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { type Failure, adviceOn } from './failure.ts'
import type { Reading } from './read.ts'
import { session } from './session.ts'

interface PageParts {
  title: string
  /** What kind of thing it is, above the title. */
  above?: ComponentChildren
  /** Beside the title: a status. */
  beside?: ComponentChildren
  actions?: ComponentChildren
  children?: ComponentChildren
}

/** A page with its title, which is also that of the tab, and is read out when the page is entered. */
export const Page = ({ title, above, beside, actions, children }: PageParts) => {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Console`
  }, [title])
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.closest('nav')) heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <main id="main">
      <header class="page-head">
        <div class="page-title">
          {above && <p class="above">{above}</p>}
          <h1 ref={heading} tabIndex={-1}>
            {title}
            {beside}
          </h1>
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </main>
  )
}

export const Section = ({
  title,
  actions,
  children,
  id,
  note,
}: Omit<PageParts, 'above' | 'beside'> & { id?: string; note?: ComponentChildren }) => (
  <section class="section" id={id} aria-label={title}>
    <header class="section-head">
      <h2>{title}</h2>
      {note && <p class="muted">{note}</p>}
      {actions && <div class="actions">{actions}</div>}
    </header>
    {children}
  </section>
)

/** What was refused or lost, and what to do. */
export const Refusal = ({ failure, retry }: { failure: Failure; retry?: (() => void) | undefined }) => (
  <div class="refusal" role="alert">
    <p>
      <strong>{failure.message}</strong>
    </p>
    <p>{adviceOn(failure, session.get()?.role)}</p>
    {retry && (
      <button type="button" onClick={retry}>
        Try again
      </button>
    )}
  </div>
)

/** Shows what was read, or that it is being read, or why it could not be. What was read before stays in view meanwhile. */
export const Shown = <Data,>({ reading, children }: { reading: Reading<Data>; children: (data: Data) => ComponentChildren }) => {
  const { data, failure, isLoading, reload } = reading
  return (
    <>
      {failure && <Refusal failure={failure} retry={reload} />}
      {data !== undefined && <div aria-busy={isLoading}>{children(data)}</div>}
      {data === undefined && !failure && <Loading />}
    </>
  )
}

export const Loading = () => (
  <div class="loading" role="status">
    <span class="hidden">Loading</span>
  </div>
)

export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }) => (
  <div class="empty">
    <p>
      <strong>{title}</strong>
    </p>
    {children && <div class="muted">{children}</div>}
  </div>
)

/** Names with what they stand for. Those without a value are left out. */
export const Facts = ({ of }: { of: readonly (readonly [name: string, value: ComponentChildren])[] }) => (
  <dl class="facts">
    {of
      .filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false)
      .map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
)

/** Links to the parts of a long page. */
export const Contents = ({ of }: { of: readonly (readonly [id: string, title: string])[] }) => (
  <nav class="contents" aria-label="On this page">
    {of.map(([id, title]) => (
      <a key={id} href={`#${id}`}>
        {title}
      </a>
    ))}
  </nav>
)
