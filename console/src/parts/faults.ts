import { createContext } from 'preact'
import { useContext } from 'preact/hooks'

type Faults = readonly (readonly [place: string, fault: string])[]

/** What is wrong with a form that was refused, by the paths of the API or the labels of its fields. */
export const FormFaults = createContext<Faults>([])

const MORE = 'also wrong'

/** What a refusal says of fields, such as `url: must be https; eventTypes[0]: must be …; also wrong: description`. */
export const faultsOf = (message: string): Faults =>
  message.split('; ').flatMap((part) => {
    const [, place, fault] = /^([^:]+): (.+)$/s.exec(part) ?? []
    if (place === undefined || fault === undefined) return []
    return place === MORE ? fault.split(', ').map((one) => [one, 'is wrong too'] as const) : [[place, fault] as const]
  })

/** What is wrong with a field: what the form says of it itself, or with the value at its path of the API, or in it, or with what was typed under its label. */
export const useFault = (label: string, path: string | undefined, own: string | undefined): string | undefined => {
  const said = useContext(FormFaults).find(
    ([place]) =>
      place === label || (path !== undefined && (place === path || place.startsWith(`${path}.`) || place.startsWith(`${path}[`))),
  )
  return own ?? said?.[1]
}
