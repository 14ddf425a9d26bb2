import { fold } from '../../lib/fold.ts'

/** What a setting holds. */
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

/** Settings by what they are called, whatever dots that has in it. */
export type SettingMap = ReadonlyMap<string, SettingValue>

/** The settings that an event of an account may be enriched with. */
export interface SettingLevels {
  readonly account?: SettingMap | undefined
  readonly invoiceGroup?: SettingMap | undefined
  readonly customer?: SettingMap | undefined
  readonly eventSchema?: SettingMap | undefined
  readonly organization?: SettingMap | undefined
  /** Settings of any entity, by their full names. */
  readonly named?: SettingMap | undefined
}

/** NUL, which no setting has in its names, keeps the namespace from what follows it. */
const nameOf = (namespace: string, rest: string): string => `${fold(namespace)}\0${rest}`

/** The settings of one entity. */
export const mapSettings = (settings: readonly KnownSetting[]): SettingMap =>
  new Map(settings.map((setting) => [nameOf(setting.namespace, setting.id), setting]))

/** Settings of any entities, by names such as `setting.USER.rate.ACCOUNT.acc1`. The first of several that share one is kept. */
export const mapFullNames = (settings: readonly EntitySetting[]): SettingMap => {
  const map = new Map<string, SettingValue>()
  for (const setting of settings) {
    const name = nameOf(setting.namespace, `${setting.id}.${setting.entityType}.${setting.entityId}`)
    if (!map.has(name)) map.set(name, setting)
  }
  return map
}

/** Of settings whose names differ only in where the namespace ends, the one with the shortest namespace. */
const findNamed = (settings: SettingMap | undefined, name: string): SettingValue | undefined => {
  if (!settings?.size) return undefined
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const found = settings.get(nameOf(name.slice(0, dot), name.slice(dot + 1)))
    if (found) return found
  }
  return undefined
}

const PREFIX = 'setting.'

/**
 * The setting that a key means: `setting.<namespace>.<id>.<entityType>.<entityId>` that of the entity, and `setting.<namespace>.<id>` the
 * first that there is on the account, its invoice group, its customer, the event schema and the organization.
 */
export const resolveSetting = (key: string, levels: SettingLevels): SettingValue | undefined => {
  if (!key.startsWith(PREFIX)) return undefined
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
