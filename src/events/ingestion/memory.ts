import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import type { Generation } from '../../ledger/client.ts'
import { type CompiledSchema, type MeterDefinition, type SchemaDefinition, compileSchema } from './definitions.ts'
import { type EntitySetting, type SettingMap, mapFullNames, mapSettings } from './settings.ts'

/** How long a Worker remembers an organization or an account, in milliseconds. */
const REMEMBERED_FOR = 60_000

const MOST_ORGANIZATIONS = 200

export type { Generation }

/** The data of an organization that a Worker remembers for ingestion. */
export interface OrganizationMemory {
  version: number
  /** The generations of event ledgers, and of account ledgers, the newest last. */
  events: readonly Generation[]
  accounts: readonly Generation[]
  /** The active schemas, by name, each with its active meters. */
  schemas: ReadonlyMap<string, CompiledSchema>
  /** The active meters, by id. */
  meters: ReadonlyMap<string, MeterDefinition>
  licenses: ReadonlySet<string>
  /** Whether any schema enriches events with settings. */
  hasSettings: boolean
  /** Whether events of any schema take credits of a feature. */
  hasFeatures: boolean
  organizationSettings: SettingMap
  schemaSettings: ReadonlyMap<string, SettingMap>
  namedSettings: SettingMap
  until: number
}

const organizations = new Map<string, OrganizationMemory>()

/** Forgets an organization. */
export const forgetOrganization = (organizationId: string): void => {
  organizations.delete(organizationId)
}

interface SchemaRow {
  name: string
  version: number
  attributes: string
  dimensions: string
  filterFields: string | null
  enrichments: string | null
  eventIdTemplate: string | null
  featureId: string | null
  featureAttribute: string | null
  featureName: string | null
}

interface MeterRow {
  id: string
  name: string
  version: number
  aggregation: 'COUNT' | 'SUM'
  filters: string | null
  computations: string | null
  eventSchemaName: string | null
}

const json = (text: string | null): unknown => (text === null ? undefined : JSON.parse(text))

const schemaOf = (row: SchemaRow): SchemaDefinition => ({
  name: row.name,
  version: row.version,
  attributes: json(row.attributes) as SchemaDefinition['attributes'],
  dimensions: json(row.dimensions) as SchemaDefinition['dimensions'],
  filterFields: (json(row.filterFields) ?? []) as readonly string[],
  enrichments: json(row.enrichments) as SchemaDefinition['enrichments'],
  eventIdTemplate: row.eventIdTemplate ?? undefined,
  featureDetails:
    row.featureId === null || row.featureAttribute === null
      ? undefined
      : { featureId: row.featureId, attributeName: row.featureAttribute, name: row.featureName ?? '' },
})

const meterOf = (row: MeterRow): MeterDefinition => ({
  id: row.id,
  name: row.name,
  version: row.version,
  aggregation: row.aggregation,
  filters: json(row.filters) as MeterDefinition['filters'],
  computations: json(row.computations) as MeterDefinition['computations'],
})

const SETTING = sql.raw(
  'its.entity_type as entityType, its.entity_id as entityId, its.namespace as namespace, its.id, its.value, its.data_type as dataType',
)

/**
 * The queries for the remembered data of an organization, as one batch. All settings are read of the entities that schemas name in full,
 * since the case of a namespace does not count.
 */
