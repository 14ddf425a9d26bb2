import type { Schemas } from './client.ts'

/** Values of the OpenAPI document, as the build has read them. */
declare const DOCUMENT: {
  settingEntities: readonly Schemas['Setting']['entityType'][]
  webhookEvents: readonly NonNullable<Schemas['WebhookEndpoint']['eventTypes']>[number][]
}

/** What can have settings. */
export const SETTING_ENTITIES = DOCUMENT.settingEntities

/** What a webhook endpoint can be told of. */
export const WEBHOOK_EVENTS = DOCUMENT.webhookEvents
