import { fold } from '../../lib/fold.ts'

/** The value of a setting. */
export interface SettingValue {
  readonly value: string
  readonly dataType: 'STRING' | 'NUMERIC' | 'JSON' | 'JSON_LOGIC'
}

export interface KnownSetting extends SettingValue {
  readonly namespace: string
  readonly id: string
}

export interface EntitySetting extends KnownSetting {
  readonly entityType: string
  readonly entityId: string
}

/** Settings by name. Names may contain dots. */
export type SettingMap = ReadonlyMap<string, SettingValue>

/** The settings that can enrich an event of an account. */
export interface SettingLevels {
  readonly account?: SettingMap | undefined
  readonly invoiceGroup?: SettingMap | undefined
  readonly customer?: SettingMap | undefined
  readonly eventSchema?: SettingMap | undefined
  readonly organization?: SettingMap | undefined
  /** Settings of any entity, by their full names. */
  readonly named?: SettingMap | undefined
}

/** Separates the namespace from the rest of a name. No name contains NUL. */
const exactName = (namespace: string, rest: string): string => `${namespace}\0${rest}`
const foldedName = (namespace: string, rest: string): string => `\0${fold(namespace)}\0${rest}`

/** Settings by their exact name, and by their name with the namespace in lower case. Of several, the first by code points is used. */
const mapNames = <Setting extends KnownSetting>(settings: readonly Setting[], restOf: (setting: Setting) => string): SettingMap => {
  const map = new Map<string, KnownSetting>()
  for (const setting of settings) {
    const rest = restOf(setting)
    map.set(exactName(setting.namespace, rest), setting)
    const folded = foldedName(setting.namespace, rest)
    const other = map.get(folded)
    if (!other || setting.namespace < other.namespace) map.set(folded, setting)
  }
  return map
}

/** The settings of one entity. */
export const mapSettings = (settings: readonly KnownSetting[]): SettingMap => mapNames(settings, ({ id }) => id)

/** Settings of any entities, for keys such as `setting.USER.rate.ACCOUNT.acc1`. */
export const mapFullNames = (settings: readonly EntitySetting[]): SettingMap =>
  mapNames(settings, ({ id, entityType, entityId }) => `${id}.${entityType}.${entityId}`)

/** Finds a setting by name. The namespace may end at any dot; the shortest namespace is tried first. */
const findNamed = (settings: SettingMap | undefined, name: string): SettingValue | undefined => {
  if (!settings?.size) return undefined
  for (const nameOf of [exactName, foldedName])
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const found = settings.get(nameOf(name.slice(0, dot), name.slice(dot + 1)))
      if (found) return found
    }
  return undefined
}

const PREFIX = 'setting.'

/** The longest possible key of a setting. */
const LONGEST_KEY = 1100

/**
 * The setting that a key means: `setting.<namespace>.<id>.<entityType>.<entityId>` that of the entity, and `setting.<namespace>.<id>` the
 * first that there is on the account, its invoice group, its customer, the event schema and the organization.
 */
export const resolveSetting = (key: string, levels: SettingLevels): SettingValue | undefined => {
  if (!key.startsWith(PREFIX) || key.length > LONGEST_KEY) return undefined
  const name = key.slice(PREFIX.length)
  return (
    findNamed(levels.named, name) ??
    findNamed(levels.account, name) ??
    findNamed(levels.invoiceGroup, name) ??
    findNamed(levels.customer, name) ??
    findNamed(levels.eventSchema, name) ??
    findNamed(levels.organization, name)
  )
}