const queriesOf = (organizationId: string): Statement[] => [
  selectRows(sql`select version from organizations where id = ${organizationId}`),
  selectRows(sql`
    select kind, generation, ledgers, started_at as startedAt, ended_at as endedAt, first_hour as firstHour, last_hour as lastHour
    from ledger_generations where organization_id = ${organizationId} order by generation`),
  selectRows(sql`
    select name, definition_version as version, attributes, dimensions, filter_fields as filterFields, enrichments,
      event_id_template as eventIdTemplate, feature_id as featureId, feature_attribute as featureAttribute,
      (select features.name from features where features.id = event_schemas.feature_id) as featureName
    from event_schemas where organization_id = ${organizationId} and status = 'ACTIVE'`),
  selectRows(sql`
    select id, name, definition_version as version, aggregation, filters, computations, event_schema_name as eventSchemaName
    from usage_meters where organization_id = ${organizationId} and status = 'ACTIVE' order by id`),
  selectRows(sql`
    with keys as (
      select d.value ->> 'key' as key from event_schemas as its, json_each(its.enrichments, '$.dependencies') as d
      where its.organization_id = ${organizationId} and its.status = 'ACTIVE'
    )
    select ${SETTING} from json_each('["ORGANIZATION","EVENT_SCHEMA"]') as type
    cross join settings as its on its.organization_id = ${organizationId} and its.entity_type = type.value
    where exists (select 1 from keys)
    union
    select ${SETTING} from keys cross join settings as its indexed by settings_by_id_string
      on its.organization_id = ${organizationId} and its.id_string = keys.key
    union
    select ${SETTING} from keys cross join json_each('["ACCOUNT","CUSTOMER","INVOICE_GROUP","USAGE_METER"]') as type
    cross join settings as its on its.organization_id = ${organizationId} and its.entity_type = type.value
      and its.entity_id = substr(keys.key, instr(keys.key, '.' || type.value || '.') + length(type.value) + 2)
    where instr(keys.key, '.' || type.value || '.') > 0
    order by namespace`),
  selectRows(sql`select id from named_licenses where organization_id = ${organizationId}`),
]

const readOrganization = async (ctx: Ctx): Promise<OrganizationMemory> => {
  const results = await ctx.session.batch(queriesOf(ctx.organizationId))
  const rows = <Row>(at: number) => (results[at]?.results ?? []) as Row[]
  const [organization] = rows<{ version: number }>(0)
  const generations = rows<Generation & { kind: string }>(1)
  const meters = rows<MeterRow>(3)
  const settings = rows<EntitySetting>(4)
  const schemas = rows<SchemaRow>(2).map((row) =>
    compileSchema(schemaOf(row), meters.filter(({ eventSchemaName }) => eventSchemaName === row.name).map(meterOf)),
  )
  return {
    version: organization?.version ?? 0,
    events: generations.filter(({ kind }) => kind === 'EVENT'),
    accounts: generations.filter(({ kind }) => kind === 'ACCOUNT'),
    schemas: new Map(schemas.map((schema) => [schema.definition.name, schema])),
    meters: new Map(meters.map((row) => [row.id, meterOf(row)])),
    licenses: new Set(rows<{ id: string }>(5).map(({ id }) => id)),
    hasFeatures: schemas.some(({ definition }) => definition.featureDetails !== undefined),
    hasSettings: schemas.some(({ settingKeys }) => settingKeys.length > 0),
    organizationSettings: mapSettings(settings.filter(({ entityType }) => entityType === 'ORGANIZATION')),
    schemaSettings: new Map(
      Map.groupBy(
        settings.filter(({ entityType }) => entityType === 'EVENT_SCHEMA'),
        ({ entityId }) => entityId,
      )
        .entries()
        .map(([name, its]) => [name, mapSettings(its)]),
    ),
    namedSettings: mapFullNames(settings),
    until: ctx.wallClock + REMEMBERED_FOR,
  }
}

/** Returns the remembered data of the caller's organization, or reads it if there is none or its version is below `version`. */
export const recallOrganization = async (ctx: Ctx, version = 0): Promise<OrganizationMemory> => {
  const known = organizations.get(ctx.organizationId)
  if (known && known.until > ctx.wallClock && known.version >= version) return known
  const read = await readOrganization(ctx)
  const [oldest] = organizations.keys()
  if (organizations.size >= MOST_ORGANIZATIONS && oldest !== undefined) organizations.delete(oldest)
  organizations.set(ctx.organizationId, read)
  return read
}
